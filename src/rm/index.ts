/**
 * The simulated resource manager: state, dispatch, one handler file per message family. It speaks through message
 * queues only and is driven from outside; worlds, recordings and live transports are src/sim's and src/node's.
 */

export type { ManagerOptions } from './boot.js';
export { VmState } from './codes.js';
export { Link } from './link.js';
export { ResourceManager } from './manager.js';
export { panicDocument, panicTable } from './panic-text.js';
export { type PanicPlace, type PanicReason, panicPlaces } from './panics.js';
export * from './platform.js';
