import { nameLike } from '../../base/nearest.js';
import type { EnumType, FlagsType } from '../../wire/index.js';

const known = new WeakMap<EnumType | FlagsType, ReadonlyMap<string, number>>();

/** Every name of a value: declared names, aliases, and the names that some clients add. */
export function valueNames(type: EnumType | FlagsType): ReadonlyMap<string, number> {
  const before = known.get(type);
  if (before !== undefined) return before;
  const values = type.kind === 'enum' ? type.values : type.bits;
  const names = new Map(Object.entries(values));
  const add = (name: string, value: number) => void (names.has(name) || names.set(name, value));
  for (const [name, aliases] of Object.entries(type.info.aliases ?? {}))
    for (const alias of aliases) add(alias, values[name] as number);
  // Only added values. A table that replaces the usual one could give a name another value.
  for (const { replaces, values: added } of type.info.dialects ?? [])
    if (!replaces) for (const [name, value] of Object.entries(added)) add(name, value);
  known.set(type, names);
  return names;
}

/** The value with a name, in any letter case. */
export function valueNamed(type: EnumType | FlagsType, name: string): number | undefined {
  const names = valueNames(type);
  return names.get(name) ?? names.get(nameLike(name, names.keys()) ?? '');
}
