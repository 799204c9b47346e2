import type { Protocol } from '../../schema/index.js';
import { keysOfFrames, keysOfRecords } from '../keys/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';

/** A record as one NDJSON line with its line feed, as `decode --json` prints it. */
export function recordLine(protocol: Protocol, record: CaptureRecord): string {
  return keysOfRecords.toText(record, protocol);
}

/** A queue message as one NDJSON line with its line feed, as `decode --frames --json` prints it. */
export function frameLine(protocol: Protocol, frame: Frame): string {
  return keysOfFrames.toText(frame, protocol);
}
