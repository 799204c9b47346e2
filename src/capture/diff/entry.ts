import type { Protocol } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type JsonObject, keysOfContents } from '../keys/index.js';
import {
  type CaptureRecord,
  decodedRecord,
  type MessageFacts,
  messageRecord,
  type RecordType,
} from '../records/index.js';
import { type FieldPath, removeField } from './ignore.js';

/** What the messages of a comparison share. */
export interface Comparison {
  readonly protocol: Protocol;
  /** What is not compared. */
  readonly ignore: readonly FieldPath[];
}

/** A message that is more than its bytes: in several packets, with a comment or issues. */
export interface Special {
  /** Whole messages are not decoded. */
  readonly record: CaptureRecord;
  /** What the reply's layout depends on. */
  readonly request: Values | undefined;
}

/**
 * A message as it is compared. Thousands are held for some time, and so they are small: records of most are made when
 * they are printed.
 */
export interface DiffEntry {
  readonly comparison: Comparison;
  /** The record's number in its capture. */
  readonly no: number;
  /** By these five messages are paired whose contents differ. */
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly type: RecordType | undefined;
  readonly seq: number | undefined;
  readonly id: number | undefined;
  /** 30 bits, equal for messages that differ in `seq` at most. */
  readonly hash: number;
  /** Bytes of memory, about. */
  readonly size: number;
  /** The payload is bytes [start, end) of this, which several messages share. */
  readonly block: Uint8Array;
  readonly start: number;
  readonly end: number;
  /** Undefined: the other keys tell all. */
  readonly special: Special | undefined;
  /** What {@link remainingOf} has made. */
  remaining: string | undefined;
}

/** JSON of what is compared besides `seq`, where fields are left out. */
export function remainingOf(entry: DiffEntry): string {
  if (entry.remaining === undefined) {
    const fields = contentOf(entry, recordOf(entry));
    delete fields.seq;
    entry.remaining = JSON.stringify(fields);
  }
  return entry.remaining;
}

/** The record with its fields, as it is printed. Where and when it was captured is not known any more. */
export function recordOf(entry: DiffEntry): CaptureRecord {
  const { comparison, no, from, to, type, seq, id, block, start, end, special } = entry;
  if (special !== undefined) return decodedRecord(special.record, special.request);
  const facts = { no, from, to, type, seq, id } as MessageFacts;
  return messageRecord(comparison.protocol, facts, block.subarray(start, end));
}

/** The keys that are compared, as an object. */
export function contentOf(
  { comparison: { protocol, ignore } }: DiffEntry,
  record: CaptureRecord,
): JsonObject {
  const fields = keysOfContents.toJson(record, protocol);
  for (const path of ignore) removeField(fields, path);
  return fields;
}
