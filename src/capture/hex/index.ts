/** Reads hex dumps and lines of hex in the styles of common programs, and writes one line of hex per queue message. */
export { DETECT_SIZE, detectHexStyle } from './detect.js';
export { dumpLines, hexReader } from './reader.js';
export type { HexStyle } from './styles.js';
export { hexLine, hexLinePieces } from './writer.js';
