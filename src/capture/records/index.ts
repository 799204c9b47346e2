/** Assembles packets to records: whole RPC messages, and replies with their requests. */
export { Assembler, type AssemblerOptions, type Frame } from './assembler.js';
export type { Outstanding } from './conversation.js';
export type { CaptureRecord, RecordPacket, RecordType } from './record.js';
export { RouteGuess } from './route.js';
