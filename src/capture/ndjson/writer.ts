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

/** Bytes of a message from which on its line is written in pieces. */
const LARGE = 1 << 16;

/** The line of a record of any size, in as many calls of `write` as it needs. */
export function writeRecordLine(
  protocol: Protocol,
  record: CaptureRecord,
  write: (text: string) => void,
): void {
  if (record.size < LARGE) write(recordLine(protocol, record));
  else for (const piece of keysOfRecords.toPieces(record, protocol)) write(piece);
}

/** The same for a queue message. */
export function writeFrameLine(protocol: Protocol, frame: Frame, write: (text: string) => void): void {
  if (frame.packet.end - frame.packet.start < LARGE) write(frameLine(protocol, frame));
  else for (const piece of keysOfFrames.toPieces(frame, protocol)) write(piece);
}
