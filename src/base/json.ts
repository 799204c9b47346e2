import { WireError } from './error.js';
import { printable } from './text.js';

/** Deepest nesting that is read. The deepest line of this project's own has 8 levels. */
const levelsMax = 64;
/**
 * Values that are read at most. Each may take a hundred bytes of memory for two characters; the largest line of this
 * project's own has some 15 000.
 */
const valuesMax = 1 << 20;
/** Characters of a value that an error shows. */
const shownMax = 60;

/**
 * The value of a JSON text from outside. Its nesting is limited, so that functions that call themselves for what a value
 * contains need little stack.
 *
 * @throws WireError `json` with offset 0 for what is not JSON, or nested deeper than 64 levels, or of more than 2^20 values.
 */
export function parseJson(text: string): unknown {
  if (text.length > valuesMax && hasMoreValues(text, valuesMax))
    throw jsonError(`at most ${valuesMax} values`, 'more');
  let value: unknown;
  try {
    value = JSON.parse(text);
  } catch (error) {
    throw jsonError('JSON', (error as SyntaxError).message);
  }
  // Each level takes at least two characters.
  if (text.length >= 2 * levelsMax && isDeeper(value, levelsMax))
    throw jsonError(`at most ${levelsMax} levels of nesting`, 'more');
  return value;
}

/**
 * The text of a JSON value on one line, with escapes for all characters that a terminal obeys instead of showing. It
 * parses to the same value as the text of `JSON.stringify`.
 */
export function jsonText(value: unknown): string {
  return printable(JSON.stringify(value));
}

/** The beginning of the text of a JSON value, for errors. */
export function shownJson(value: unknown): string {
  const text = JSON.stringify(value) ?? 'nothing';
  return text.length > shownMax ? `${text.slice(0, shownMax)}...` : text;
}

/** Whether a text has more than `count` of the characters that stand before values; those in strings count too. */
function hasMoreValues(text: string, count: number): boolean {
  let left = count;
  for (let at = 0; at < text.length && left >= 0; at++) {
    const code = text.charCodeAt(at);
    if (code === 0x2c || code === 0x5b || code === 0x7b) left--;
  }
  return left < 0;
}

function isDeeper(value: unknown, levels: number): boolean {
  if (typeof value !== 'object' || value === null) return false;
  if (levels === 0) return true;
  for (const key in value) if (isDeeper((value as Record<string, unknown>)[key], levels - 1)) return true;
  return false;
}

function jsonError(expected: string, actual: string): WireError {
  return new WireError({ code: 'json', path: '', offset: 0, expected, actual });
}
