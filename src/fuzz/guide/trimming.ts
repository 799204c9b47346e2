import type { Response } from '../../target/index.js';
import type { BoundStep } from '../play/id-binding.js';

/** Most steps that are played to make one seed shorter: so many times its own, and some more. */
const STEPS_MAX = { times: 10, more: 200 } as const;

/**
 * Makes a session shorter that reaches certain code: leaves out runs of steps, first long ones, as long as the code is
 * still reached. What is made from a short session can be played more often.
 */
export class Trimming {
  #session: readonly BoundStep[];
  readonly #edges: ReadonlySet<number>;
  #size: number;
  /** Where the run ends that the next trial leaves out. */
  #end: number;
  /** Steps that trials may still play. */
  #stepsLeft: number;

  constructor(session: readonly BoundStep[], edges: readonly number[]) {
    this.#session = session;
    this.#edges = new Set(edges);
    this.#size = session.length >> 1;
    this.#end = session.length;
    this.#stepsLeft = STEPS_MAX.times * session.length + STEPS_MAX.more;
  }

  get session(): readonly BoundStep[] {
    return this.#session;
  }

  get isDone(): boolean {
    return this.#size === 0 || this.#stepsLeft <= 0;
  }

  /** The session to play next. Its responses are for {@link played}. */
  trial(): readonly BoundStep[] {
    const start = Math.max(0, this.#end - this.#size);
    return [...this.#session.slice(0, start), ...this.#session.slice(this.#end)];
  }

  played(responses: readonly Response[]): void {
    this.#stepsLeft -= responses.length;
    const missing = new Set(this.#edges);
    for (const { edges = [] } of responses) for (const edge of edges) missing.delete(edge);
    if (missing.size === 0) this.#session = this.trial();
    this.#end = Math.min(this.#session.length, this.#end - this.#size);
    if (this.#end > 0 && this.#session.length > this.#size) return;
    this.#size = Math.min(this.#size, this.#session.length) >> 1;
    this.#end = this.#session.length;
  }
}
