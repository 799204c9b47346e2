import { protocol } from '../../schemas/index.js';
import { viewOf } from '../../src/base/bytes.js';
import { WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { Random } from '../../src/base/random.js';
import { detectFormat, openReader } from '../../src/capture/input/index.js';
import { ndjsonReader, recordLine } from '../../src/capture/ndjson/index.js';
import { Assembler } from '../../src/capture/records/index.js';
import { annotate, codecOf } from '../../src/codec/index.js';
import { parseFdt, sourceOf, writeFdt } from '../../src/devicetree/index.js';
import { FindingReader } from '../../src/fuzz/findings/read.js';
import { platforms } from '../../src/rm/index.js';
import { decodeMessage, Reassembler, rmRules, rulesByName } from '../../src/rpc/index.js';
import { payloadOf } from '../../src/schema/index.js';
import { LiveManager, RecordSplitter } from '../../src/serve/index.js';
import { headerOf } from '../../src/target/index.js';

/** A part of this project that takes bytes from outside: whatever they are, nothing but a WireError comes of them. */
export type OwnTarget = (bytes: Uint8Array) => void;

const nothing = (): void => {};

/** Queue messages one after the other, as the files of a corpus have them. */
function framesOf(bytes: Uint8Array): Uint8Array[] {
  const { queue_message: size } = protocol.limits;
  return Array.from({ length: Math.ceil(bytes.length / size) }, (_, index) =>
    bytes.slice(index * size, (index + 1) * size),
  );
}

function reassembly(bytes: Uint8Array): void {
  const sink = { message: nothing, part: nothing, abandoned: nothing, stray: nothing, malformed: nothing };
  for (const rules of Object.values(rulesByName)) {
    const reassembler = new Reassembler(protocol, sink, rules);
    for (const frame of framesOf(bytes)) reassembler.receive(viewOf(frame), 0, frame.length);
    reassembler.abandon();
  }
}

function decode(bytes: Uint8Array): void {
  decodeMessage(protocol, framesOf(bytes));
}

/** Explains the bytes as every part of the message; ranges must cover them exactly. */
function annotated(bytes: Uint8Array): void {
  const header = headerOf(bytes);
  const message = header && protocol.byId.get(header.msg_id);
  const payload = bytes.subarray(protocol.limits.header);
  for (const type of [1, 2, 3])
    for (const error of [0, 1]) {
      const layout = payloadOf(message, type, error);
      const { ranges } = annotate(layout, payload);
      let at = 0;
      for (const { start, end } of ranges) {
        if (start !== at || end < start) throw new Error(`range ${start}..${end} behind ${at}`);
        at = end;
      }
      if (at !== payload.length) throw new Error(`${at} of ${payload.length} bytes are explained`);
      if (layout !== undefined) codecOf(layout).tryDecode(viewOf(payload), 0, payload.length);
    }
}

/** What is decoded from a capture comes back. */
function capture(bytes: Uint8Array): void {
  const format = detectFormat(bytes);
  if (format === undefined) return;
  const before: string[] = [];
  const after: string[] = [];
  const lines: string[] = [];
  const assembler = new Assembler({
    protocol,
    rules: rmRules,
    record: (item) => lines.push(recordLine(protocol, item)),
  });
  const take = (packet: Parameters<Assembler['packet']>[0]) => {
    before.push(formatHex(packet.data, packet.start, packet.end));
    assembler.packet(packet);
  };
  const reader =
    format === 'ndjson' ? ndjsonReader(protocol, take) : openReader(protocol, format, take, nothing);
  reader.push(bytes);
  reader.end();
  assembler.end();
  const back = ndjsonReader(protocol, ({ data, start, end }) => after.push(formatHex(data, start, end)));
  try {
    back.push(new TextEncoder().encode(lines.join('')));
    back.end();
  } catch (error) {
    // What we have written ourselves must be right.
    throw new Error(`encode refuses what decode has printed: ${(error as Error).message}`);
  }
  if (before.join() !== after.join()) throw new Error('decode and encode do not give back the packets');
}

/** The bytes as they come over a socket, to a manager that is booted again when it dies. */
function serve(bytes: Uint8Array): void {
  const live = new LiveManager({
    platform: platforms.native,
    careful: bytes.length % 2 === 0,
    memory: [],
    rebootOnPanic: true,
    onPanic: nothing,
    onMessage: nothing,
  });
  const outlet = { send: () => true };
  new RecordSplitter((from, to, message) => live.receive(outlet, from, to, message)).push(bytes);
  for (const frame of framesOf(bytes)) live.receive(outlet, 3, 255, frame);
}

/** A tree that can be read can be written, and reads the same again. */
function devicetree(bytes: Uint8Array): void {
  const tree = sourceOf(parseFdt(bytes));
  const again = sourceOf(parseFdt(writeFdt(tree)));
  if (JSON.stringify(again) !== JSON.stringify(tree)) throw new Error('another tree comes back');
}

function finding(bytes: Uint8Array): void {
  const lines = new TextDecoder().decode(bytes).split('\n');
  const reader = new FindingReader(() => new Uint8Array(0));
  for (const line of lines) {
    let value: unknown;
    try {
      value = JSON.parse(line);
    } catch {
      // No line of a recording.
      continue;
    }
    reader.line(value);
  }
  reader.end();
}

export const ownTargets: Readonly<Record<string, OwnTarget>> = {
  reassembly,
  decode,
  annotate: annotated,
  capture,
  serve,
  devicetree,
  finding,
};

/** What is wrong with a target on an input, undefined when nothing is. */
export function failure(target: OwnTarget, bytes: Uint8Array): string | undefined {
  try {
    target(Uint8Array.from(bytes));
    return undefined;
  } catch (error) {
    if (error instanceof WireError) return undefined;
    const { name, message, stack = '' } = error as Error;
    return `${name}: ${message.replace(/\d+/g, '#')} ${/at (\S+)/.exec(stack)?.[1]}`;
  }
}

/** An input on which something went wrong, made small. */
export interface Crasher {
  readonly what: string;
  readonly bytes: Uint8Array;
}

/** Puts changed inputs to a target. @returns the smallest input found for each thing that goes wrong. */
export function fuzzOwn(
  target: OwnTarget,
  inputs: readonly Uint8Array[],
  runs: number,
  seed: number,
): Crasher[] {
  const random = new Random(seed, 'own');
  const found = new Map<string, Crasher>();
  for (let run = 0; run < runs; run++) {
    const bytes = changed(random, inputs);
    const what = failure(target, bytes);
    if (what !== undefined && !found.has(what))
      found.set(what, { what, bytes: smallest(target, bytes, what) });
  }
  return [...found.values()];
}

const edges = [0, 1, 0x7f, 0x80, 0xfe, 0xff] as const;

function changed(random: Random, inputs: readonly Uint8Array[]): Uint8Array {
  const pick = () => inputs[random.below(inputs.length)] as Uint8Array;
  let bytes: Uint8Array = pick().slice();
  for (let count = random.below(5); count > 0; count--) {
    const at = random.below(bytes.length + 1);
    const size = random.below(1 + Math.min(16, bytes.length - at));
    const rest = bytes.subarray(at + size);
    switch (random.below(6)) {
      case 0:
        if (at < bytes.length) bytes[at] = (bytes[at] as number) ^ (1 << random.below(8));
        break;
      case 1:
        bytes.fill(edges[random.below(edges.length)] as number, at, at + size);
        break;
      case 2:
        bytes = concat(bytes.subarray(0, at), rest);
        break;
      case 3:
        bytes = concat(bytes.subarray(0, at + size), bytes.subarray(at, at + size), rest);
        break;
      case 4:
        bytes = bytes.slice(0, at);
        break;
      default:
        bytes = concat(bytes.subarray(0, at), pick().subarray(random.below(64)));
    }
  }
  return bytes;
}

function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(parts.reduce((size, part) => size + part.length, 0));
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    at += part.length;
  }
  return bytes;
}

/** Without what is not needed for the same to go wrong: runs of bytes, ever smaller ones, then values. */
function smallest(target: OwnTarget, input: Uint8Array, what: string): Uint8Array {
  let bytes = input;
  const attempt = (smaller: Uint8Array) => {
    if (failure(target, smaller) !== what) return false;
    bytes = smaller;
    return true;
  };
  for (let size = bytes.length >> 1; size > 0; size >>= 1)
    for (let at = bytes.length - size; at >= 0; at -= size)
      attempt(concat(bytes.subarray(0, at), bytes.subarray(at + size)));
  for (let at = 0; at < bytes.length; at++) {
    if (bytes[at] === 0) continue;
    const simpler = bytes.slice();
    simpler[at] = 0;
    attempt(simpler);
  }
  return bytes;
}
