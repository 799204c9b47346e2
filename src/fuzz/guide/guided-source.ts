import { Random } from '../../base/random.js';
import type { Ending, Response, Step } from '../../target/index.js';
import type { CaseSource } from '../campaign/campaign.js';
import { type Engine, GOALS_MAX } from '../engine/engine.js';
import { allocatedRole, type BoundStep, Rebinding } from '../play/id-binding.js';
import { type Seed, Seeds } from './seeds.js';
import { mutateSession } from './session-mutations.js';
import type { Trimming } from './trimming.js';

/** Share of the steps that make seeds shorter, while there are some to be made shorter, 0..1. */
const TRIM_SHARE = 0.25;
/** Least and most share of the others that are made from seeds, 0..1. */
const GUIDED_SHARE = { least: 0.75, most: 0.9 } as const;
/** Share of the cases from seeds that pass comparisons which a seed has not passed, while there are some, 0..1. */
const EXACT_SHARE = 0.7;
/** Steps that any case costs more than it has: the target's reset. */
const CASE_COST = 8;
/** Steps after which what was reached counts half. */
const HALF_LIFE = 20_000;

/** Whether a case was made from seeds. Its number alone does not say what it does: the seeds came from the cases before. */
export function isGuided(caseNumber: number): boolean {
  return caseNumber % GOALS_MAX === GOALS_MAX - 1;
}

/** Ways to make cases: by the engine, from seeds, to make a seed shorter. */
const ways = ['engine', 'guided', 'trim'] as const;
type Way = (typeof ways)[number];

/** What one way has cost and reached. */
interface Yield {
  steps: number;
  /** Edges that were new. */
  edges: number;
}

/** Added to what is counted, so that few cases do not decide which way is the better one. */
const FIRST_YIELD: Yield = { steps: 1000, edges: 1 };

interface Case {
  readonly way: Way;
  readonly trimming: Trimming | undefined;
}

/**
 * Cases for targets that tell which code they reach. A session that reaches new code is kept as a seed. Later cases are
 * made from seeds, or by the engine as without coverage, whichever reaches more new code. Without coverage all are the
 * engine's.
 */
export class GuidedSource implements CaseSource {
  readonly seeds = new Seeds();
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #kept: (seed: Seed) => void;
  #session: readonly BoundStep[] | undefined;
  /** Numbers of its steps that allocate an id for a later step. */
  #allocators: ReadonlySet<number> = new Set();
  #rebinding = new Rebinding();
  #next = 0;
  #case = -1;
  #awaits = false;
  /** Guided cases since the engine's last one. */
  #guidedInRow = 0;
  /** Cases that {@link played} has not reported yet: one begins before the responses to the last one are there. */
  readonly #begun: Case[] = [];
  readonly #yields: Readonly<Record<Way, Yield>> = {
    engine: { steps: 0, edges: 0 },
    guided: { steps: 0, edges: 0 },
    trim: { steps: 0, edges: 0 },
  };

  /** @param kept called for every new seed. */
  constructor(engine: Engine, seed: number, kept: (seed: Seed) => void) {
    this.#engine = engine;
    this.#random = new Random(seed, 'guide');
    this.#kept = kept;
  }

  get case(): number {
    return this.#session === undefined ? this.#engine.case : this.#case;
  }

  get needsAnswer(): boolean {
    return this.#session === undefined ? this.#engine.needsAnswer : this.#awaits;
  }

  get boot(): string | undefined {
    return this.#session === undefined ? this.#engine.boot : undefined;
  }

  get isBooting(): boolean {
    return this.#session === undefined && this.#engine.isBooting;
  }

  next(): Step | 'reset' | undefined {
    const bound = this.#session?.[this.#next++];
    if (bound !== undefined) {
      const step = this.#rebinding.resolve(bound);
      this.#awaits = allocatedRole(step) !== undefined && this.#allocators.has(bound.number);
      return step;
    }
    if (this.#session === undefined) {
      const step = this.#engine.next();
      if (step !== 'reset') return step;
      // The engine has begun a case, which is played after the guided ones.
    }
    return this.#begin();
  }

  observe(step: Step, response: Response): void {
    if (this.#session === undefined) this.#engine.observe(step, response);
    else this.#rebinding.observe(response);
  }

  ended(step: Step, ending: Ending, caseNumber: number): void {
    this.#engine.ended(step, ending, caseNumber);
  }

  endCase(): void {
    if (this.#session === undefined) this.#engine.endCase();
    else this.#next = this.#session.length;
  }

  played(steps: readonly Step[], responses: readonly Response[]): void {
    const { way, trimming } = this.#begun.shift() ?? { way: 'engine' };
    if (trimming !== undefined) this.seeds.trimmed(trimming, responses);
    const seed = this.seeds.played(steps, responses);
    this.#count(way, steps.length + CASE_COST, seed?.edges.length ?? 0);
    if (seed !== undefined) this.#kept(seed);
  }

  #begin(): 'reset' {
    const { nextSerial: serial } = this.#engine;
    const guided = this.#session === undefined ? 0 : this.#guidedInRow + 1;
    const random = this.#random.child(`${serial} ${guided}`);
    this.#guidedInRow = guided;
    const way = this.#nextWay();
    const trimming = way === 'trim' ? this.seeds.toTrim() : undefined;
    this.#begun.push({ way, trimming });
    this.#session = way === 'engine' ? undefined : (trimming?.trial() ?? this.#fromSeeds(random));
    if (this.#session === undefined) return 'reset';
    this.#case = serial * GOALS_MAX + GOALS_MAX - 1;
    this.#allocators = new Set(this.#session.flatMap(({ uses }) => uses.map(({ allocator }) => allocator)));
    this.#rebinding = new Rebinding();
    this.#next = 0;
    return 'reset';
  }

  #count(way: Way, steps: number, edges: number): void {
    const fading = 0.5 ** (steps / HALF_LIFE);
    for (const counted of Object.values(this.#yields)) {
      counted.steps *= fading;
      counted.edges *= fading;
    }
    this.#yields[way].steps += steps;
    this.#yields[way].edges += edges;
  }

  /** The way that has had the least of its share. Engine and seeds share in proportion to what they have reached lately. */
  #nextWay(): Way {
    if (this.seeds.count === 0) return 'engine';
    const [engine, guided] = ways.map((way) => {
      const { steps, edges } = this.#yields[way];
      return (edges + FIRST_YIELD.edges) / (steps + FIRST_YIELD.steps);
    }) as [number, number];
    const { least, most } = GUIDED_SHARE;
    const share = Math.min(most, Math.max(least, guided / (guided + engine)));
    const trim = this.seeds.hasToTrim ? TRIM_SHARE : 0;
    const shares = { engine: (1 - trim) * (1 - share), guided: (1 - trim) * share, trim };
    const lack = (way: Way) => this.#yields[way].steps / shares[way];
    return ways.reduce((best, way) => (shares[way] > 0 && lack(way) < lack(best) ? way : best), 'engine');
  }

  #fromSeeds(random: Random): readonly BoundStep[] {
    const exact = random.chance(EXACT_SHARE) ? this.seeds.nextExact() : undefined;
    if (exact !== undefined) return exact;
    const other = () => this.seeds.choose(random);
    const request = () => this.seeds.requests.any(random);
    return mutateSession(other(), { random, other, request, comparisons: this.seeds.comparisons });
  }
}
