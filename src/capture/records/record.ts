import type { ByteWriter } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import type { Header, Message, Payload } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import type { Clock, Packet, PacketTime } from '../packets/index.js';

/**
 * What a record is. The first three are RPC messages. `continuation` and `malformed` are queue messages that made none.
 * `other` is a message of another queue than RM's.
 */
export const recordTypes = [
  'request',
  'reply',
  'notification',
  'continuation',
  'malformed',
  'other',
] as const;
export type RecordType = (typeof recordTypes)[number];

/** Index of a type in {@link recordTypes}, for tables of numbers by type. */
export function placeOfType(type: RecordType): number {
  let place = 0;
  while (recordTypes[place] !== type) place++;
  return place;
}

/** One packet of a message: where and when it was, and how many payload bytes it brought. */
export interface RecordPacket {
  readonly frame: number;
  readonly time: bigint | undefined;
  /** The same time, where it may be had as halves. */
  readonly clockTime?: PacketTime | undefined;
  /** The clock of `time`; undefined: UTC. */
  readonly clock: Clock | undefined;
  readonly comment: string | undefined;
  readonly size: number;
  /** What the capture lacks of it, or before it. */
  readonly gaps: readonly Issue[];
  /** Its own RPC header; undefined when it is malformed. */
  readonly header: Header | undefined;
}

/** The fields of a payload as bytes, until the next message. There may be more bytes than they take. */
export interface PayloadPlace {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
  /** Value of the request that a reply answers, where its layout depends on it. */
  readonly request: Values | undefined;
}

/**
 * One RPC message of a capture, put together, decoded and matched; or a queue message that is none. Records come in
 * the order in which their messages complete or are given up. Nothing in it is reused, unless the assembler was told so
 * (`reuses`): then `keptRecord` gives one that stays.
 */
export interface CaptureRecord {
  /** Counts records from 1. */
  readonly no: number;
  /** At least one, in order. */
  readonly packets: readonly RecordPacket[];
  readonly from: number;
  readonly to: number;
  /** The queue of a message of the type `other`. */
  readonly queue: string | undefined;
  readonly type: RecordType;
  /** Undefined for malformed ones only. */
  readonly seq: number | undefined;
  readonly id: number | undefined;
  readonly message: Message | undefined;
  /** Continuations that the header announces; 0 for malformed ones. */
  readonly announced: number;
  /** The message never completed. */
  readonly incomplete: boolean;
  /** Error word of a reply that has one. */
  readonly error: number | undefined;
  /** `no` of the request that a reply answers, and the time between in nanoseconds when both have one. */
  readonly request: number | undefined;
  readonly latencyNs: number | undefined;
  /** `no` of the first request with the same sender, seq and id that is still unanswered. */
  readonly duplicateOf: number | undefined;
  /** Layout and value of the payload; the value may be incomplete, and then there are issues. */
  readonly layout: Payload | undefined;
  readonly payload: Values | undefined;
  /** The value is all that the layout declares, so that it can be encoded again. */
  readonly complete: boolean;
  /** Bytes that no field describes. */
  readonly rest: Uint8Array | undefined;
  readonly issues: readonly Issue[];
  /**
   * All payload bytes (a reply's error word included) when the fields do not express them; for continuation,
   * malformed and other the whole queue message.
   */
  readonly raw: Uint8Array | undefined;
  /** Size of the payload in bytes, a reply's error word included. */
  readonly size: number;
  /** All payload bytes, a reply's error word included; only when the assembler was told to keep them. */
  readonly bytes: Uint8Array | undefined;
  /** It came in one packet, of which there is nothing to say but its number, its UTC time and its VMs. */
  readonly isPlain?: boolean;
  /** The fields are all of the payload, and nothing is wrong with the message. Undefined: not known. */
  readonly isSound?: boolean;
  /** Whether there are issues, for those who need not know which. Undefined: look at `issues`. */
  readonly hasIssues?: boolean;
  /** Where its fields are, for those who read them from the bytes. Undefined: not known, or they do not decode. */
  readonly place?: PayloadPlace | undefined;
  /** Writes `payload` as JSON without decoding it; false, and nothing written, where that is not possible. */
  writePayload?(writer: ByteWriter): boolean;
  /** Writes a line for each field without decoding them; false, and nothing written, where that is not possible. */
  writeFields?(writer: ByteWriter): boolean;
}

/** What a record says of its message, without where and when its packets were. */
export type RecordContents = Pick<
  CaptureRecord,
  | 'no'
  | 'from'
  | 'to'
  | 'queue'
  | 'type'
  | 'seq'
  | 'id'
  | 'message'
  | 'incomplete'
  | 'error'
  | 'duplicateOf'
  | 'layout'
  | 'payload'
  | 'complete'
  | 'rest'
  | 'issues'
  | 'raw'
  | 'bytes'
>;

/** One queue message on its own, as `decode --frames` shows it. Valid during the call only. */
export interface Frame {
  readonly packet: Packet;
  readonly from: number;
  readonly to: number;
  /** Undefined when the message is malformed. */
  readonly header: Header | undefined;
  /** Place of the fragment in its message, 0 = first; undefined when no message takes it. */
  readonly index: number | undefined;
  readonly issues: readonly Issue[];
}
