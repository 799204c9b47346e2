/**
 * The simulated resource manager: state, and rows that say how each message is answered. It communicates through
 * message queues only and is driven by its holder. Worlds and recordings are in src/sim, live transports in src/node.
 */

export type { ManagerOptions } from './boot.js';
export { VmState } from './codes.js';
export { type HandlerFacts, handlerFacts } from './handlers/facts.js';
export { Link } from './link.js';
export { ResourceManager } from './manager.js';
export { type ManagerName, type ManagerProfile, managers } from './managers.js';
export { type PanicPlace, type PanicReason, panicPlaces } from './panics.js';
export * from './platform.js';
