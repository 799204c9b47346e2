/**
 * Everything that programs use, in Node and in browsers alike: no file, socket or clock is touched behind this entry.
 * Values are plain objects: numbers for enums and flags, bigint for u64, Uint8Array for bytes; names and hex text are
 * made by `payloadToJson`. Bytes from outside can only cause WireError; wrong use causes UsageError.
 */
import { protocol } from '../schemas/index.js';
import {
  type DecodedMessage,
  type DecodeMessageOptions,
  decodeMessage as decodeMessageOf,
  type EncodeMessageFields,
  encodeMessage as encodeMessageOf,
  MessageView,
  type PayloadInput,
  type PayloadValue,
  type WholeType,
} from './rpc/index.js';
import type { Message } from './schema/index.js';

export * from '../schemas/index.js';
export { formatIssue, type Issue, UsageError, WireError } from './base/error.js';
export { formatHex, parseHex } from './base/hex.js';
export { formatTime, parseTime } from './base/time.js';
export { hexLine, hexReader } from './capture/hex/index.js';
export { detectFormat, INPUT_FORMATS, type InputFormat, openReader } from './capture/input/index.js';
export { frameLine, ndjsonReader, recordLine } from './capture/ndjson/index.js';
export type {
  CaptureReader,
  CaptureWarning,
  Packet,
  PacketSink,
  WarningSink,
} from './capture/packets/index.js';
export { type Json, payloadFromJson, payloadToJson } from './capture/payload/index.js';
export { PcapngWriter, pcapngReader, pcapReader } from './capture/pcap/index.js';
export type { CaptureRecord, Outstanding, RecordPacket, RecordType } from './capture/records/index.js';
export { Assembler, type AssemblerOptions, type Frame } from './capture/records/index.js';
export {
  type Annotation,
  annotate,
  Codec,
  codecOf,
  type ListView,
  type Range,
  View,
  type Viewed,
  view,
} from './codec/index.js';
export {
  type DecodedMessage,
  type DecodeMessageOptions,
  type EncodeMessageFields,
  fragment,
  type MessageView,
  Reassembler,
  type ReassemblyRules,
  type ReassemblySink,
  rmRules,
  rulesByName,
  rulesOf,
} from './rpc/index.js';
export {
  type Call,
  type Family,
  formatId,
  type Header,
  type Infer,
  type InferInput,
  type Message,
  MessageType,
  type Notification,
  type Protocol,
  payloadOf,
} from './schema/index.js';

/**
 * Decodes one RPC message of the resource manager from its queue messages, in order. Strict: throws WireError with code,
 * field path and byte offset for whatever does not fit; offsets count from the first payload byte, in replies from
 * after the error word. With `message` and `type` the result is typed, and anything else is refused.
 */
export function decodeMessage<M extends Message = Message, T extends WholeType = WholeType>(
  frames: Uint8Array | readonly Uint8Array[],
  options: DecodeMessageOptions<M, T> = {},
): DecodedMessage<PayloadValue<M, T>> {
  return decodeMessageOf(protocol, frames, options);
}

/**
 * The queue messages (at most 240 bytes each) of one RPC message. Throws WireError for a payload that does not fit its
 * declaration, UsageError for a kind that the message does not have or a payload above 14 616 bytes.
 */
export function encodeMessage<M extends Message, T extends WholeType>(
  message: M,
  type: T,
  fields: EncodeMessageFields<PayloadInput<M, T>>,
): Uint8Array[] {
  return encodeMessageOf(protocol, message, type, fields);
}

/**
 * Finds the messages of one kind among queue messages and shows their payloads, without decoding them: for programs that look
 * at a few fields of many messages. Throws UsageError for a kind of which no layout is declared.
 */
export function messageView<M extends Message, T extends WholeType>(
  message: M,
  type: T,
): MessageView<PayloadValue<M, T>> {
  return new MessageView(protocol, message, type);
}
