/**
 * Framing, sans-IO: cuts messages into queue messages and reassembles them, by RM's rules or by those of a Linux client.
 * Header and limits come from the protocol value. Other folders decode payloads and transport queue messages.
 */
export { fragment, fragmentCount, sizesOf } from './fragment.js';
export { FrameWriter, writeFrame } from './frame-writer.js';
export {
  type FrameHeader,
  type HeaderReader,
  headerFunction,
  headerReader,
  ReusedHeader,
  seqOf,
  typeOf,
  wholeBitsOf,
} from './header.js';
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
export { MessageView } from './message-view.js';
export { OutstandingRequests } from './outstanding-requests.js';
export { messagesOnly, Reassembler, type ReassemblySink, type ReassemblyState } from './reassembler.js';
export { type ReassemblyRules, rmRules, rulesByName, rulesOf } from './rules.js';
