import type { MessageShape } from '../message/message-shape.js';
import type { KnownInterrupt, KnownParcel, KnownVm } from './known-state.js';
import type { Session } from './session.js';

/** What a request or an operation can be about. */
export interface Subjects {
  readonly none: undefined;
  readonly vm: KnownVm;
  readonly parcel: KnownParcel;
  readonly interrupt: KnownInterrupt;
}
export type SubjectKind = keyof Subjects;
export type Subject = Subjects[SubjectKind];
export const subjectKinds: readonly SubjectKind[] = ['none', 'vm', 'parcel', 'interrupt'];

/** Groups of actions. Each case gives every theme a weight of its own. */
export const themes = ['life', 'memory', 'interrupts', 'console', 'questions', 'pressure'] as const;
export type Theme = (typeof themes)[number];

/** Mask of all states. */
export const ANY = ~0;

/** A mask with one bit for each state. */
export function statesMask(...states: readonly number[]): number {
  return states.reduce((mask, state) => mask | (1 << state), 0);
}

/** What an action learns from the reply to its request. */
export interface ReplyHandlers {
  /** RM answered OK. @param reply first queue message of the reply. */
  done?(session: Session, sent: PendingRequest, reply: Uint8Array): void;
  /** RM answered with an error. */
  refused?(session: Session, sent: PendingRequest): void;
}

/** A valid request, or an operation on the machine, that is possible while its subject is in certain states. */
export interface Action<K extends SubjectKind = SubjectKind> extends ReplyHandlers {
  readonly subject: K;
  readonly theme: Theme;
  /** The request that it sends; undefined for an operation on the machine. */
  readonly shape: MessageShape | undefined;
  /** States of the subject in which RM accepts it, one bit each. */
  readonly from: number;
  /** How often it is drawn, relative to the other actions that are possible for the subject. */
  readonly weight: number;
  /** Fills the session's draft, or puts a step. @returns false when something else that it needs is missing. */
  make(session: Session, subject: Subjects[K]): boolean;
}

/** A request that waits for its reply. */
export interface PendingRequest {
  action: Action | undefined;
  /** Undefined once it was answered. */
  shape: MessageShape | undefined;
  from: number;
  seq: number;
  id: number;
  /** State for coverage (coverage-states.ts) when it was sent. */
  state: number;
  vm: KnownVm | undefined;
  parcel: KnownParcel | undefined;
  interrupt: KnownInterrupt | undefined;
  note: number;
  /** The action's handlers may use the reply: the mutation left alone who sends the request and what it is about. */
  trusted: boolean;
}
