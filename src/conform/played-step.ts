import { protocol } from '../../schemas/index.js';
import { parseHex } from '../base/hex.js';
import { isLine, type Line } from '../base/line-readers.js';
import { linePackets } from '../capture/ndjson/index.js';
import type { CaptureRecord } from '../capture/records/index.js';
import { readOperation } from '../machine/index.js';
import { decodeMessages, type KnownValues, recordKeys, withValues } from '../sim/index.js';
import type { Response, Step } from '../target/index.js';
import type { CaseStep, Expectation } from './case.js';

const { VMID_HLOS = 3, VMID_RM = 255 } = protocol.constants;
/** Keys that say when a message was seen, not what it is. */
const CAPTURE_KEYS = new Set([
  'no',
  'frame',
  'frames',
  'time',
  'times',
  'request',
  'latency_ns',
  'sizes',
  'duplicate_of',
]);

/** What a step puts to the target. */
export interface PreparedStep {
  readonly from: number;
  readonly steps: readonly Step[];
  /** Keys that the reply to the step must have. */
  readonly reply: Line;
}

/** A step with the values that the case has learnt, ready to be sent. @param seq of the next request. */
export function prepare(step: CaseStep, known: KnownValues, seq: number): PreparedStep {
  const {
    from = VMID_HLOS,
    message,
    frames = [],
    operation,
  } = withValues(
    { from: step.from, message: step.message, frames: step.frames, operation: step.operation },
    known,
  ) as { from?: number; message?: Line; frames?: readonly string[]; operation?: Line };
  if (operation !== undefined)
    return { from, steps: [readOperation(operation, () => undefined) as Step], reply: {} };
  const bytes =
    message === undefined
      ? frames.map((hex) => parseHex(hex) as Uint8Array)
      : linePackets(protocol, { from, to: VMID_RM, type: 'request', seq, ...message }).map(
          (packet) => packet.bytes,
        );
  const steps = bytes.map((frame): Step => ({ kind: 'frame', from, frame }));
  const { name, id } = message ?? {};
  const reply =
    message === undefined ? {} : { ...(name === undefined ? { id } : { name }), seq: message.seq ?? seq };
  return { from, steps, reply };
}

/** A message of the manager, as data and as bytes. */
export interface Side {
  readonly to: number;
  readonly keys: Line;
  /** Queue messages; none where the keys do not say all of them. */
  readonly frames: readonly Uint8Array[];
}

/** A message that a step expects. */
export interface ExpectedSide {
  readonly to: number;
  readonly isOptional: boolean;
  readonly keys: Line;
}

/** The messages that VMs got during a step. @param sent what the step put, which decides the layout of some replies. */
export function messagesIn(prepared: PreparedStep, responses: readonly Response[]): readonly Side[] {
  const sent = prepared.steps.flatMap((step) =>
    step.kind === 'frame' ? [{ from: step.from, to: VMID_RM, frame: step.frame }] : [],
  );
  const out = responses.flatMap((response) => response.out.map((item) => ({ from: VMID_RM, ...item })));
  const all = [...sent, ...out];
  return decodeMessages(all)
    .filter(({ from }) => from === VMID_RM)
    .map((record) => ({
      to: record.to,
      keys: keysOf(record),
      frames: record.packets.map(({ frame }) => all[frame - 1]?.frame as Uint8Array),
    }));
}

function keysOf(record: CaptureRecord): Line {
  return Object.fromEntries(Object.entries(recordKeys(record)).filter(([key]) => !CAPTURE_KEYS.has(key)));
}

/** The messages that a step expects, whole. */
export function expectedSides(
  step: CaseStep,
  prepared: PreparedStep,
  known: KnownValues,
): readonly ExpectedSide[] {
  const { expect } = step;
  const list: readonly Expectation[] = typeof expect === 'string' ? [{ error: expect }] : expect;
  return list.map((item) => {
    const { isOptional = false, ...rest } = item;
    const { to = prepared.from, ...keys } = withValues(rest, known) as { to?: number } & Line;
    const isReply = keys.type === undefined || keys.type === 'reply';
    const own = isReply && to === prepared.from ? prepared.reply : {};
    return { to, isOptional, keys: { type: 'reply', ...own, ...keys } };
  });
}

/** An expected message, and its bytes as far as they are known. Keys that the case does not say are those of `actual`. */
export function withFrames(
  expected: { readonly to: number; readonly keys: Line },
  actual: Side | undefined,
): Side {
  const { to } = expected;
  const isSame = actual?.keys.name === expected.keys.name && actual?.keys.type === expected.keys.type;
  const { issues: _issues, raw: _raw, ...base } = isSame ? (actual?.keys ?? {}) : {};
  const isError = expected.keys.error !== undefined && expected.keys.error !== 'OK';
  const { payload: _payload, rest: _rest, ...errorBase } = base;
  const keys = merged(isError ? errorBase : base, expected.keys);
  try {
    return {
      to,
      keys,
      frames: linePackets(protocol, { from: VMID_RM, to, ...keys }).map(({ bytes }) => bytes),
    };
  } catch {
    return { to, keys, frames: [] };
  }
}

function merged(base: Line, over: Line): Line {
  const all: Record<string, unknown> = { ...base };
  for (const [key, value] of Object.entries(over)) {
    const before = all[key];
    all[key] = isLine(value) && isLine(before) ? merged(before, value) : value;
  }
  return all;
}
