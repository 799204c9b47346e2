import { BitsType, BytesType, EnumType, type Field, FlagsType, ListType } from '../../wire/index.js';

/** Facts about a field besides its prose, one per line: type, names of its values, limits. */
export function fieldNotes({ type, aliases, max, aboveMax, presence, checkedZero }: Field): string[] {
  const notes = [type.label];
  const names = type instanceof BitsType ? type.names : type;
  if (names instanceof EnumType) notes.push(names.info.doc, namesOf(names.values, String));
  if (names instanceof FlagsType)
    notes.push(
      names.info.doc,
      namesOf(names.bits, (bit) => `0x${bit.toString(16)}`),
    );
  if (type instanceof ListType && type.options.max !== undefined)
    notes.push(`at most ${type.options.max} entries`);
  if (type instanceof BytesType && type.options.padMustBeZero !== undefined)
    notes.push(`padding other than zero: ${type.options.padMustBeZero}`);
  if (max !== undefined) notes.push(`at most ${max}${aboveMax === undefined ? '' : `, above: ${aboveMax}`}`);
  if (checkedZero !== undefined) notes.push(`other than zero: ${checkedZero}`);
  if (presence?.means !== undefined) notes.push(`left out: ${presence.means}`);
  if (aliases.length > 0) notes.push(`also called ${aliases.join(', ')}`);
  return notes;
}

function namesOf(values: Readonly<Record<string, number>>, format: (value: number) => string): string {
  return Object.entries(values)
    .map(([name, value]) => `${format(value)} ${name}`)
    .join(', ');
}
