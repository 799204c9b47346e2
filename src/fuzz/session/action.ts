import type { MessageShape } from '../message/message-shape.js';
import type { KnownInterrupt, KnownParcel, KnownVm } from './known-state.js';
import type { Session } from './session.js';

/** What a request or an operation is about. */
export interface Subjects {
  readonly none: undefined;
  readonly vm: KnownVm;
  readonly parcel: KnownParcel;
  readonly interrupt: KnownInterrupt;
}
export type SubjectKind = keyof Subjects;
export const subjectKinds: readonly SubjectKind[] = ['none', 'vm', 'parcel', 'interrupt'];

/** Parts of a session's life, which it weighs against each other. */
export type Theme = 'life' | 'memory' | 'interrupts' | 'console' | 'questions' | 'pressure';
export const themes: readonly Theme[] = ['life', 'memory', 'interrupts', 'console', 'questions', 'pressure'];

/** Any state will do. */
export const ANY = ~0;

/** The bits of states. */
export function statesMask(...states: readonly number[]): number {
  return states.reduce((mask, state) => mask | (1 << state), 0);
}

/**
 * An action of the state table: something that may be done with a subject in certain states, and what is then known.
 * It says what is right; breaking it is the session's business.
 */
export interface Action<K extends SubjectKind = SubjectKind> {
  readonly subject: K;
  readonly theme: Theme;
  /** The request that it makes; undefined: it is an operation on the target. */
  readonly shape: MessageShape | undefined;
  /** States of the subject in which RM takes it, one bit each. */
  readonly from: number;
  /** How often it is taken, compared with the others that a subject in that state allows. */
  readonly weight: number;
  /** Fills the session's draft (or puts an operation). @returns false when something else that it needs is missing. */
  make(session: Session, subject: Subjects[K]): boolean;
  /** What is known once it was answered OK. @param reply the first queue message of the reply. */
  done?(session: Session, sent: Sent, reply: Uint8Array): void;
  /** What is known once it was refused. */
  refused?(session: Session, sent: Sent): void;
}

/** A request on its way: what its reply will be about. */
export interface Sent {
  action: Action | undefined;
  shape: MessageShape | undefined;
  from: number;
  seq: number;
  id: number;
  /** State of what it is about when it was sent, for coverage. */
  state: number;
  vm: KnownVm | undefined;
  parcel: KnownParcel | undefined;
  interrupt: KnownInterrupt | undefined;
  /** A number that the action wants to have again. */
  note: number;
  /** What the action learns from the answer will be true: what was wrong with the request does not change what it means. */
  trusted: boolean;
}
