import { paragraph, proseWidthMax, type TextOptions, table } from './columns.js';
import type { WordFacts } from './facts.js';

/** What a word means: its values, then the fields of that name. */
export function wordText(facts: WordFacts, options: TextOptions): string[][] {
  const sections = [valuesText(facts, options), fieldsText(facts, options)];
  return sections.filter((lines) => lines.length > 0);
}

function valuesText({ name, values }: WordFacts, { width, style }: TextOptions): string[] {
  if (values.length === 0) return [];
  const clients = [...new Set(values.flatMap(({ errno }) => Object.keys(errno ?? {})))];
  const header = ['value', 'name', 'of', ...clients.map((client) => `errno in ${client}`)];
  const rows = values.map(({ name: own, value, of, errno = {} }) => [
    { text: value > 0xffff ? `0x${value.toString(16)}` : String(value), right: true as const },
    { text: own, paint: style.accent },
    { text: of },
    ...clients.map((client) => ({ text: errno[client] ?? '' })),
  ]);
  const types = [...new Set(values.map(({ of }) => of))];
  const prose = Math.min(width, proseWidthMax);
  const meanings = values.flatMap(({ name: own, meaning }) =>
    meaning === undefined ? [] : paragraph(`${own}: ${meaning}`, '    ', prose, '  - '),
  );
  return [
    style.name(name),
    ...table([header.map((text) => ({ text, paint: style.dim })), ...rows], '  ', width),
    ...meanings,
    ...paragraph(`See describe ${types.join(', describe ')}.`, '  ', prose),
  ];
}

function fieldsText({ name, fields }: WordFacts, { width, style }: TextOptions): string[] {
  if (fields.length === 0) return [];
  const header = ['message', 'part', 'offset', 'type', ''].map((text) => ({ text, paint: style.dim }));
  const rows = fields.map(({ of, part, offset, type, doc }) => [
    { text: of, paint: style.accent },
    { text: part?.replace('_', ' ') ?? 'struct' },
    { text: offset === null ? '-' : String(offset), right: true as const },
    { text: type },
    { text: doc },
  ]);
  return [`${style.name(name)}, a field of`, ...table([header, ...rows], '  ', width)];
}
