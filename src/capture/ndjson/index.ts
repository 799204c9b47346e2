/** Writes records and queue messages as lines of NDJSON, and reads such lines back as packets. */
export { linePackets } from './line-packets.js';
export { PacketOrder } from './packet-order.js';
export { ndjsonReader } from './reader.js';
export { frameLine, recordLine, writeFrameLine, writeRecordLine } from './writer.js';
