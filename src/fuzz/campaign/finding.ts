import type { Cause } from '../oracle/cause.js';
import type { Played } from './play.js';

/** Something wrong, and the session that brings it about. */
export interface Finding {
  readonly cause: Cause;
  /** 1, 2, ... in the order in which causes were met. */
  readonly number: number;
  /** Where it comes from: the case of that number under the campaign's seed. */
  readonly caseNumber: number;
  readonly played: Played;
  /** `found`: as it was met; `smallest`: minimised; `unstable`: the same steps did not bring it about again. */
  readonly state: 'found' | 'smallest' | 'unstable';
}

/** A cause and how often it was met. */
export interface Count {
  readonly finding: Finding;
  readonly count: number;
}
