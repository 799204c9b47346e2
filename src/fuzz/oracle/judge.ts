import type { Response, Step } from '../targets/step.js';
import { type Cause, endingCause } from './cause.js';
import type { Reference } from './reference.js';
import { ReplyCheck } from './reply-check.js';

/** What became of a step: something is wrong, or nothing more can be told about this session, or it goes on. */
export interface Judgement {
  readonly cause: Cause | undefined;
  readonly over: boolean;
}

const fine: Judgement = { cause: undefined, over: false };
const untold: Judgement = { cause: undefined, over: true };

/** Looks at every step of a session. With a reference all rules are in what that says, else those of replies hold. */
export class Judge {
  readonly #replies = new ReplyCheck();

  constructor(readonly reference: Reference | undefined) {}

  /** A session begins. */
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
    // The public manager would have died here, and nobody knows what it should do instead.
    return verdict?.died === undefined ? fine : untold;
  }
}
