import { limits, protocol } from '../../schemas/index.js';
import { viewOf } from '../base/bytes.js';
import type { Random } from '../base/random.js';
import { headerReader } from '../rpc/index.js';
import { type MessageTypeName, messageTypeNames } from '../schema/index.js';

/** What happens to a message that a rule acts on. */
export interface Verdict {
  /** What arrives: nothing, or the message as changed or not, once or twice. */
  readonly frames: readonly Uint8Array[];
  /** How much later than usual, in nanoseconds. */
  readonly delayNs: number;
  /** Later messages may arrive before it. */
  readonly overtaken: boolean;
  /** For how long its receiver takes nothing, in nanoseconds. */
  readonly holdNs: number;
}

/** The numbers of a rule that its effect uses. */
interface FaultSize {
  /** For how long, in nanoseconds. */
  readonly ns: number;
  /** Bytes that are left. */
  readonly size: number | undefined;
}

interface FaultEffect {
  /** What happens to the message, for people. */
  readonly help: string;
  /** How the verdict differs from that of a message without a fault. */
  readonly apply: (frame: Uint8Array, size: FaultSize, random: Random) => Partial<Verdict>;
}

/** What a rule can do to a message that it matches. */
export const faultEffects = {
  drop: { help: 'never arrives', apply: () => ({ frames: [] }) },
  duplicate: { help: 'arrives twice', apply: (frame) => ({ frames: [frame, frame] }) },
  delay: {
    help: 'arrives "ns" later; later messages wait behind it',
    apply: (_, { ns }) => ({ delayNs: ns }),
  },
  reorder: {
    help: 'arrives "ns" later; later messages overtake it',
    apply: (_, { ns }) => ({ delayNs: ns, overtaken: true }),
  },
  flip: {
    help: 'arrives with one bit flipped',
    apply: (frame, _, random) => ({ frames: [flipped(frame, random)] }),
  },
  truncate: {
    help: 'is cut to "size" bytes, or to any size from 1 to one less than it has',
    apply: (frame, { size }, random) => ({
      frames: [frame.slice(0, size ?? 1 + random.below(Math.max(1, frame.byteLength - 1)))],
    }),
  },
  hold: {
    help: 'arrives, but its receiver (RM or the VM) takes nothing for "ns"',
    apply: (_, { ns }) => ({ holdNs: ns }),
  },
} satisfies Readonly<Record<string, FaultEffect>>;

export type FaultKind = keyof typeof faultEffects;
export const faultKinds = Object.keys(faultEffects) as readonly FaultKind[];

/** Messages that a rule applies to. A key that is left out matches everything. */
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
  /** For how long, in nanoseconds; 1 ms by default. */
  readonly ns?: number;
  /** `truncate`: bytes that are left. */
  readonly size?: number;
  /** How many messages the rule acts on at most; any number by default. */
  readonly limit?: number;
}

/** How often a rule has matched and acted. */
export interface FaultCount {
  readonly rule: FaultRule;
  /** Messages that matched, probability aside. */
  matched: number;
  /** Messages that it acted on. */
  applied: number;
}

const DEFAULT_NS = 1_000_000;
const header = headerReader(protocol);

interface Active extends FaultCount {
  readonly random: Random;
}

/** Fault rules in order: only the first that matches a message acts on it. Counts are kept when rules are removed. */
export class Faults {
  readonly #random: Random;
  readonly #all: Active[] = [];
  #active: Active[] = [];

  readonly #onApplied: (rule: FaultRule, from: number, to: number, frame: Uint8Array) => void;

  /** @param onApplied called for each message that a rule acts on. */
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

  /** Removes all rules. */
  clear(): void {
    this.#active = [];
  }

  /** All rules ever added, in order. */
  get counts(): readonly FaultCount[] {
    return this.#all;
  }

  /** @returns undefined when no rule acts and the message arrives as usual. */
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
  const { type, msg_id } = header.read(viewOf(frame), 0);
  if (match.type !== undefined && messageTypeNames[type] !== match.type) return false;
  return match.message === undefined || protocol.byId.get(msg_id)?.name === match.message;
}

function verdict(rule: FaultRule, frame: Uint8Array, random: Random): Verdict {
  const usual: Verdict = { frames: [frame], delayNs: 0, overtaken: false, holdNs: 0 };
  const effect: FaultEffect = faultEffects[rule.kind];
  return { ...usual, ...effect.apply(frame, { ns: rule.ns ?? DEFAULT_NS, size: rule.size }, random) };
}

function flipped(frame: Uint8Array, random: Random): Uint8Array {
  const copy = frame.slice();
  if (copy.byteLength === 0) return copy;
  const bit = random.below(copy.byteLength * 8);
  copy[bit >>> 3] = (copy[bit >>> 3] as number) ^ (1 << (bit & 7));
  return copy;
}
