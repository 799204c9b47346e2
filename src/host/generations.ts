import type { ErrnoClient, Source } from '../../schemas/index.js';
import type { Errno } from './errno.js';

/** How one Linux client sends, receives and waits: the differences that client.md, sections 1 to 4, lists. */
export interface Generation {
  /** Label of client.md. */
  readonly name: Source;
  readonly doc: string;
  /** Source of the transport's rules: the genuine code was run, or read, or transcribed by hand and then run. */
  readonly evidence: 'measured' | 'read' | 'transcribed';
  /** Sequence numbers run from 0 to one less than this. */
  readonly sequenceCount: number;
  /** A call that could not be sent frees its sequence number. */
  readonly freesFailedSequence: boolean;
  /** Longest request payload, in bytes. More is E2BIG. */
  readonly requestSizeMax: number;
  /**
   * Calls that may wait for a reply at once; 1 if the send lock is held until the reply. RM keeps one pending reply per
   * VM, so with more than one a reply can be lost when the queue is full.
   */
  readonly outstandingMax: number;
  /** Error of a call that is interrupted while it waits for the send lock; undefined: it cannot be interrupted. */
  readonly interruptedErrno: Errno | undefined;
  /** Column of the table of error codes. */
  readonly errnoClient: ErrnoClient;
  /** Shorter queue messages are ignored. Bytes. */
  readonly frameSizeMin: number;
  /** Checks the first byte of a queue message. */
  readonly checksApi: boolean;
  /** After a wrong first byte or a request, the rest of the queue is left until the next interrupt. */
  readonly stopsReading: boolean;
  /** Whether a continuation with another message id ends the message in assembly, or the id is ignored. */
  readonly misfit: 'aborts' | 'message_id_ignored';
  /** Result of a reply that was aborted after a first part with an error word other than OK. */
  readonly abortedReply: 'EIO' | 'error_word';
  /** An unexpected reply, or one without an error word: it is dropped (the latter with ENOMEM), or crashes the client. */
  readonly refusedReply: 'is_dropped' | 'crashes';
  /**
   * Size of the buffer for a message. `exact`: the first payload and 232 bytes per continuation. `per_message`: 228 bytes
   * (replies) or 232 (notifications) times the number of queue messages, and no buffer if the first payload is empty.
   */
  readonly buffer: 'exact' | 'per_message';
  /** Frees the partial payload of a call that ends with ENOMEM. */
  readonly freesOnNomem: boolean;
  /** Keeps its reference to the device when it drops a notification of which only a part has come. */
  readonly keepsDevice: boolean;
  /** Whether sharing and lending are two functions, or one that lends to a single receiver. */
  readonly memShare: 'separate_calls' | 'by_acl_count';
}

const receptionKeys = [
  'frameSizeMin',
  'checksApi',
  'stopsReading',
  'misfit',
  'abortedReply',
  'refusedReply',
  'buffer',
  'freesOnNomem',
  'keepsDevice',
  'errnoClient',
] as const satisfies readonly (keyof Generation)[];

/** What the outcome of received messages depends on. Generations that are equal in it do the same with them. */
export type Reception = Pick<Generation, (typeof receptionKeys)[number]>;

export function receptionOf(generation: Reception): Reception {
  return Object.fromEntries(receptionKeys.map((key) => [key, generation[key]])) as unknown as Reception;
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
  keepsDevice: true,
  memShare: 'separate_calls',
};

const direct: Omit<Generation, 'name' | 'doc' | 'evidence'> = {
  ...mailbox,
  stopsReading: true,
  freesOnNomem: true,
  keepsDevice: false,
  memShare: 'by_acl_count',
};

/** The clients, by the labels of client.md. */
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
    keepsDevice: false,
  },
} as const satisfies Readonly<Partial<Record<Source, Generation>>>;

export type GenerationName = keyof typeof generations;
