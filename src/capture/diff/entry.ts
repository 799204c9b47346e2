import type { CaptureRecord, RecordType } from '../records/index.js';
import type { Comparison } from './comparison.js';

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
  /** The record of a message that is more than its bytes: in several packets, with a comment or issues. */
  readonly special: CaptureRecord | undefined;
  /** What {@link remainingOf} has made. */
  remaining: string | undefined;
}

/** JSON of what is compared besides `seq`, where fields are left out. */
export function remainingOf(entry: DiffEntry): string {
  if (entry.remaining === undefined) {
    const fields = entry.comparison.contentOf(entry);
    delete fields.seq;
    entry.remaining = JSON.stringify(fields);
  }
  return entry.remaining;
}
