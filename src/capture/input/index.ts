/** Detects the format of an input and opens the reader that fits. */
export {
  detectFormat,
  INPUT_FORMATS,
  type InputFormat,
  type InputOptions,
  openReader,
} from './detect.js';
export { CaptureInput } from './input.js';
