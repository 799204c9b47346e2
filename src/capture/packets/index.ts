/** What every reader shares: packets, the sinks that take them, and buffers that cut a byte stream into items and lines. */
export { GrowingBuffer } from './growing-buffer.js';
export { indexOfByte, LineCutter, LineSplitter } from './line-splitter.js';
export {
  type CaptureReader,
  type CaptureWarning,
  type Clock,
  clocks,
  copyOfPacket,
  emptyPacket,
  PACKET_SIZE,
  type Packet,
  type PacketSink,
  packetWith,
  putMessage,
  type UsualSink,
  type WarningSink,
} from './packet.js';
export { clockTimeOf, joinHalves, PacketTime } from './packet-time.js';
export { type ItemFormat, Splitter, type SplitterState } from './splitter.js';
