import { type Cell, type TextOptions, table } from './columns.js';
import type { RowFacts } from './facts.js';

/**
 * A layout as a table with columns for offset, size, field, type and prose. `checked` tells whether RM reads the part:
 * then the rows of reserved bytes say what RM checks in them.
 */
export function rowsText(
  rows: readonly RowFacts[],
  { width, style }: TextOptions,
  checked: boolean,
): string[] {
  const header = ['offset', 'size', 'field', 'type', ''].map((text, column) => ({
    text,
    paint: style.dim,
    ...(column === 0 ? { right: true as const } : {}),
  }));
  const cells = rows.map((row): Cell[] => {
    const [offset = '', size = '', name = '', ...others] = rowCells(row, checked);
    const paint = row.kind === 'reserved' ? style.dim : style.accent;
    const rest = others.map((text) => ({ text }));
    return [{ text: offset, right: true }, { text: size }, { text: name, paint }, ...rest];
  });
  return table([header, ...cells], '  ', width);
}

/** Offset, size, name, type and prose of a layout row. `checked`: see {@link rowsText}. */
export function rowCells(row: RowFacts, checked: boolean): string[] {
  const offset = row.offset === null ? '-' : String(row.offset);
  const type = row.kind === 'reserved' ? '-' : row.type;
  return [offset, sizeText(row), nameText(row), type, rowText(row, checked)];
}

/** The name of a row. A count is in brackets, since it is not a field but part of the list that follows. */
function nameText({ kind, name }: RowFacts): string {
  if (kind === 'count') return `(${name})`;
  return kind === 'reserved' && name.endsWith('_reserved') ? '(reserved)' : name;
}

/** Bytes of a row: `n x 16` for the entries of a list. */
function sizeText({ kind, size, entry_size: entry, type }: RowFacts): string {
  if (kind === 'list') return entry === null || entry === undefined ? 'var' : `n x ${entry}`;
  if (size !== null) return String(size);
  return type.startsWith('bits ') ? 'bits' : 'var';
}

/** The prose of a row, most important facts first. */
function rowText(row: RowFacts, checked: boolean): string {
  const parts = [row.kind === 'reserved' && !checked ? '0' : row.doc];
  if (row.length_from !== undefined) parts.push(`${row.length_from} bytes${padding(row)}`);
  if (row.raw_when !== undefined) {
    parts.push(`text, but bytes with ${row.raw_when.field} ${row.raw_when.any.join(', ')}`);
  }
  if (row.select !== undefined) {
    const { field, cases } = row.select;
    parts.push(
      `by ${field}: ${Object.entries(cases)
        .map((item) => item.join(' = '))
        .join(', ')}`,
    );
  }
  if (row.max !== undefined) parts.push(limitText(row.max, row.above_max));
  const presence = presenceText(row);
  if (presence !== '') parts.push(presence);
  if (row.inside !== undefined && !row.doc.includes(row.inside)) parts.push(`holds ${row.inside}`);
  if (row.aliases !== undefined) parts.push(`also called ${row.aliases.join(', ')}`);
  return parts.join('; ');
}

function limitText(max: number, above: string | undefined): string {
  return above === undefined ? `at most ${max}` : `above ${max}: ${above}`;
}

function padding({ pad_to: pad, pad_checked: checked }: RowFacts): string {
  if (pad === undefined) return ', no padding';
  const rule = checked === undefined ? '' : ` (else ${checked})`;
  return `, then zeros${rule} up to a multiple of ${pad}`;
}

function presenceText({ trailing, when, means }: RowFacts): string {
  const meaning = means === undefined ? '' : ` (= ${means})`;
  if (when === undefined) return trailing ? `the payload may end before it${meaning}` : '';
  const condition = `only with ${when.any.join(' or ')} in ${when.field}`;
  return trailing ? `${condition}, and may be left out even then${meaning}` : condition;
}
