/**
 * Guest memory files: memory whose pages can be made inaccessible to the host. Operations are generators of atomic steps,
 * which an event loop or a test can interleave. The VM manager binds the files to guest addresses.
 */
export * from './file.js';
export { type Folio, type FolioState, type Hold, type HoldKind, holdRules } from './folio.js';
export { BETWEEN, canGoOn, finish, Locks, type Pause, type Steps } from './steps.js';
