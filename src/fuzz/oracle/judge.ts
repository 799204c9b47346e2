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

  judge(step: Step, response: Response): Judgement {
    const verdict = this.reference?.compare(step, response);
    if (response.ended !== undefined)
      return { cause: endingCause(step, response.ended, verdict?.died), over: true };
    const cause = verdict === undefined ? this.#replies.check(step, response) : verdict.difference;
    if (cause !== undefined) return { cause, over: true };
    // The reference manager has died: what the right answer to this and later steps is, is not known.
    return verdict?.died === undefined ? goesOn : isOver;
  }
}
