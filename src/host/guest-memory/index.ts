/**
 * Guest memory files: memory that can be taken from the host, and the steps of which the operations on it consist, so
 * that whoever runs them can interleave them. Not here: bindings to a VM's addresses, which are the VM manager's.
 */
export * from './file.js';
export { type Folio, type FolioState, type Hold, type HoldKind, holdRules } from './folio.js';
export { BETWEEN, canGoOn, finish, Locks, type Pause, type Steps } from './steps.js';
