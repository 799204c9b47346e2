import { Linter, type LinterOptions } from '../../src/lint/index.js';

/** Lints the lines of a recording. */
export function lintLines(options: Omit<LinterOptions, 'isCapture'>, lines: Iterable<unknown>): void {
  const linter = new Linter({ ...options, isCapture: false });
  for (const line of lines) linter.line(line);
  linter.end();
}
