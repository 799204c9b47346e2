/** Checkers: what must hold in a world whatever happens, read from queues and state. They share no code with the manager. */
export { Checker } from './checker.js';
export { type Holdings, holdings, inspect } from './state.js';
export { type KnownFault, knownFaults, type Violation } from './violation.js';
