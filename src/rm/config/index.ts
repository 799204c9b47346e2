/**
 * A VM's configuration, read from the devicetree in its image. Pure: a tree in, a plain description or a
 * refusal out; what RM makes of it is src/rm/create's business.
 */
export * from './guid.js';
export * from './parse.js';
export { ConfigRefused } from './reader.js';
export type * from './types.js';
