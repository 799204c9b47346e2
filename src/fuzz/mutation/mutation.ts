import type { Random } from '../../base/random.js';
import type { Draft } from '../message/draft.js';
import type { MutationSite, ScalarShape } from '../message/message-shape.js';
import type { Session } from '../session/session.js';
import type { FrameMutation } from './frame-mutations.js';

/** The rule that a mutation breaks; `none`: the value is allowed, but rare. */
export type Rule =
  | 'length'
  | 'count'
  | 'reserved'
  | 'enum'
  | 'flag'
  | 'alignment'
  | 'range'
  | 'duplicate'
  | 'owner'
  | 'stale'
  | 'future'
  | 'state'
  | 'sender'
  | 'id'
  | 'padding'
  | 'framing'
  | 'none';

/** Returns another value for a scalar. */
export type ValueMutation = (current: number, session: Session, scalar: ScalarShape) => number;

/** What it does to a valid request, in up to three stages. */
export interface MutationStages {
  /** Changes the draft before its payload is written. */
  draft?(draft: Draft, site: MutationSite, session: Session): void;
  /** Changes the payload. */
  payload?(draft: Draft, random: Random): void;
  /** Changes the queue messages. */
  readonly frames?: FrameMutation;
  /** The request is sent a second time. */
  readonly repeated?: true;
}

/** One way of making a request unusual or wrong at a site. */
export interface Mutation extends MutationStages {
  readonly name: string;
  readonly rule: Rule;
}
