import { protocol } from '../../schemas/index.js';
import { viewOf } from '../../src/base/bytes.js';
import { WireError } from '../../src/base/error.js';
import { annotate, codecOf } from '../../src/codec/index.js';
import { Reassembler, rulesByName } from '../../src/rpc/index.js';
import { type Header, MessageType, payloadOf } from '../../src/schema/index.js';
import { type AnyType, type Values, VariantType } from '../../src/wire/index.js';
import { Random } from '../random.js';
import { Mutator, recordedFrames } from './mutate.js';

/** What became of the frames of a run. */
export interface Tally {
  /** Queue messages by their end under each set of rules: message, part, stray, malformed; and messages given up. */
  readonly ends: Record<'message' | 'part' | 'stray' | 'malformed' | 'abandoned', number>;
  /** Messages by what decoding gave. */
  decoded: number;
  refused: number;
  /** Payload bytes, and those of them that ranges cover. */
  bytes: number;
  covered: number;
  /** Layouts of which something decoded. */
  readonly layouts: Set<AnyType>;
}

export const ruleSets = Object.values(rulesByName);

/**
 * Sends `count` random and mutated queue messages through reassembly by each set of rules, decoding and annotation.
 * Whatever is thrown but WireError passes through, and so does an Error where ranges do not cover all bytes, or the
 * generated code and annotate disagree.
 */
export function runMutated(count: number, seed: number): Tally {
  const random = new Random(seed);
  const ids = protocol.messages.map(({ id }) => id);
  const mutator = new Mutator(random, recordedFrames(), ids);
  const ends = { message: 0, part: 0, stray: 0, malformed: 0, abandoned: 0 };
  const tally: Tally = { ends, decoded: 0, refused: 0, bytes: 0, covered: 0, layouts: new Set() };
  const sinkOf = (isFirst: boolean) => ({
    message(header: Header, view: DataView, start: number, end: number) {
      ends.message++;
      // A message of one packet is the same under all rules.
      if (isFirst || header.fragments > 0) examine(tally, random, header, view, start, end);
    },
    part: () => void ends.part++,
    abandoned: () => void ends.abandoned++,
    stray: () => void ends.stray++,
    malformed: () => void ends.malformed++,
  });
  const expects = (seq: number) => seq % 3 > 0;
  const receivers = ruleSets.map(
    (rules, index) => new Reassembler(protocol, sinkOf(index === 0), rules, expects),
  );
  for (let sent = 0; sent < count; sent++) {
    const frame = mutator.frame();
    const view = viewOf(frame);
    for (const receiver of receivers) receiver.receive(view, 0, frame.length);
  }
  for (const receiver of receivers) receiver.abandon();
  return tally;
}

function examine(
  tally: Tally,
  random: Random,
  { type, msg_id }: Header,
  view: DataView,
  start: number,
  end: number,
): void {
  const isReply = type === MessageType.reply;
  if (isReply && end - start < 4) return;
  const error = isReply ? view.getUint32(start, true) : undefined;
  const from = isReply ? start + 4 : start;
  const layout = payloadOf(protocol.byId.get(msg_id), type, error);
  if (layout === undefined) return;
  const request = layout instanceof VariantType ? { [layout.field]: random.below(4) } : undefined;
  const decoded = decode(layout, view, from, end, request);
  if (decoded) tally.decoded++;
  else tally.refused++;
  if (decoded) tally.layouts.add(layout);
  const bytes = new Uint8Array(view.buffer, view.byteOffset + from, end - from);
  const { ranges, issues } = annotate(layout, bytes, request);
  let covered = 0;
  for (const range of ranges) {
    if (range.start !== covered || range.end <= covered)
      throw new Error(`range at ${range.start} after ${covered}`);
    covered = range.end;
  }
  tally.bytes += bytes.length;
  tally.covered += covered;
  if (decoded !== issues.every(({ code }) => code === 'max')) throw new Error('annotate and decode disagree');
}

function decode(layout: AnyType, view: DataView, start: number, end: number, request?: Values): boolean {
  try {
    codecOf(layout).decode(view, start, end, request);
    return true;
  } catch (error) {
    if (error instanceof WireError) return false;
    throw error;
  }
}
