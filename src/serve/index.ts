/**
 * The simulated manager for peers that connect and disconnect: which peer is which VM, who gets which message, and the
 * framing of byte streams. Sockets and the clock are in src/node.
 */
export {
  type Counterpart,
  LiveManager,
  type LiveOptions,
  type MemoryContents,
  type Outlet,
} from './live-manager.js';
export { isWatchRequest, RecordSplitter, watchRequest, writeRecord } from './records.js';
