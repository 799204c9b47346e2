import { paragraph, proseWidthMax, type TextOptions, table } from './columns.js';
import type { ErrorFacts, NamesFacts, StructFacts } from './facts.js';
import { rowsText } from './rows-text.js';
import { sourcesText } from './sources-text.js';

/** An enum, a flag set or a struct under its heading. */
export function typeText(type: NamesFacts | StructFacts, options: TextOptions): string[] {
  const { style } = options;
  if (type.kind === 'struct') {
    const size = type.size === null ? `${type.size_min} bytes or more` : bytesText(type.size);
    return [`${style.name(`struct ${type.name}`)}, ${size}`, ...rowsText(type.rows, options, true)];
  }
  return namesText(type, options);
}

/** `1 byte`, `4 bytes`. */
export function bytesText(size: number): string {
  return size === 1 ? '1 byte' : `${size} bytes`;
}

/** The last line of a type: the messages that use it. */
export function usersText(users: readonly string[], { width }: TextOptions): string[] {
  return users.length === 0 ? [] : paragraph(`in ${users.join(', ')}`, '  ', Math.min(width, proseWidthMax));
}

function namesText(facts: NamesFacts, { width, style, groups }: TextOptions): string[] {
  const { kind, name, size, doc, values, dialects, valid, exactly_one: exactlyOne, notes } = facts;
  const number = (value: number) => (kind === 'flags' ? `0x${value.toString(16)}` : String(value));
  const rows = values.map((value) => {
    const also = value.aliases === undefined ? [] : [`also called ${value.aliases.join(', ')}`];
    const known = value.known_by === undefined ? [] : [`only in ${sourcesText(value.known_by, groups)}`];
    return [
      { text: number(value.value), right: true as const },
      { text: value.name, paint: style.accent },
      { text: [...also, ...known].join('; ') },
    ];
  });
  const remarks = dialects.map(({ sources, values: other, replaces }) => {
    const list = Object.entries(other).map(([key, value]) => `${number(value)} ${key}`);
    return `${sourcesText(sources, groups)} ${replaces ? 'instead' : 'also'}: ${list.join(', ')}.`;
  });
  if (valid !== undefined) remarks.push(`RM takes only ${valid.map(number).join(', ')}.`);
  if (exactlyOne) remarks.push('Exactly one bit must be set, else ARGUMENT_INVALID.');
  const prose = Math.min(width, proseWidthMax);
  return [
    `${style.name(`${kind} ${name}`)}, ${bytesText(size)}`,
    ...paragraph(doc, '  ', prose),
    ...table(rows, '  ', width),
    ...[...remarks, ...notes].flatMap((text) => paragraph(text, '    ', prose, '  - ')),
  ];
}

/** The error codes and the errno names that clients use for them. */
export function errorText(facts: ErrorFacts, { width, style }: TextOptions): string[] {
  const clients = Object.keys(facts.clients);
  const header = ['code', 'name', ...clients.map((client) => `errno in ${client}`)];
  const rows = facts.values.map(({ name, value, aliases, errno }) => [
    { text: value > 0xffff ? `0x${value.toString(16)}` : String(value), right: true as const },
    { text: [name, ...(aliases ?? []).map((alias) => `(${alias})`)].join(' '), paint: style.accent },
    ...clients.map((client) => ({ text: errno[client] ?? '-' })),
  ]);
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
