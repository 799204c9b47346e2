import { viewOf } from '../../base/bytes.js';
import { MessageType, type MessageTypeName, type Protocol } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { decodePayload } from '../payload/index.js';
import type { CaptureRecord } from './record.js';

/** What tells which message a record is. */
export interface MessageFacts {
  readonly no: number;
  readonly from: number;
  readonly to: number;
  readonly type: MessageTypeName;
  readonly seq: number;
  readonly id: number;
}

/**
 * Decodes a record that the option `undecoded` of an assembler has left without payload. Other records stay as they are.
 *
 * @param request what came with the record.
 */
export function decodedRecord(record: CaptureRecord, request: Values | undefined): CaptureRecord {
  const { type, bytes, raw, message, issues } = record;
  if (bytes === undefined || raw !== undefined) return record;
  const number = MessageType[type as MessageTypeName];
  const decoded = decodePayload(message, number, viewOf(bytes), 0, bytes.length, request);
  return {
    ...record,
    ...decoded,
    issues: decoded.issues.length === 0 ? issues : [...issues, ...decoded.issues],
  };
}

/** Whether a record that is not decoded is that of {@link messageRecord}, apart from where and when it was captured. */
export function isPlainMessage({ packets, incomplete, announced, raw, issues }: CaptureRecord): boolean {
  const [packet, more] = packets;
  return (
    packet !== undefined &&
    more === undefined &&
    packet.comment === undefined &&
    !incomplete &&
    announced === 0 &&
    raw === undefined &&
    issues.length === 0
  );
}

/** The record of a message in one packet, decoded, without what its place in a capture tells. */
export function messageRecord(
  protocol: Protocol,
  { no, from, to, type, seq, id }: MessageFacts,
  bytes: Uint8Array,
): CaptureRecord {
  const message = protocol.byId.get(id);
  const size = bytes.length;
  const decoded = decodePayload(message, MessageType[type], viewOf(bytes), 0, size, undefined);
  // Named one by one: V8 makes objects of this size slow that are put together with spreads.
  return {
    no,
    packets: [
      { frame: 0, time: undefined, clock: undefined, comment: undefined, size, gaps: [], header: undefined },
    ],
    from,
    to,
    queue: undefined,
    type,
    seq,
    id,
    message,
    announced: 0,
    incomplete: false,
    error: decoded.error,
    request: undefined,
    latencyNs: undefined,
    duplicateOf: undefined,
    layout: decoded.layout,
    payload: decoded.payload,
    complete: decoded.complete,
    rest: decoded.rest,
    issues: decoded.issues,
    raw: decoded.raw,
    size,
    bytes: undefined,
  };
}
