import type { PlayedSession } from '../play/play.js';
import type { FindingHeader } from './read.js';

/** A finding of a campaign's folder. */
export interface NamedFinding {
  /** Name of its file, without `.ndjson`. */
  readonly name: string;
  readonly about: FindingHeader;
  readonly played: PlayedSession;
}
