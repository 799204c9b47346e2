/**
 * The simulated manager for peers that come and go: who speaks as which VM, what waits for whom, and the framing of
 * byte streams. No sockets, no clock: those are src/node's.
 */
export { LiveManager, type LiveOptions, type MemoryContents, type Outlet } from './live-manager.js';
export { RecordSplitter, writeRecord } from './records.js';
