import type { Random } from '../../base/random.js';
import type { Response, Step } from '../../target/index.js';
import { type BoundStep, bind } from '../play/id-binding.js';
import { Comparisons, comparisonsIn } from './comparisons.js';
import { exactChanges } from './exact-changes.js';
import { Requests } from './requests.js';
import { Trimming } from './trimming.js';

/** Share of choices that go to what was reached lately; the others go to what is reached seldom, 0..1. */
const NEWEST_SHARE = 0.5;
/** Edges that are compared when a seed is chosen. */
const CANDIDATES = 4;
/** Steps that any session costs more than it has: the target's reset. */
const SESSION_COST = 8;
/** A session takes the place of another one if it costs at most this share of it. */
const CHEAPER = 0.75;

/** A session that reached code which no session before it had reached. */
export interface Seed {
  readonly steps: readonly Step[];
  readonly responses: readonly Response[];
  /** Edges that it reached first. */
  readonly edges: readonly number[];
}

interface KeptSeed {
  session: readonly BoundStep[];
  /** Edges that no shorter session is known for. Without one the seed is dropped. */
  edges: number;
  /** In the last step. */
  comparisons: readonly number[];
  readonly trimming: Trimming;
  /** Some edge of it is new, and its comparisons are to be tried. */
  isNew: boolean;
}

/** An edge of the target's code that was reached. */
interface Edge {
  readonly number: number;
  /** The shortest session that reaches it in its last step; none while the target has ended with it each time. */
  seed: KeptSeed | undefined;
  /** Sessions that reached it. */
  hits: number;
  /** The comparisons of its seed's last step have been tried. */
  isTried: boolean;
}

/** Sessions to make others from: for each edge of the target's code the shortest one known that reaches it. */
export class Seeds {
  readonly comparisons = new Comparisons();
  readonly requests = new Requests();
  readonly #edges = new Map<number, Edge>();
  /** Those that have a seed, in the order in which they got their first one. */
  readonly #seeded: Edge[] = [];
  readonly #kept = new Set<KeptSeed>();
  /** Seeds that can still be made shorter. */
  readonly #untrimmed = new Map<Trimming, KeptSeed>();
  /** Of these, those whose trial is not played yet. */
  readonly #inTrial = new Set<Trimming>();
  /** Sessions that pass comparisons which a seed has not passed; those of the latest seed are at the end. */
  readonly #exact: (readonly BoundStep[])[] = [];
  #found = 0;

  /** Number of edges that were reached. */
  get edgeCount(): number {
    return this.#edges.size;
  }

  /** Seeds that are kept now. */
  get count(): number {
    return this.#kept.size;
  }

  /** Sessions so far that reached new code. */
  get found(): number {
    return this.#found;
  }

  /** A session was played. @returns it as a seed, up to the last step that reached something new; undefined if none did. */
  played(steps: readonly Step[], responses: readonly Response[]): Seed | undefined {
    const first: number[] = [];
    const cheaper = new Map<number, Edge[]>();
    let size = 0;
    for (let index = 0; index < responses.length; index++) {
      const { edges, comparisons, ended } = responses[index] as Response;
      if (comparisons !== undefined && comparisons.length > 0)
        this.comparisons.add(steps[index] as Step, comparisons);
      // Without coverage no response has any.
      if (edges === undefined) continue;
      const gained: Edge[] = [];
      for (const number of edges) {
        const edge = this.#edgeOf(number);
        if (edge.hits++ === 0) {
          first.push(number);
          size = index + 1;
        }
        if (ended === undefined && isCheaper(index + 1, edge.seed)) gained.push(edge);
      }
      if (gained.length > 0) cheaper.set(index, gained);
    }
    this.#keepEach(steps, responses, cheaper);
    if (size === 0) return undefined;
    this.#found++;
    return { steps: steps.slice(0, size), responses: responses.slice(0, size), edges: first };
  }

  /** A seed of an earlier run. */
  add({ steps, responses, edges }: Seed): void {
    this.#found++;
    const gained = edges.map((number) => this.#edgeOf(number));
    for (const edge of gained) edge.hits++;
    const isSeed = steps.length > 0 && responses.at(-1)?.ended === undefined;
    if (isSeed) this.#keepEach(steps, responses, new Map([[steps.length - 1, gained]]));
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
    if (seed === undefined) return;
    if (trimming.session !== seed.session) seed.comparisons = responses.at(-1)?.comparisons ?? [];
    seed.session = trimming.session;
    if (!trimming.isDone) return;
    this.#untrimmed.delete(trimming);
    this.#try(seed);
  }

  /** A session that passes a comparison which a new seed has not passed. */
  nextExact(): readonly BoundStep[] | undefined {
    return this.#exact.pop();
  }

  #try({ session, comparisons, isNew }: KeptSeed): void {
    if (isNew) this.#exact.push(...exactChanges(session, comparisonsIn(comparisons)).toReversed());
  }

  /** The seed of an edge that was reached lately, or of one that is seldom reached; rather a short one. There must be one. */
  choose(random: Random): readonly BoundStep[] {
    const any = () => this.#seeded[random.below(this.#seeded.length)] as Edge;
    const edge = random.chance(NEWEST_SHARE)
      ? cheapest(() => this.#newest(random), lengthOf)
      : cheapest(any, (one) => one.hits * lengthOf(one));
    return (edge.seed as KeptSeed).session;
  }

  /** Each power of two of edges is as likely as every other, counted from the newest one back. */
  #newest(random: Random): Edge {
    const count = this.#seeded.length;
    const back = random.below(2 ** random.below(Math.ceil(Math.log2(count)) + 1));
    return this.#seeded[count - 1 - Math.min(back, count - 1)] as Edge;
  }

  #edgeOf(number: number): Edge {
    let edge = this.#edges.get(number);
    if (edge === undefined) {
      edge = { number, seed: undefined, hits: 0, isTried: false };
      this.#edges.set(number, edge);
    }
    return edge;
  }

  /** Keeps the start of a session for each step that reached edges for which it is the shortest one. */
  #keepEach(
    steps: readonly Step[],
    responses: readonly Response[],
    gainedAt: ReadonlyMap<number, readonly Edge[]>,
  ): void {
    if (gainedAt.size === 0) return;
    const last = Math.max(...gainedAt.keys());
    const bound = bind(steps.slice(0, last + 1), responses);
    for (const [index, gained] of gainedAt) {
      const session = bound.slice(0, index + 1);
      const trimming = new Trimming(
        session,
        gained.map(({ number }) => number),
      );
      const comparisons = responses[index]?.comparisons ?? [];
      const isNew = gained.some(({ isTried }) => !isTried);
      const seed: KeptSeed = { session, edges: gained.length, comparisons, trimming, isNew };
      this.#kept.add(seed);
      this.requests.add(session);
      for (const edge of gained) this.#give(edge, seed);
      if (trimming.isDone) this.#try(seed);
      else this.#untrimmed.set(trimming, seed);
    }
  }

  #give(edge: Edge, seed: KeptSeed): void {
    const before = edge.seed;
    edge.seed = seed;
    edge.isTried = true;
    if (before === undefined) this.#seeded.push(edge);
    else if (--before.edges === 0) {
      this.#kept.delete(before);
      this.#untrimmed.delete(before.trimming);
      seed.isNew ||= before.isNew && !before.trimming.isDone;
    }
  }
}

function isCheaper(size: number, seed: KeptSeed | undefined): boolean {
  return seed === undefined || size + SESSION_COST <= CHEAPER * (seed.session.length + SESSION_COST);
}

/** Steps that its session costs. */
function lengthOf({ seed }: Edge): number {
  return (seed?.session.length ?? 0) + SESSION_COST;
}

/** Of some edges the one that costs least. */
function cheapest(any: () => Edge, cost: (edge: Edge) => number): Edge {
  let best = any();
  for (let candidate = 1; candidate < CANDIDATES; candidate++) {
    const other = any();
    if (cost(other) < cost(best)) best = other;
  }
  return best;
}
