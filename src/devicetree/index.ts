/**
 * Flattened devicetrees: a bounded reader for blobs from outside, a writer, and functions that look at nodes. The
 * meaning of a node for the resource manager is in src/rm. No well-kept library for the flattened form exists on npm.
 */
export * from './fdt.js';
export * from './node.js';
export * from './overlay.js';
export { formatSource } from './source.js';
export * from './write.js';
