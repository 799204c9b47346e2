/** Detects the format of an input and opens the reader that fits. */
export { captureReader, detectFormat, INPUT_FORMATS, type InputFormat } from './detect.js';
export { CaptureInput } from './input.js';
