import type { PlayedSession } from '../play/play.js';
import type { TargetTask } from '../play/target-task.js';

/** What is looked at once a case has come to its end with nothing wrong. */
export interface EndOracle {
  /** Of so many cases it concerns one. */
  readonly oneIn: number;
  /**
   * Goes on with the target as the session left it. @returns the session and what is wrong now; with the steps that were
   * added, when playing them again is all that it takes to see it.
   */
  run(played: PlayedSession): TargetTask<PlayedSession>;
}

/** Whether an endOracle concerns a case: by its number alone, since that says all about a case. */
export function concerns({ oneIn }: EndOracle, caseNumber: number): boolean {
  return (Math.imul(caseNumber, 0x9e3779b1) >>> 8) % oneIn === 0;
}
