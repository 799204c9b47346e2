import type { Cause } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';

/**
 * `found`: not played again so far; `confirmed`: a fresh target showed it again; `smallest`: minimised, too; `unstable`: a
 * fresh target did not show it again.
 */
export const findingStates = ['found', 'confirmed', 'smallest', 'unstable'] as const;

/** A finding without the session that shows it. */
export interface FindingFacts {
  readonly cause: Cause;
  /** 1, 2, ... in the order in which causes were found. */
  readonly number: number;
  /** Number of the case that showed it. */
  readonly caseNumber: number;
  /** Steps of the session. */
  readonly size: number;
  readonly state: (typeof findingStates)[number];
}

/** A finding with the session that shows it. */
export interface Finding extends FindingFacts {
  readonly played: PlayedSession;
}

/** A finding and the number of cases that showed its cause. */
export interface FindingCount {
  readonly finding: FindingFacts;
  readonly count: number;
}
