import type { Random } from '../../base/random.js';
import type { Response, Step } from '../../target/index.js';
import { type BoundStep, bind } from '../play/id-binding.js';
import { Trimming } from './trimming.js';

/** Values that are kept from the comparisons of a target. Later ones replace the oldest. */
const OPERANDS_MAX = 4096;
/** Seeds that are compared when one is chosen. */
const CANDIDATES = 4;
/** Steps that any session costs more than it has: the target's reset. */
const SESSION_COST = 8;

/** A session that reached code which no session before it had reached. */
export interface Seed {
  readonly steps: readonly Step[];
  readonly responses: readonly Response[];
  /** Edges that it reached first. */
  readonly edges: readonly number[];
}

interface KeptSeed {
  session: readonly BoundStep[];
  /** Sessions that were made from it. */
  used: number;
}

/** Sessions to make others from, by what they reach in the target's code. */
export class Seeds {
  readonly #edges = new Set<number>();
  readonly #kept: KeptSeed[] = [];
  /** Seeds that can still be made shorter. */
  readonly #untrimmed = new Map<Trimming, KeptSeed>();
  /** Of these, those whose trial is not played yet. */
  readonly #inTrial = new Set<Trimming>();
  readonly #operands: number[] = [];
  readonly #knownOperands = new Set<number>();
  #nextOperand = 0;

  /** Number of edges that were reached. */
  get edgeCount(): number {
    return this.#edges.size;
  }

  get count(): number {
    return this.#kept.length;
  }

  /** Values that the target has compared something with. */
  get operands(): readonly number[] {
    return this.#operands;
  }

  /** A session was played. @returns it as a seed, up to the last step that reached something new; undefined if none did. */
  played(steps: readonly Step[], responses: readonly Response[]): Seed | undefined {
    const edges: number[] = [];
    let size = 0;
    for (const [index, { edges: reached = [], operands = [] }] of responses.entries()) {
      for (const operand of operands) this.#addOperand(operand);
      for (const edge of reached) {
        if (this.#edges.has(edge)) continue;
        this.#edges.add(edge);
        edges.push(edge);
        size = index + 1;
      }
    }
    if (size === 0) return undefined;
    const seed = { steps: steps.slice(0, size), responses: responses.slice(0, size), edges };
    this.#keep(seed);
    return seed;
  }

  /** A seed of an earlier run. */
  add(seed: Seed): void {
    for (const edge of seed.edges) this.#edges.add(edge);
    this.#keep(seed);
  }

  /** Whether some seed may be made shorter. */
  get hasToTrim(): boolean {
    return this.#untrimmed.size > this.#inTrial.size;
  }

  /** The latest seed whose next trial can be played, undefined without one. {@link trimmed} gets the responses. */
  toTrim(): Trimming | undefined {
    const trimming = [...this.#untrimmed.keys()].findLast((one) => !this.#inTrial.has(one));
    if (trimming !== undefined) this.#inTrial.add(trimming);
    return trimming;
  }

  /** The trial of a seed was played. */
  trimmed(trimming: Trimming, responses: readonly Response[]): void {
    this.#inTrial.delete(trimming);
    trimming.played(responses);
    const seed = this.#untrimmed.get(trimming);
    if (seed !== undefined) seed.session = trimming.session;
    if (trimming.isDone) this.#untrimmed.delete(trimming);
  }

  /** One of the seeds, rather one that is short and was seldom used. There must be one. */
  choose(random: Random): readonly BoundStep[] {
    let best = this.#any(random);
    for (let candidate = 1; candidate < CANDIDATES; candidate++) {
      const other = this.#any(random);
      if (costOf(other) < costOf(best)) best = other;
    }
    best.used++;
    return best.session;
  }

  #any(random: Random): KeptSeed {
    return this.#kept[random.below(this.#kept.length)] as KeptSeed;
  }

  #keep({ steps, responses, edges }: Seed): void {
    const kept: KeptSeed = { session: bind(steps, responses), used: 0 };
    this.#kept.push(kept);
    const trimming = new Trimming(kept.session, edges);
    if (!trimming.isDone) this.#untrimmed.set(trimming, kept);
  }

  #addOperand(value: number): void {
    if (this.#knownOperands.has(value)) return;
    const before = this.#operands[this.#nextOperand];
    if (before !== undefined) this.#knownOperands.delete(before);
    this.#knownOperands.add(value);
    this.#operands[this.#nextOperand] = value;
    this.#nextOperand = (this.#nextOperand + 1) % OPERANDS_MAX;
  }
}

/** Steps that were played for it. */
function costOf({ session, used }: KeptSeed): number {
  return (used + 1) * (session.length + SESSION_COST);
}
