import { WireError } from '../../base/error.js';

/** A line of a scenario, or an object in it. */
export type Line = Readonly<Record<string, unknown>>;

export function refuse(path: string, expected: string, actual: unknown): never {
  const text = JSON.stringify(actual) ?? 'nothing';
  throw new WireError({ code: 'scenario', path, offset: 0, expected, actual: text.slice(0, 60) });
}

export function isLine(value: unknown): value is Line {
  return typeof value === 'object' && value !== null && !Array.isArray(value);
}

export function optional<T>(
  line: Line,
  key: string,
  read: (value: unknown, path: string) => T,
): T | undefined {
  return line[key] === undefined ? undefined : read(line[key], key);
}

export function natural(value: unknown, path: string): number {
  return Number.isSafeInteger(value) && (value as number) >= 0
    ? (value as number)
    : refuse(path, 'an integer from 0 up', value);
}

export function text(value: unknown, path: string): string {
  return typeof value === 'string' ? value : refuse(path, 'a text', value);
}

export function object(value: unknown, path: string): Line {
  return isLine(value) ? value : refuse(path, 'an object', value);
}

export function checkKeys(line: Line, keys: readonly string[], path: string): void {
  for (const key of Object.keys(line))
    if (!keys.includes(key)) refuse(`${path}.${key}`, keys.join(', '), key);
}

/** Without the keys that have no value. */
export function present<T extends object>(values: T): { [K in keyof T]?: Exclude<T[K], undefined> } {
  return Object.fromEntries(Object.entries(values).filter(([, value]) => value !== undefined)) as never;
}

/** An integer of at most 64 bits from 0 up, as a number or as decimal or hexadecimal text. */
export function u64(value: unknown, path: string): bigint {
  const isText = typeof value === 'string' && /^(0x[0-9a-f]+|\d+)$/i.test(value);
  const integer = BigInt(isText ? value : natural(value, path));
  return integer < 2n ** 64n ? integer : refuse(path, 'at most 64 bits', value);
}

export function u32(value: unknown, path: string): number {
  const integer = natural(value, path);
  return integer < 2 ** 32 ? integer : refuse(path, 'at most 32 bits', value);
}

/** One of some names. */
export function oneOf<T extends string>(names: readonly T[], value: unknown, path: string): T {
  return names.find((name) => name === value) ?? refuse(path, names.join(', '), value);
}

/** A list of texts, or one. */
export function texts(value: unknown, path: string): string[] {
  const list = Array.isArray(value) ? value : [value];
  return list.map((item, index) => text(item, `${path}[${index}]`));
}

/** A list of some names, or one. */
export function namesOf<T extends string>(names: readonly T[], value: unknown, path: string): T[] {
  return texts(value, path).map((name) => oneOf(names, name, path));
}

/** Flags: a list of names, or the number. */
export function flags(bits: Readonly<Record<string, number>>, value: unknown, path: string): number {
  if (!Array.isArray(value)) return u32(value, path);
  return namesOf(Object.keys(bits), value, path).reduce((sum, name) => sum | (bits[name] as number), 0);
}
