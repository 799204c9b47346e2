/**
 * A VM's configuration as the devicetree in its image states it. Pure functions from a tree to a plain description or a
 * refusal. src/rm/create acts on it.
 */
export * from './guid.js';
export * from './parse.js';
export { ConfigRefused, FatalTree } from './reader.js';
export type * from './types.js';
