/**
 * The declaration language: structs, messages, families and the protocol as plain data. `schemas/` holds the
 * declarations; it imports nothing else of `src`.
 */
export { s32, u8, u16, u32, u64 } from '../wire/index.js';
export {
  bits,
  byRequest,
  bytes,
  counted,
  countedList,
  empty,
  enumeration,
  field,
  flags,
  length,
  list,
  listBy,
  maybeEmpty,
  reserved,
  struct,
} from './declare.js';
export type { FieldOptions } from './declared.js';
export type { Infer, InferInput } from './infer.js';
export {
  type Call,
  call,
  type Family,
  type Message,
  type Notification,
  notification,
  type Payload,
  type RmRules,
  type UnknownCall,
  unknownCall,
} from './message.js';
export {
  formatId,
  type Header,
  idsOf,
  type Limits,
  MessageType,
  type MessageTypeName,
  messageChoice,
  messageNamed,
  messageTypeNames,
  messageWithId,
  type Protocol,
  payloadOf,
  protocol,
} from './protocol.js';
