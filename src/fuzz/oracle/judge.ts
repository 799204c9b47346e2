import type { Response, Step } from '../../target/index.js';
import { type Cause, endingCause } from './cause.js';
import type { Reference } from './reference.js';
import { ReplyCheck } from './reply-check.js';

/** Verdict on a step: something is wrong; or, without a cause, the session is over or goes on. */
export interface Judgement {
  readonly cause: Cause | undefined;
  readonly over: boolean;
}

const goesOn: Judgement = { cause: undefined, over: false };
const isOver: Judgement = { cause: undefined, over: true };

/** The oracle for single steps: compares with a reference manager, or, without one, checks the rules of replies. */
export class Judge {
  readonly #replies = new ReplyCheck();

  constructor(readonly reference: Reference | undefined) {}

  reset(): void {
    this.#replies.reset();
    this.reference?.reset();
  }

  /** Whether {@link predict} mostly knows. */
  get foresees(): boolean {
    return this.reference !== undefined;
  }

  /** What the target should answer to the next step; undefined where that is not known in advance. */
  predict(step: Step): Response | undefined {
    return this.reference?.predict(step);
  }

  /** @param predicted what {@link predict} has returned for this step; undefined if it was not called. */
  judge(step: Step, response: Response, predicted?: Response): Judgement {
    const verdict = this.reference?.compare(step, response, predicted);
    if (response.ended !== undefined)
      return { cause: endingCause(step, response.ended, verdict?.died), over: true };
    const cause = verdict === undefined ? this.#replies.check(step, response) : verdict.difference;
    if (cause !== undefined) return { cause, over: true };
    // The reference manager has died: what the right answer to this and later steps is, is not known.
    return verdict?.died === undefined ? goesOn : isOver;
  }
}
