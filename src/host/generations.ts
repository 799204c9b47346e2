import type { ErrnoClient, Source } from '../../schemas/index.js';
import type { Errno } from './errno.js';

/** Where a row of the table comes from. */
type Evidence = 'measured' | 'read' | 'transcribed';

/** How one Linux client sends, receives and waits: what client.md, sections 1 to 4, says differs between them. */
export interface Generation {
  /** Label of client.md. */
  readonly name: Source;
  readonly doc: string;
  /** Of the transport: the genuine code was run, or read, or transcribed by hand and then run. */
  readonly evidence: Evidence;
  /** Number of sequence numbers: they go round from 0 to one less. */
  readonly sequenceCount: number;
  /** A call that could not be sent gives its sequence number back when it returns. */
  readonly freesFailedSequence: boolean;
  /** Bytes of the longest request payload; more is E2BIG. */
  readonly requestSizeMax: number;
  /**
   * Calls that may wait for a reply at once: one when the send lock is held until the reply. RM keeps one reply pending
   * per VM, so where several wait a reply can be lost when the queue is full.
   */
  readonly outstandingMax: number;
  /** What a call ends with that is interrupted while it waits for the send lock; undefined: it cannot be. */
  readonly interruptedErrno: Errno | undefined;
  /** Column of the table of error codes. */
  readonly errnoClient: ErrnoClient;
  /** Shortest queue message that it looks at, in bytes. */
  readonly frameSizeMin: number;
  /** The first byte of a queue message is looked at. */
  readonly checksApi: boolean;
  /** A bad first byte, or a request, makes it leave what else is in the queue there until the next interrupt. */
  readonly stopsReading: boolean;
  /** A continuation with another message id, or another number of continuations, ends the message in assembly. */
  readonly misfit: 'aborts' | 'message_id_ignored';
  /** Which outcome counts when a reply was aborted whose first part had an error word other than OK. */
  readonly abortedReply: 'EIO' | 'error_word';
  /** What a reply that nobody waits for, or without an error word, does: nothing and ENOMEM, or it kills the client. */
  readonly refusedReply: 'is_dropped' | 'crashes';
  /**
   * Room for what comes in: `exact`, for the first payload and 232 bytes per continuation; or as much as the first
   * queue message can bring (replies 228 bytes, notifications 232) times the number of queue messages, and none if the
   * first brings nothing.
   */
  readonly buffer: 'exact' | 'per_message';
  /** Frees the payload in assembly of a call that ends with ENOMEM. */
  readonly freesOnNomem: boolean;
  /** How sharing and lending are told apart. */
  readonly memShare: 'separate_calls' | 'by_acl_count';
}

const mailbox: Omit<Generation, 'name' | 'doc' | 'evidence'> = {
  sequenceCount: 65_536,
  freesFailedSequence: true,
  requestSizeMax: 14_384,
  outstandingMax: 1,
  interruptedErrno: undefined,
  errnoClient: 'mainline',
  frameSizeMin: 8,
  checksApi: true,
  stopsReading: false,
  misfit: 'aborts',
  abortedReply: 'EIO',
  refusedReply: 'is_dropped',
  buffer: 'exact',
  freesOnNomem: false,
  memShare: 'separate_calls',
};

const direct: Omit<Generation, 'name' | 'doc' | 'evidence'> = {
  ...mailbox,
  stopsReading: true,
  freesOnNomem: true,
  memShare: 'by_acl_count',
};

/** The clients whose transport is here, by label. */
export const generations = {
  v9: { ...mailbox, name: 'v9', doc: 'version 9 of the patch series', evidence: 'read' },
  v11: { ...mailbox, name: 'v11', doc: 'version 11 of the patch series', evidence: 'read' },
  a14: { ...mailbox, name: 'a14', doc: 'android14-6.1', evidence: 'measured' },
  v17: {
    ...direct,
    name: 'v17',
    doc: 'version 17 of the patch series',
    evidence: 'measured',
    outstandingMax: Number.POSITIVE_INFINITY,
    interruptedErrno: 'EINTR',
  },
  a15: { ...direct, name: 'a15', doc: 'android15-6.6', evidence: 'measured' },
  q61: { ...mailbox, name: 'q61', doc: 'Qualcomm 6.1, over the transport of a14', evidence: 'measured' },
  q66: { ...direct, name: 'q66', doc: 'Qualcomm 6.6, over the transport of a15', evidence: 'measured' },
  q612: { ...direct, name: 'q612', doc: 'Qualcomm 6.12, over the transport of a15', evidence: 'measured' },
  q515: {
    ...mailbox,
    name: 'q515',
    doc: 'Qualcomm 5.15, with a transport of its own',
    evidence: 'transcribed',
    sequenceCount: 65_535,
    freesFailedSequence: false,
    requestSizeMax: 14_616,
    outstandingMax: Number.POSITIVE_INFINITY,
    interruptedErrno: 'ERESTARTSYS',
    errnoClient: 'q515',
    frameSizeMin: 9,
    checksApi: false,
    misfit: 'message_id_ignored',
    abortedReply: 'error_word',
    refusedReply: 'crashes',
    buffer: 'per_message',
    freesOnNomem: true,
  },
} as const satisfies Readonly<Partial<Record<Source, Generation>>>;

export type GenerationName = keyof typeof generations;
