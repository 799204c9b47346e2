import { Random } from '../../base/random.js';
import type { Ending, Response, Step } from '../../target/index.js';
import type { CaseSource } from '../campaign/campaign.js';
import { type Engine, GOALS_MAX } from '../engine/engine.js';
import { type BoundStep, isAllocating, Rebinding } from '../play/id-binding.js';
import { type Seed, Seeds } from './seeds.js';
import { mutateSession } from './session-mutations.js';

/** Share of cases that are made from seeds, once there are some, 0..1. */
const GUIDED_SHARE = 0.6;

/** Whether a case was made from seeds. Its number alone does not say what it does: the seeds came from the cases before. */
export function isGuided(caseNumber: number): boolean {
  return caseNumber % GOALS_MAX === GOALS_MAX - 1;
}

/**
 * Cases for targets that tell which code they reach. A session that reaches new code is kept as a seed. Later cases are
 * made from seeds, or by the engine as without coverage. Without coverage all are the engine's.
 */
export class GuidedSource implements CaseSource {
  readonly seeds = new Seeds();
  readonly #engine: Engine;
  readonly #random: Random;
  readonly #kept: (seed: Seed) => void;
  #session: readonly BoundStep[] | undefined;
  #rebinding = new Rebinding();
  #next = 0;
  #case = -1;
  #awaits = false;

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
      this.#awaits = isAllocating(step);
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
    const seed = this.seeds.played(steps, responses);
    if (seed !== undefined) this.#kept(seed);
  }

  #begin(): 'reset' {
    const { nextSerial: serial } = this.#engine;
    const guided = this.#session === undefined ? 0 : this.#guidedInRow + 1;
    const random = this.#random.child(`${serial} ${guided}`);
    this.#session = undefined;
    this.#guidedInRow = guided;
    if (this.seeds.count === 0 || !random.chance(GUIDED_SHARE)) return 'reset';
    this.#case = serial * GOALS_MAX + GOALS_MAX - 1;
    const other = () => this.seeds.choose(random);
    this.#session = mutateSession(other(), { random, other, operands: this.seeds.operands });
    this.#rebinding = new Rebinding();
    this.#next = 0;
    return 'reset';
  }

  #guidedInRow = 0;
}
