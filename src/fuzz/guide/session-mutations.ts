import { limits, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import type { Random } from '../../base/random.js';
import { annotate } from '../../codec/index.js';
import { payloadOf } from '../../schema/index.js';
import { headerOf } from '../../target/index.js';
import type { BoundStep } from '../play/id-binding.js';

export type Session = readonly BoundStep[];

/** What new sessions are made with, besides the seed. */
export interface Material {
  readonly random: Random;
  /** Another seed. */
  readonly other: () => Session;
  /** Values that the target has compared something with. */
  readonly operands: readonly number[];
}

/** Most changes of one session. */
const CHANGES_MAX = 6;
/** Most messages of a session. */
const STEPS_MAX = 1200;
/** Numbers of steps of a second session are made higher than any of the first. */
const NUMBERS_APART = 1 << 20;
/** Values at the borders of integers. */
const BORDERS: readonly number[] = [
  0, 1, 2, 3, 4, 7, 8, 15, 16, 31, 32, 63, 64, 127, 128, 255, 256, 0xfff, 0x1000,
].concat([0x7fff, 0x8000, 0xffff, 0x10000, 0x7fffffff, 0x80000000, 0xfffffffe, 0xffffffff]);

type Change = (session: Session, material: Material) => Session;

/** Changes of whole sessions: what is sent, and in which order. */
const orders: readonly Change[] = [
  // Cut.
  (session, { random }) => session.slice(0, 1 + random.below(session.length)),
  // Without a run of steps.
  (session, { random }) => {
    const start = random.below(session.length);
    const end = start + 1 + random.below(4);
    return session.filter((_, index) => index < start || index >= end);
  },
  // A run of steps twice.
  (session, { random }) => {
    const start = random.below(session.length);
    const end = start + 1 + random.below(4);
    return [...session.slice(0, end), ...session.slice(start, end), ...session.slice(end)];
  },
  // One step later.
  (session, { random }) => {
    const from = random.below(session.length);
    const to = random.below(session.length);
    const moved = [...session];
    moved.splice(to, 0, ...moved.splice(from, 1));
    return moved;
  },
];

/** Changes that bring in another session. */
const splices: readonly Change[] = [
  // The end of another.
  (session, { random, other }) => {
    const tail = apart(other());
    return [...session.slice(0, 1 + random.below(session.length)), ...tail.slice(random.below(tail.length))];
  },
  // Some steps of another.
  (session, { random, other }) => {
    const from = apart(other());
    const start = random.below(from.length);
    const at = random.below(session.length + 1);
    return [...session.slice(0, at), ...from.slice(start, start + 1 + random.below(8)), ...session.slice(at)];
  },
];

/** A session made from a seed. It is never empty. */
export function mutateSession(seed: Session, material: Material): Session {
  const { random } = material;
  let session = seed;
  for (let left = 1 + random.below(CHANGES_MAX); left > 0; left--) {
    const kinds = random.below(10);
    const change = kinds < 6 ? changeMessage : any(random, kinds < 8 ? orders : splices);
    const changed = change(session, material);
    if (changed.length > 0) session = changed.slice(0, STEPS_MAX);
  }
  return session;
}

/** Changes one message, rather a late one: the steps before it lead to where it matters. */
function changeMessage(session: Session, material: Material): Session {
  const { random } = material;
  const back = random.chance(0.7) ? Math.min(session.length, 16) : session.length;
  const at = session.length - 1 - random.below(back);
  const bound = session[at] as BoundStep;
  if (bound.step.kind !== 'frame') return session;
  const { frame } = bound.step;
  const [changed, start, end] = random.chance(0.75)
    ? changeField(frame, material)
    : changeLength(frame, random);
  const uses = bound.uses.filter(({ at: use, size }) => use === 'vm' || use + size <= start || use >= end);
  const replaced = { ...bound, step: { ...bound.step, frame: changed }, uses };
  return [...session.slice(0, at), replaced, ...session.slice(at + 1)];
}

type Changed = readonly [frame: Uint8Array, start: number, end: number];

/** Another value in one field of the layout, or in any bytes of what has no layout. */
function changeField(frame: Uint8Array, { random, operands }: Material): Changed {
  const fields = fieldsOf(frame);
  if (fields.length === 0) return changeLength(frame, random);
  const [start, end] = any(random, fields);
  const changed = frame.slice();
  const width = Math.min(end - start, 8);
  const view = viewOf(changed);
  const before = width >= 4 ? view.getUint32(start, true) : (changed[start] as number);
  const value = newValue(before, random, operands);
  for (let index = 0; index < width; index++) {
    const byte =
      index < 4 ? (value >>> (8 * index)) & 0xff : Math.floor(value / 2 ** 32) >>> (8 * (index - 4));
    changed[start + index] = byte;
  }
  return [changed, start, end];
}

function newValue(before: number, random: Random, operands: readonly number[]): number {
  const kind = random.below(8);
  if (kind < 3 && operands.length > 0) return any(random, operands) + (kind === 0 ? random.below(3) - 1 : 0);
  if (kind < 5) return any(random, BORDERS);
  if (kind === 5) return before + random.below(9) - 4;
  return kind === 6 ? (before ^ (1 << random.below(32))) >>> 0 : random.u32();
}

/** Shorter, or longer by bytes of any value. */
function changeLength(frame: Uint8Array, random: Random): Changed {
  const { header, queue_message: sizeMax } = limits;
  const size =
    header + random.below(random.chance(0.5) ? Math.max(1, frame.length - header) : sizeMax - header + 1);
  const changed = new Uint8Array(size);
  changed.set(frame.subarray(0, size));
  for (let at = frame.length; at < size; at++) changed[at] = random.below(256);
  return [changed, size, Number.POSITIVE_INFINITY];
}

function fieldsOf(frame: Uint8Array): readonly (readonly [start: number, end: number])[] {
  const header = headerOf(frame);
  if (header === undefined) return [];
  const layout = payloadOf(protocol.byId.get(header.msg_id), header.type);
  return annotate(layout, frame.subarray(limits.header)).ranges.map(
    ({ start, end }) => [start + limits.header, end + limits.header] as const,
  );
}

/** A session whose steps have other numbers, so that it fits behind another one. */
function apart(session: Session): Session {
  return session.map(({ step, number, uses }) => ({
    step,
    number: number + NUMBERS_APART,
    uses: uses.map((use) => ({ ...use, allocator: use.allocator + NUMBERS_APART })),
  }));
}

function any<T>(random: Random, list: readonly T[]): T {
  return list[random.below(list.length)] as T;
}
