import { limits, protocol } from '../../schemas/index.js';
import type { Random } from '../base/random.js';
import { headerReader } from '../rpc/index.js';
import { type MessageTypeName, messageTypeNames } from '../schema/index.js';

/**
 * What a rule does to a message that it matches:
 *
 * - `drop`: it never arrives.
 * - `duplicate`: it arrives twice.
 * - `delay`: it arrives `ns` later; what comes behind it waits behind it.
 * - `reorder`: it arrives `ns` later; what comes behind it overtakes it.
 * - `flip`: one bit of it is flipped.
 * - `truncate`: it is cut to `size` bytes, or to any size from 1 to one less than it has.
 * - `hold`: it arrives, but its receiver (RM or the VM) takes nothing for `ns`.
 */
export const faultKinds = ['drop', 'duplicate', 'delay', 'reorder', 'flip', 'truncate', 'hold'] as const;
export type FaultKind = (typeof faultKinds)[number];

/** Which messages a rule is about; what is left out matches everything. */
export interface FaultMatch {
  readonly from?: number;
  readonly to?: number;
  readonly type?: MessageTypeName;
  /** Name of the message in the header; continuations carry it too. */
  readonly message?: string;
  /** 0..1, drawn from the rule's own generator for each message that matches otherwise. */
  readonly probability?: number;
}

export interface FaultRule {
  readonly kind: FaultKind;
  readonly match?: FaultMatch;
  /** For how long, in nanoseconds; 1 ms unless told. */
  readonly ns?: number;
  /** `truncate`: bytes that are left. */
  readonly size?: number;
  /** Times that the rule acts; without end unless told. */
  readonly limit?: number;
}

/** What a rule has met and done. */
export interface FaultCount {
  readonly rule: FaultRule;
  /** Messages that matched, probability aside. */
  matched: number;
  /** Messages that it acted on. */
  applied: number;
}

/** What becomes of a message. */
export interface Verdict {
  /** What arrives: nothing, or the message as changed or not, once or twice. */
  readonly frames: readonly Uint8Array[];
  /** How much later than usual, in nanoseconds. */
  readonly delayNs: number;
  /** What comes behind it may arrive before it. */
  readonly overtaken: boolean;
  /** For how long its receiver takes nothing, in nanoseconds. */
  readonly holdNs: number;
}

const DEFAULT_NS = 1_000_000;
const header = headerReader(protocol);

interface Active extends FaultCount {
  readonly random: Random;
}

/** Ordered fault rules: the first one that matches a message decides alone. Counts stay when rules are taken away. */
export class Faults {
  readonly #random: Random;
  readonly #all: Active[] = [];
  #active: Active[] = [];

  readonly #onApplied: (rule: FaultRule, from: number, to: number, frame: Uint8Array) => void;

  /** @param onApplied told of each message that a rule acts on. */
  constructor(
    random: Random,
    onApplied: (rule: FaultRule, from: number, to: number, frame: Uint8Array) => void,
  ) {
    this.#onApplied = onApplied;
    this.#random = random;
  }

  /** Adds a rule behind the others. */
  add(rule: FaultRule): void {
    const active = { rule, matched: 0, applied: 0, random: this.#random.child(this.#all.length) };
    this.#all.push(active);
    this.#active.push(active);
  }

  /** No rule acts any more. */
  clear(): void {
    this.#active = [];
  }

  /** All rules ever added, in order. */
  get counts(): readonly FaultCount[] {
    return this.#all;
  }

  /** @returns undefined: no rule acts, the message arrives as usual. */
  judge(from: number, to: number, frame: Uint8Array): Verdict | undefined {
    for (const active of this.#active) {
      const { rule, random } = active;
      if (active.applied === rule.limit || !matches(rule.match ?? {}, from, to, frame)) continue;
      active.matched++;
      const { probability } = rule.match ?? {};
      if (probability !== undefined && !random.chance(probability)) continue;
      active.applied++;
      this.#onApplied(rule, from, to, frame);
      return verdict(rule, frame, random);
    }
    return undefined;
  }
}

function matches(match: FaultMatch, from: number, to: number, frame: Uint8Array): boolean {
  if (match.from !== undefined && match.from !== from) return false;
  if (match.to !== undefined && match.to !== to) return false;
  if (match.type === undefined && match.message === undefined) return true;
  if (frame.byteLength < limits.header) return false;
  const { type, msg_id } = header.read(new DataView(frame.buffer, frame.byteOffset, frame.byteLength), 0);
  if (match.type !== undefined && messageTypeNames[type] !== match.type) return false;
  return match.message === undefined || protocol.byId.get(msg_id)?.name === match.message;
}

function verdict(rule: FaultRule, frame: Uint8Array, random: Random): Verdict {
  const ns = rule.ns ?? DEFAULT_NS;
  const usual: Verdict = { frames: [frame], delayNs: 0, overtaken: false, holdNs: 0 };
  switch (rule.kind) {
    case 'drop':
      return { ...usual, frames: [] };
    case 'duplicate':
      return { ...usual, frames: [frame, frame] };
    case 'delay':
      return { ...usual, delayNs: ns };
    case 'reorder':
      return { ...usual, delayNs: ns, overtaken: true };
    case 'hold':
      return { ...usual, holdNs: ns };
    case 'flip':
      return { ...usual, frames: [flipped(frame, random)] };
    case 'truncate': {
      const size = rule.size ?? 1 + random.below(Math.max(1, frame.byteLength - 1));
      return { ...usual, frames: [frame.slice(0, size)] };
    }
  }
}

function flipped(frame: Uint8Array, random: Random): Uint8Array {
  const copy = frame.slice();
  if (copy.byteLength === 0) return copy;
  const bit = random.below(copy.byteLength * 8);
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
