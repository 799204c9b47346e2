/** Assembles packets to records: whole RPC messages, and replies with their requests. */
export { Assembler } from './assembler.js';
export type { Outstanding, UnansweredRequest } from './conversation.js';
export { contentsOf, keptRecord } from './kept.js';
export { KeptRecord } from './kept-record.js';
export { LazyRecord } from './lazy-record.js';
export { holdLimits, PART_SIZE } from './limits.js';
export type { AssemblerOptions } from './options.js';
export {
  type CaptureRecord,
  type Frame,
  type PayloadPlace,
  placeOfType,
  type RecordContents,
  type RecordPacket,
  type RecordType,
  recordTypes,
} from './record.js';

export { RouteGuess } from './route.js';
export type { AssemblerState } from './state.js';
