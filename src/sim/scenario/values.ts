import type { Json } from '../../capture/payload/index.js';
import { isLine, refuse } from './read.js';

/** What steps and expectations have named: payloads as `decode --json` shows them. */
export type Known = ReadonlyMap<string, Json>;

/**
 * A copy of a line in which every `{"$":"name.path"}` is replaced by what it refers to: a field of a named payload, or
 * an entry of a list by its index. Throws WireError `scenario` when there is nothing of that name.
 */
export function withValues(value: unknown, known: Known, path = ''): unknown {
  if (Array.isArray(value)) return value.map((item, index) => withValues(item, known, `${path}[${index}]`));
  if (!isLine(value)) return value;
  if (typeof value.$ === 'string') return lookUp(value.$, known, path);
  return Object.fromEntries(
    Object.entries(value).map(([key, item]) => [
      key,
      withValues(item, known, path === '' ? key : `${path}.${key}`),
    ]),
  );
}

function lookUp(reference: string, known: Known, path: string): Json {
  const [name, ...keys] = reference.split('.');
  let value: Json | undefined = known.get(name as string);
  for (const key of keys) {
    if (typeof value !== 'object' || value === null || !Object.hasOwn(value, key)) {
      value = undefined;
      break;
    }
    value = (value as { [key: string]: Json })[key];
  }
  return value ?? refuse(path, 'something learnt before', reference);
}

/**
 * Whether a value is as expected: objects may have more keys, lists have the same number of entries, numbers may be
 * written as hexadecimal text.
 */
export function matchesPart(expected: unknown, actual: unknown): boolean {
  if (Array.isArray(expected))
    return (
      Array.isArray(actual) &&
      expected.length === actual.length &&
      expected.every((item, index) => matchesPart(item, actual[index]))
    );
  if (isLine(expected))
    return isLine(actual) && Object.entries(expected).every(([key, item]) => matchesPart(item, actual[key]));
  if (expected === actual) return true;
  const left = integerOf(expected);
  return left !== undefined && left === integerOf(actual);
}

function integerOf(value: unknown): bigint | undefined {
  if (typeof value === 'number' && Number.isSafeInteger(value)) return BigInt(value);
  return typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value) ? BigInt(value) : undefined;
}
