import type { Outcome } from '../outcome.js';

/** Text of a report, piece by piece. */
export interface Report {
  /** Before the first case. */
  begin?(total: number): string;
  /** After each case. @param file of its recording, if one was written. */
  outcome(outcome: Outcome, file: string | undefined): string;
  end(): string;
}
