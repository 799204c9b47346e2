/**
 * Flattened devicetrees: a bounded reader for blobs from outside, a writer, and questions about nodes. What a node
 * means to the resource manager is src/rm's business. (No well-kept library for the flattened form exists on
 * npm, hence these.)
 */
export * from './fdt.js';
export * from './node.js';
export * from './write.js';
