import { errorCells, valueCells, valueNotes } from './cells.js';
import { type Cell, paragraph, proseWidthMax, type TextOptions, table } from './columns.js';
import type { ErrorFacts, NamesFacts, StructFacts } from './facts.js';
import { rowsText } from './rows-text.js';

/** An enum, a flag set or a struct under its heading. */
export function typeText(type: NamesFacts | StructFacts, options: TextOptions): string[] {
  const { style } = options;
  if (type.kind === 'struct') {
    const size = type.size === null ? `${type.size_min} bytes or more` : bytesText(type.size);
    return [`${style.name(`struct ${type.name}`)}, ${size}`, ...rowsText(type.rows, options, true)];
  }
  return namesText(type, options);
}

export function bytesText(size: number): string {
  return size === 1 ? '1 byte' : `${size} bytes`;
}

/** The last line of a type: the messages that use it. */
export function usersText(users: readonly string[], { width }: TextOptions): string[] {
  return users.length === 0 ? [] : paragraph(`in ${users.join(', ')}`, '  ', Math.min(width, proseWidthMax));
}

function namesText(facts: NamesFacts, { width, style, groups }: TextOptions): string[] {
  const prose = Math.min(width, proseWidthMax);
  return [
    `${style.name(`${facts.kind} ${facts.name}`)}, ${bytesText(facts.size)}`,
    ...paragraph(facts.doc, '  ', prose),
    ...table(numbered(valueCells(facts, groups), style), '  ', width),
    ...valueNotes(facts, groups).flatMap((text) => paragraph(text, '    ', prose, '  - ')),
  ];
}

/** The cells of rows whose first column is a number and whose second is a name. */
function numbered(rows: readonly (readonly string[])[], style: TextOptions['style']): Cell[][] {
  return rows.map(([number = '', name = '', ...others]) => [
    { text: number, right: true },
    { text: name, paint: style.accent },
    ...others.map((text) => ({ text })),
  ]);
}

/** The error codes and the errno names that clients use for them. */
export function errorText(facts: ErrorFacts, { width, style }: TextOptions): string[] {
  const clients = Object.keys(facts.clients);
  const header = ['code', 'name', ...clients.map((client) => `errno in ${client}`)];
  const rows = numbered(errorCells(facts), style);
  const prose = Math.min(width, proseWidthMax);
  const tables = Object.entries(facts.clients).map(
    ([client, sources]) => `${client}: the table of ${sources.join(' ')}.`,
  );
  const unknown = Object.entries(facts.unknown).map(([client, { by_code: codes, otherwise }]) => {
    const known = Object.entries(codes).map(([code, errno]) => `${code} ${errno}`);
    return `Other codes in ${client}: ${[...known, known.length === 0 ? otherwise : `else ${otherwise}`].join(', ')}.`;
  });
  return [
    style.name('error codes'),
    ...paragraph(`${facts.doc}: the first word of every reply, ${bytesText(4)}.`, '  ', prose),
    ...table([header.map((text) => ({ text, paint: style.dim })), ...rows], '  ', width),
    ...[...tables, ...unknown, ...facts.notes].flatMap((text) => paragraph(text, '    ', prose, '  - ')),
  ];
}
