import { type EnumType, type Field, scalarCases, type TypeVisitor, visitType } from '../../wire/index.js';

/** Facts about a field besides its prose, one per line: type, names of its values, limits. */
export function fieldNotes({ type, aliases, max, aboveMax, presence, checkedZero }: Field): string[] {
  const notes = [type.label, ...visitType(type, typeNotes)];
  if (max !== undefined) notes.push(`at most ${max}${aboveMax === undefined ? '' : `, above: ${aboveMax}`}`);
  if (checkedZero !== undefined) notes.push(`other than zero: ${checkedZero}`);
  if (presence?.means !== undefined) notes.push(`left out: ${presence.means}`);
  if (aliases.length > 0) notes.push(`also called ${aliases.join(', ')}`);
  return notes;
}

const typeNotes: TypeVisitor<string[]> = {
  ...scalarCases(() => []),
  enum: enumNotes,
  flags: ({ info, bits }) => [info.doc, namesOf(bits, (bit) => `0x${bit.toString(16)}`)],
  bits: ({ names }) => (names === undefined ? [] : enumNotes(names)),
  bytes: ({ options: { padMustBeZero } }) =>
    padMustBeZero === undefined ? [] : [`padding other than zero: ${padMustBeZero}`],
  list: ({ options: { max } }) => (max === undefined ? [] : [`at most ${max} entries`]),
  struct: () => [],
  variant: () => [],
};

function enumNotes({ info, values }: EnumType): string[] {
  return [info.doc, namesOf(values, String)];
}

function namesOf(values: Readonly<Record<string, number>>, format: (value: number) => string): string {
  return Object.entries(values)
    .map(([name, value]) => `${format(value)} ${name}`)
    .join(', ');
}
