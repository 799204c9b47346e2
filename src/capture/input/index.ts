/** Detects the format of an input and opens the reader that fits. */
export { detectFormat, openReader } from './detect.js';
export { INPUT_FORMATS, type InputFormat, type InputOptions, inputFormats } from './formats.js';
export { CaptureInput, type EmptyText, type InputState } from './input.js';
