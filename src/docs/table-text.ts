import { type Cell, paragraph, proseWidthMax, type TextOptions, table } from './columns.js';
import type { FamilyFacts, MessageSummary, SizeFacts } from './facts.js';
import { definedBy } from './sources-text.js';

const legend = [
  'bytes: of the payload, in replies behind the error word; 4+ = at least 4; ? = not public.',
  'RM23: calls that the public manager of 2023 handles (no: UNIMPLEMENTED) and notifications that it sends.',
];
const usage = 'describe NAME or ID shows one message with offsets, values and example bytes.';

/** The table of all messages by family. If the width allows, it has columns for other names and the kind. */
export function tableText(families: readonly FamilyFacts[], options: TextOptions): string {
  const { width, style, groups } = options;
  const all = families.map(({ messages }) => messages.map((message) => summaryRow(message, options)));
  const lengths = (column: number) => all.flat().map((row) => row[column]?.text.length ?? 0);
  const columns = Array.from({ length: 8 }, (_, column) => Math.max(...lengths(column)));
  const wide = columns.reduce((sum, size) => sum + size + 2, 0) <= width;
  const lines = families.flatMap(({ title, doc }, index) => {
    const leftOut = wide ? 0 : wideOnlyCount;
    const rows = (all[index] as Cell[][]).map((row) => row.toSpliced(2, leftOut));
    const header = headings.toSpliced(2, leftOut).map((text) => ({ text, paint: style.dim }));
    const padded = wide ? [header, ...rows].map((row) => pad(row, columns)) : [header, ...rows];
    const names = wide ? [] : otherNames(families[index] as FamilyFacts, width);
    const about = paragraph(doc, '  ', Math.min(width, proseWidthMax)).map(style.dim);
    return [style.name(title), ...about, ...table(padded, '', width), ...names, ''];
  });
  const names = groups.map(({ name, sources }) => `${name} = ${sources.join(' ')}`);
  const sources = `sources: ${[...names, 'in brackets: only the number is known there'].join('; ')}.`;
  const notes = [...legend, sources, usage].flatMap((text) =>
    paragraph(text, '', Math.min(width, proseWidthMax)),
  );
  return `${[...lines, ...notes].join('\n')}\n`;
}

/**
 * Columns behind the name that a narrow table leaves out: other names, which it lists below the table, and the kind,
 * which the column RM23 shows too.
 */
const wideOnlyCount = 2;
const headings = ['id', 'name', 'also', 'kind', 'RM23', 'request', 'reply', 'sources'];

function summaryRow(message: MessageSummary, { style, groups }: TextOptions): Cell[] {
  const isCall = message.kind === 'call';
  const handled = message.rm23 ? style.good : style.dim;
  return [
    { text: message.id, paint: style.dim },
    { text: message.name, paint: style.name },
    { text: message.aliases.join(' '), paint: style.dim },
    { text: isCall ? 'call' : 'notify' },
    { text: isCall ? (message.rm23 ? 'yes' : 'no') : message.rm23 ? 'sends' : '-', paint: handled },
    { text: sizeText(isCall ? message.request : message.notification), right: true },
    { text: isCall ? replyText(message) : '-' },
    { text: definedBy(message, groups) },
  ];
}

function sizeText(size: SizeFacts | null | undefined): string {
  if (size === null || size === undefined) return '?';
  return size.size === null ? `${size.size_min}+` : String(size.size);
}

/** `4+ or 0` means that the error word alone is possible, `0, err 4` that error replies have a payload behind it. */
function replyText({ reply, error_reply: error }: MessageSummary): string {
  const empty = reply?.may_be_empty ? ' or 0' : '';
  return `${sizeText(reply)}${empty}${error === undefined ? '' : `, err ${sizeText(error)}`}`;
}

/** Pads a row, so that the tables of all families have the same column widths. */
function pad(row: readonly Cell[], columns: readonly number[]): Cell[] {
  return row.map((cell, column) => {
    const filler = ' '.repeat(Math.max(0, (columns[column] as number) - cell.text.length));
    if (column === row.length - 1) return cell;
    return { ...cell, text: cell.right ? filler + cell.text : cell.text + filler };
  });
}

function otherNames({ messages }: FamilyFacts, width: number): string[] {
  const named = messages.filter(({ aliases }) => aliases.length > 0);
  if (named.length === 0) return [];
  const text = named.map(({ name, aliases }) => `${name}=${aliases.join('=')}`).join(', ');
  return paragraph(`also: ${text}`, '  ', width);
}
