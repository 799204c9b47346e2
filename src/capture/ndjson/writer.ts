import type { TextOutput } from '../../base/text-output.js';
import type { Protocol } from '../../schema/index.js';
import { keysOfFrames, keysOfRecords, type LineKeys } from '../keys/index.js';
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

/** The line of a record of any size. */
export function writeRecordLine(protocol: Protocol, record: CaptureRecord, output: TextOutput): void {
  writeLine(keysOfRecords, record, record.size, protocol, output);
}

/** The same for a queue message. */
export function writeFrameLine(protocol: Protocol, frame: Frame, output: TextOutput): void {
  writeLine(keysOfFrames, frame, frame.packet.end - frame.packet.start, protocol, output);
}

function writeLine<Item>(
  keys: LineKeys<Item>,
  item: Item,
  size: number,
  protocol: Protocol,
  output: TextOutput,
): void {
  if (size < LARGE) {
    keys.write(item, protocol, output.writer);
    output.written();
  } else for (const piece of keys.toPieces(item, protocol)) output.write(piece);
}
