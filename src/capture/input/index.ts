/** Detects the format of an input and opens the reader that fits. */
export { captureReader, detectFormat } from './detect.js';
export { INPUT_FORMATS, type InputFormat, inputFormats } from './formats.js';
export { CaptureInput } from './input.js';
