import { viewOf } from '../../base/bytes.js';
import { MessageType } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { decodePayload } from '../payload/index.js';
import type { CaptureRecord } from './record.js';

/**
 * Decodes a record that the option `undecoded` of an assembler has left without payload. Other records stay as they are.
 *
 * @param request what came with the record.
 */
export function decodedRecord(record: CaptureRecord, request: Values | undefined): CaptureRecord {
  const { type, bytes, raw, message, issues } = record;
  if (bytes === undefined || raw !== undefined) return record;
  const number = MessageType[type as keyof typeof MessageType];
  const decoded = decodePayload(message, number, viewOf(bytes), 0, bytes.length, request);
  return {
    ...record,
    ...decoded,
    issues: decoded.issues.length === 0 ? issues : [...issues, ...decoded.issues],
  };
}
