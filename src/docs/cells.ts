import type { ErrorFacts, MessageFacts, NamesFacts } from './facts.js';
import { type SourceGroup, sourcesText } from './sources-text.js';

/** The notes on a message, then what clients do differently. */
export function messageNotes({ notes, dialects }: MessageFacts, groups: readonly SourceGroup[]): string[] {
  return [...notes, ...dialects.map(({ sources, text }) => `${sourcesText(sources, groups)}: ${text}.`)];
}

/** Number, name and remarks of each value of an enum or flag set. */
export function valueCells({ kind, values }: NamesFacts, groups: readonly SourceGroup[]): string[][] {
  return values.map(({ name, value, aliases, known_by: knownBy }) => {
    const remarks = [
      aliases && `also called ${aliases.join(', ')}`,
      knownBy && `only in ${sourcesText(knownBy, groups)}`,
    ];
    return [numberText(kind, value), name, remarks.filter((text) => text !== undefined).join('; ')];
  });
}

/** What clients have instead or in addition, the combinations that RM accepts, and the notes. */
export function valueNotes(facts: NamesFacts, groups: readonly SourceGroup[]): string[] {
  const { kind, dialects, valid, exactly_one: exactlyOne, notes } = facts;
  const clients = dialects.map(({ sources, values, replaces }) => {
    const list = Object.entries(values).map(([name, value]) => `${numberText(kind, value)} ${name}`);
    return `${sourcesText(sources, groups)} ${replaces ? 'instead' : 'also'}: ${list.join(', ')}.`;
  });
  const accepted = valid?.map((value) => numberText(kind, value)).join(', ');
  return [
    ...clients,
    ...(accepted === undefined ? [] : [`RM takes only ${accepted}.`]),
    ...(exactlyOne ? ['Exactly one bit must be set, else ARGUMENT_INVALID.'] : []),
    ...notes,
  ];
}

/** Code, name and the errno name in each client, for each error code. */
export function errorCells({ values, clients }: ErrorFacts): string[][] {
  return values.map(({ name, value, aliases = [], errno }) => [
    value > 0xffff ? `0x${value.toString(16)}` : String(value),
    [name, ...aliases.map((alias) => `(${alias})`)].join(' '),
    ...Object.keys(clients).map((client) => errno[client] ?? '-'),
  ]);
}

function numberText(kind: NamesFacts['kind'], value: number): string {
  return kind === 'flags' ? `0x${value.toString(16)}` : String(value);
}
