import type { Response } from '../../target/index.js';
import type { BoundStep } from '../play/id-binding.js';

/** Most steps that are played to make one seed shorter: so many times its own, and some more. */
const STEPS_MAX = { times: 10, more: 200 } as const;

/**
 * Makes a session shorter that reaches certain code in its last step: first to the steps about the same VMs and parcels, then
 * without runs of steps, first long ones, as long as the code is still reached. What is made from a short session can be
 * played more often.
 */
export class Trimming {
  #session: readonly BoundStep[];
  readonly #edges: ReadonlySet<number>;
  #size: number;
  /** Where the run ends that the next trial leaves out. */
  #end: number;
  /** Steps that trials may still play. */
  #stepsLeft: number;
  /** The next trial has only the steps that the last one is related to. */
  #isFirst = true;

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
    if (this.#isFirst) return relatedToLast(this.#session);
    const start = Math.max(0, this.#end - this.#size);
    return [...this.#session.slice(0, start), ...this.#session.slice(this.#end)];
  }

  played(responses: readonly Response[]): void {
    this.#stepsLeft -= responses.length;
    const missing = new Set(this.#edges);
    for (const { edges = [] } of responses) for (const edge of edges) missing.delete(edge);
    // Nothing can be put behind a session at which the target ends.
    const isAlive = responses.at(-1)?.ended === undefined;
    if (missing.size === 0 && isAlive) this.#session = this.trial();
    if (this.#isFirst) {
      this.#isFirst = false;
      this.#size = this.#session.length >> 1;
      this.#end = this.#session.length;
      return;
    }
    this.#end = Math.min(this.#session.length, this.#end - this.#size);
    if (this.#end > 0 && this.#session.length > this.#size) return;
    this.#size = Math.min(this.#size, this.#session.length) >> 1;
    this.#end = this.#session.length;
  }
}

/** Steps with the ids that the last step has, or with ids that such steps have; and those that allocate them. */
function relatedToLast(session: readonly BoundStep[]): readonly BoundStep[] {
  const ids = new Set<number>();
  const related = session.toReversed().filter(({ number, uses }, back) => {
    const isRelated = back === 0 || ids.has(number) || uses.some(({ allocator }) => ids.has(allocator));
    if (isRelated) for (const { allocator } of uses) ids.add(allocator);
    return isRelated;
  });
  return related.toReversed();
}
