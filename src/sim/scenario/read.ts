import { type Line, lineReaders } from '../../base/line-readers.js';

export { isLine, type Line } from '../../base/line-readers.js';

export const { refuse, natural, text, boolean, list, object, hex, u64, oneOf, optional, strictly } =
  lineReaders('scenario');

export function checkKeys(line: Line, keys: readonly string[], path: string): void {
  for (const key of Object.keys(line))
    if (!keys.includes(key)) refuse(`${path}.${key}`, keys.join(', '), key);
}

export function u32(value: unknown, path: string): number {
  const integer = natural(value, path);
  return integer < 2 ** 32 ? integer : refuse(path, 'at most 32 bits', value);
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

/** The key `flags`: a list of names, or the number. */
export function flags(bits: Readonly<Record<string, number>>, value: unknown): number {
  if (!Array.isArray(value)) return u32(value, 'flags');
  return namesOf(Object.keys(bits), value, 'flags').reduce((sum, name) => sum | (bits[name] as number), 0);
}
