import { type Issue, WireError } from '../../base/error.js';
import { parseHex } from '../../base/hex.js';

/** One parsed NDJSON line; which keys it may have is checked first. */
export type Line = Readonly<Record<string, unknown>>;

/** Throws WireError: the line does not say what a queue message needs, or contradicts itself. */
export function refuse(
  path: string,
  expected: Issue['expected'],
  actual: unknown,
  code = actual === undefined ? 'missing' : 'type',
): never {
  const text = typeof actual === 'number' ? actual : (JSON.stringify(actual) ?? 'nothing');
  const short = typeof text === 'string' && text.length > 60 ? `${text.slice(0, 60)}...` : text;
  throw new WireError({ code, path, offset: 0, expected, actual: short });
}

/** An integer from 0 to `max` under a key, or undefined when the key is absent. */
export function integer(line: Line, key: string, max: number): number | undefined {
  const value = line[key];
  if (value === undefined) return undefined;
  if (typeof value !== 'number' || !Number.isInteger(value)) return refuse(key, 'integer', value);
  return value >= 0 && value <= max ? value : refuse(key, `0..${max}`, value, 'range');
}

/** Hex text under a key as bytes, or undefined when the key is absent. */
export function hexOf(line: Line, key: string): Uint8Array | undefined {
  const value = line[key];
  if (value === undefined) return undefined;
  return (typeof value === 'string' ? parseHex(value) : undefined) ?? refuse(key, 'hex text', value);
}
