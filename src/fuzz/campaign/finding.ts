import type { Cause } from '../oracle/cause.js';
import type { PlayedSession } from '../play/play.js';

/** `found`: as it was met; `smallest`: minimised; `unstable`: the same steps did not bring it about again. */
export const findingStates = ['found', 'smallest', 'unstable'] as const;

/** What there is to say of something wrong, without the session that brings it about. */
export interface FindingFacts {
  readonly cause: Cause;
  /** 1, 2, ... in the order in which causes were met. */
  readonly number: number;
  /** Where it comes from: the case of that number under the campaign's seed. */
  readonly caseNumber: number;
  /** Steps of the session. */
  readonly size: number;
  readonly state: (typeof findingStates)[number];
}

/** Something wrong, and the session that brings it about. */
export interface Finding extends FindingFacts {
  readonly played: PlayedSession;
}

/** A cause and how often it was met. */
export interface FindingCount {
  readonly finding: FindingFacts;
  readonly count: number;
}
