import { type Choice, WireError } from './error.js';
import { parseHex } from './hex.js';
import { shownJson } from './json.js';

/** A line of NDJSON from outside, or an object in it. */
export type Line = Readonly<Record<string, unknown>>;

export function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

/** Reads one value. @param path names it in errors. */
type Read<T> = (value: unknown, path: string) => T;

/**
 * Readers of the values in recordings, scenarios, findings, campaigns and fixtures. Each throws a WireError for a value that it does not accept.
 *
 * @param code of those errors.
 */
export function lineReaders(code: string) {
  const refuse = (path: string, expected: string, actual: unknown, choice?: Choice): never => {
    const fault = { code, path, offset: 0, expected, actual: shownJson(actual) };
    throw new WireError(choice === undefined ? fault : { ...fault, choice });
  };
  const refuseKey = (path: string, key: string, names: readonly string[]): never => {
    const place = path === '' ? key : `${path}.${key}`;
    const expected = names.join(', ');
    const choice = { what: 'key', names };
    throw new WireError({
      code: 'unknown_key',
      path: place,
      offset: 0,
      expected,
      actual: key,
      choice,
    });
  };
  const natural: Read<number> = (value, path) =>
    Number.isSafeInteger(value) && (value as number) >= 0
      ? (value as number)
      : refuse(path, 'an integer from 0 up', value);
  const text: Read<string> = (value, path) =>
    typeof value === 'string' ? value : refuse(path, 'a text', value);
  return {
    refuse,
    natural,
    text,
    boolean: ((value, path) =>
      typeof value === 'boolean' ? value : refuse(path, 'true or false', value)) as Read<boolean>,
    list: ((value, path) => (Array.isArray(value) ? value : refuse(path, 'a list', value))) as Read<
      readonly unknown[]
    >,
    /**
     * Reads an object, each of whose keys must mean something: one that `read` has not looked at is refused.
     *
     * @param path of the object in errors; empty for a whole line. @param others keys that mean something to others.
     * @throws WireError `unknown_key`, with the keys that would have been read.
     */
    strictly: <T>(line: Line, path: string, read: (line: Line) => T, others: readonly string[] = []): T => {
      const known = new Set<string | symbol>(others);
      const get = (target: Line, key: string | symbol): unknown => {
        known.add(key);
        return Reflect.get(target, key);
      };
      const value = read(new Proxy(line, { get }));
      for (const key of Object.keys(line)) if (!known.has(key)) refuseKey(path, key, [...known].map(String));
      return value;
    },
    /** One of some names. */
    oneOf: <T extends string>(names: readonly T[], value: unknown, path: string): T =>
      names.find((name) => name === value) ?? refuse(path, names.join(', '), value),
    object: ((value, path) => (isLine(value) ? value : refuse(path, 'an object', value))) as Read<Line>,
    /** Bytes, as hexadecimal digits. */
    hex: ((value, path) =>
      parseHex(text(value, path)) ?? refuse(path, 'bytes in hexadecimal', value)) as Read<Uint8Array>,
    /** An integer of at most 64 bits from 0 up, as a number or as decimal or hexadecimal text. */
    u64: ((value, path) => {
      const isText = typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value);
      const integer = BigInt(isText ? value : natural(value, path));
      return integer < 2n ** 64n ? integer : refuse(path, 'at most 64 bits', value);
    }) as Read<bigint>,
    /** The value of a key, undefined where the line does not have it. */
    optional: <T>(line: Line, key: string, read: Read<T>): T | undefined =>
      line[key] === undefined ? undefined : read(line[key], key),
  };
}
