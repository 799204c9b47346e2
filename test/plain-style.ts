import type { PrintStyle } from '../src/capture/print/index.js';

const same = (text: string) => text;

/** No colours. */
export const plainStyle: PrintStyle = {
  isPlain: true,
  name: same,
  dim: same,
  good: same,
  bad: same,
  warn: same,
  accent: same,
};
