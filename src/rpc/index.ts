/**
 * Framing, sans-IO: cutting a message into queue messages and putting queue messages together again, by RM's rules or
 * by those of a Linux client. It knows the header and the limits from the protocol value; what a payload means, and
 * what carries the queue messages, is left to others.
 */
export { fragment, fragmentCount, sizesOf } from './fragment.js';
export { type FrameHeader, FrameWriter, writeFrame } from './frame-writer.js';
export { type HeaderReader, headerReader } from './header.js';
export {
  type DecodedMessage,
  type DecodeMessageOptions,
  decodeMessage,
  type EncodeMessageFields,
  encodeMessage,
  type PayloadInput,
  type PayloadValue,
  type WholeType,
} from './message.js';
export { Reassembler, type ReassemblySink } from './reassembler.js';
export { type ReassemblyRules, rmRules, rulesByName, rulesOf } from './rules.js';
