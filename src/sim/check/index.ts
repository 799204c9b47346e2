/** Checkers of rules that must hold in every world. They read queues and state, and share no code with the manager. */
export { Checker } from './checker.js';
export { type Holdings, holdings, inspect } from './state.js';
export { type KnownFault, knownFaults, type Violation } from './violation.js';
