/** Reads queue messages that stand one after the other, without anything between them. */
export { binReader, isBin } from './reader.js';
