import type { TargetTask } from '../../target/index.js';
import type { PlayedSession } from '../play/play.js';

/** An oracle for the end of a case in which nothing was found. */
export interface EndOracle {
  /** It runs in one of this many cases. */
  readonly oneIn: number;
  /** It plays the session again from its first step. */
  readonly isFromStart?: boolean;
  /**
   * Goes on with the target as the session left it. @returns the session and what it found; with the steps that it added,
   * if playing them again shows the same.
   */
  run(played: PlayedSession): TargetTask<PlayedSession>;
}

/** Whether an end oracle runs in a case. The case number alone decides, so that the case can be repeated. */
export function runsIn({ oneIn }: EndOracle, caseNumber: number): boolean {
  return (Math.imul(caseNumber, 0x9e3779b1) >>> 8) % oneIn === 0;
}
