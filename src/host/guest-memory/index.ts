/**
 * Guest memory files: memory whose pages can be made inaccessible to the host. Operations are generators of atomic steps,
 * which an event loop or a test can interleave. The VM manager binds the files to guest addresses.
 */
export { checkFallocate, fallocateModes } from './fallocate.js';
export {
  GuestMemoryFile,
  type GuestMemoryOptions,
  guestMemoryFlags,
  type MemoryEntry,
} from './file.js';
export type { FileRange } from './file-range.js';
export { type Folio, type FolioState, type Hold, type HoldKind, holdRules } from './folio.js';
export { type HostPages, type PageElsewhere, pageElsewhere } from './host-pages.js';
export { BETWEEN, canGoOn, finish, Locks, type Pause, type Steps } from './steps.js';
