import { bits, field, struct, u16, u32 } from '../src/schema/index.js';
import { msgType } from './enums.js';

/** The 8 bytes in front of every queue message (rpc.md, "RPC header"). Byte 0 is always 0x21. */
export const HEADER = struct(8, {
  api_version: bits(0, 4, 'always 1'),
  header_words: bits(4, 4, 'length of this header in 32-bit words, always 2'),
  type: bits(0, 2, 'what the message is', msgType),
  fragments: bits(2, 6, 'continuations that follow the first message, 0..62, the same in all of them'),
  seq: field(u16, "sequence number; a reply repeats the request's"),
  msg_id: field(u32, 'message id'),
});
