import { LazyRecord } from './lazy-record.js';
import type { CaptureRecord, RecordContents } from './record.js';

/** The record, for longer than until the next message. */
export function keptRecord(record: CaptureRecord): CaptureRecord {
  return record instanceof LazyRecord ? record.kept() : record;
}

/**
 * What the record says of its message, for longer than until the next one.
 *
 * @param latest the bytes of the latest packet, which nobody changes: what came in it alone need not be copied.
 */
export function contentsOf(record: CaptureRecord, latest: Uint8Array): RecordContents {
  return record instanceof LazyRecord ? record.contents(latest) : record;
}
