/** Reads bytes in the forms of text in which people have them, and writes one line of hex per queue message. */
export { DETECT_SIZE, FormDetector, formBehindPrefixes, textDetector } from './detect.js';
export type { Recogniser, TextForm } from './form.js';
export { type HexStyle, textForms } from './forms.js';
export { kernelLogForm } from './kernel-log.js';
export { hexReader, kernelLogLines } from './reader.js';
export { hexLine, hexLinePieces } from './writer.js';
