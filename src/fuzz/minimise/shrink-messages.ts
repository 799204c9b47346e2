import { constants, limits, protocol } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { annotate, codecOf } from '../../codec/index.js';
import { writeFrame } from '../../rpc/index.js';
import { MessageType, payloadOf } from '../../schema/index.js';
import { headerOf, type TargetTask } from '../../target/index.js';
import { ListType, StructType, type Values } from '../../wire/index.js';
import type { BoundStep } from '../play/id-binding.js';
import { type Attempt, type Session, withStep } from './pass.js';

/** Byte offset of the sequence number in a queue message. */
const SEQ_OFFSET = 2;

/** Shortens messages: fewer entries in their lists, then fewer bytes at their ends. */
export function* shrinkMessages(session: Session, attempt: Attempt): TargetTask<Session> {
  let current = session;
  for (let index = 0; index < current.length; index++) {
    for (const shorten of [shorterLists, cutEnds]) {
      for (;;) {
        const smaller = yield* firstThatFails(current, index, shorten, attempt);
        if (smaller === undefined) break;
        current = smaller;
      }
    }
  }
  return current;
}

function* firstThatFails(
  session: Session,
  index: number,
  shorten: (frame: Uint8Array) => Iterable<Uint8Array>,
  attempt: Attempt,
): TargetTask<Session | undefined> {
  const bound = session[index];
  if (bound?.step.kind !== 'frame' || headerOf(bound.step.frame) === undefined) return undefined;
  for (const frame of shorten(bound.step.frame)) {
    const smaller = yield* attempt(withStep(session, index, withFrame(bound, frame)));
    if (smaller !== undefined) return smaller;
  }
  return undefined;
}

/** Keeps the bindings that still fit: of the sender, and of ids in front of the first changed byte. */
function withFrame({ step, number, uses }: BoundStep, frame: Uint8Array): BoundStep {
  if (step.kind !== 'frame') return { step, number, uses };
  const kept = uses.filter(({ at, size }) => at === 'vm' || sameBytes(step.frame, frame, at + size));
  return { step: { ...step, frame }, number, uses: kept };
}

function sameBytes(one: Uint8Array, other: Uint8Array, size: number): boolean {
  if (size > other.byteLength) return false;
  for (let at = limits.header; at < size; at++) if (one[at] !== other[at]) return false;
  return true;
}

/** Half the entries of each list, and one entry less. For requests in one queue message. */
function* shorterLists(frame: Uint8Array): Generator<Uint8Array> {
  const header = headerOf(frame);
  if (header?.type !== MessageType.request || header.fragments !== 0) return;
  const layout = payloadOf(protocol.byId.get(header.msg_id), header.type);
  if (!(layout instanceof StructType)) return;
  const codec = codecOf(layout);
  const value = codec.tryDecode(viewOf(frame), limits.header, frame.byteLength) as Values | undefined;
  if (value === undefined) return;
  for (const field of layout.fields) {
    const list = value[field.name];
    if (!(field.type instanceof ListType) || !Array.isArray(list) || list.length === 0) continue;
    for (const size of new Set([list.length >> 1, list.length - 1]))
      for (const shorter of [list.slice(0, size), list.slice(list.length - size)]) {
        const payload = codec.toBytes({ ...value, [field.name]: shorter });
        yield writeFrame(protocol, header, payload, 0, payload.byteLength);
      }
  }
}

/** Cuts off the whole payload, half of it, a quarter, ... one byte. */
function* cutEnds(frame: Uint8Array): Generator<Uint8Array> {
  for (let cut = frame.byteLength - limits.header; cut > 0; cut >>= 1)
    yield frame.subarray(0, frame.byteLength - cut);
}

/** Numbers requests from 0, makes HLOS the sender where possible, and sets single fields to zero. */
export function* simplifyValues(session: Session, attempt: Attempt): TargetTask<Session> {
  let current = (yield* attempt(renumbered(session))) ?? session;
  for (let index = 0; index < current.length; index++) current = yield* fromHlos(current, index, attempt);
  for (let index = 0; index < current.length; index++) {
    const { step } = current[index] as BoundStep;
    if (step.kind !== 'frame') continue;
    for (const [start, end] of valuesOf(step.frame)) {
      const bound = current[index];
      if (bound?.step.kind !== 'frame') break;
      const frame = bound.step.frame.slice();
      frame.fill(0, start, end);
      const uses = bound.uses.filter(({ at }) => at === 'vm' || at < start || at >= end);
      const simpler = { ...bound, step: { ...bound.step, frame }, uses };
      current = (yield* attempt(withStep(current, index, simpler))) ?? current;
    }
  }
  return current;
}

function* fromHlos(session: Session, index: number, attempt: Attempt): TargetTask<Session> {
  const bound = session[index];
  if (bound?.step.kind !== 'frame' || bound.step.from === constants.VMID_HLOS) return session;
  const uses = bound.uses.filter(({ at }) => at !== 'vm');
  const other = { ...bound, step: { ...bound.step, from: constants.VMID_HLOS }, uses };
  return (yield* attempt(withStep(session, index, other))) ?? session;
}

/** Byte ranges [start, end) of the fields of a queue message that are not zero. */
function valuesOf(frame: Uint8Array): readonly (readonly [number, number])[] {
  const header = headerOf(frame);
  if (header === undefined) return [];
  const layout = payloadOf(protocol.byId.get(header.msg_id), header.type);
  return annotate(layout, frame.subarray(limits.header))
    .ranges.map(({ start, end }) => [start + limits.header, end + limits.header] as const)
    .filter(([start, end]) => frame.subarray(start, end).some((byte) => byte !== 0));
}

function renumbered(session: Session): Session {
  const latest = new Map<number, number>();
  return session.map((bound) => {
    const { step } = bound;
    const type = step.kind === 'frame' ? headerOf(step.frame)?.type : undefined;
    if (step.kind !== 'frame' || type === undefined) return bound;
    const seq = (latest.get(step.from) ?? -1) + (type === MessageType.continuation ? 0 : 1);
    latest.set(step.from, seq);
    const frame = step.frame.slice();
    viewOf(frame).setUint16(SEQ_OFFSET, seq, true);
    return { ...bound, step: { ...step, frame } };
  });
}
