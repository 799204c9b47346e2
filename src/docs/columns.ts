import { wrap } from '../base/text.js';
import type { PrintStyle } from '../capture/print/index.js';
import type { SourceGroup } from './sources-text.js';

/** How text is laid out. */
export interface TextOptions {
  /** In columns. Prose and tables are wrapped to it; only a longer word exceeds it. */
  readonly width: number;
  readonly style: PrintStyle;
  readonly groups: readonly SourceGroup[];
}

/** Columns. Wider prose is hard to read, so it is wrapped here on wider terminals too. */
export const proseWidthMax = 110;

/** If fewer columns than this remain for the last cells of a table, they are printed below their rows. */
const lastColumnMin = 26;

/** A table cell. `paint` adds the colour after the text has been measured. */
export interface Cell {
  readonly text: string;
  readonly paint?: (text: string) => string;
  readonly right?: true;
}

/** Wrapped text behind a margin. `first` replaces the margin of the first line and has the same size (a bullet). */
export function paragraph(text: string, margin: string, width: number, first = margin): string[] {
  return wrap(text, Math.max(20, width - margin.length)).map(
    (line, index) => (index === 0 ? first : margin) + line,
  );
}

/** Rows with aligned columns, two spaces apart. The last column is wrapped; where it would be narrow, below its row. */
export function table(rows: readonly (readonly Cell[])[], margin: string, width: number): string[] {
  const count = Math.max(0, ...rows.map((row) => row.length));
  const widths = Array.from({ length: count - 1 }, (_, column) =>
    Math.max(...rows.map((row) => row[column]?.text.length ?? 0)),
  );
  const before = margin.length + widths.reduce((sum, size) => sum + size + 2, 0);
  const longest = Math.max(0, ...rows.map((row) => row[count - 1]?.text.length ?? 0));
  const beside = width - before >= Math.min(lastColumnMin, longest);
  return rows.flatMap((row) => {
    const cells = widths.map((size, column) => paintCell(row[column] ?? { text: '' }, size));
    const head = margin + cells.join('  ');
    const last = row[count - 1] ?? { text: '' };
    const paint = last.paint ?? ((text: string) => text);
    if (last.text === '') return [head.trimEnd()];
    if (!beside) {
      return [head.trimEnd(), ...paragraph(last.text, `${margin}${' '.repeat(8)}`, width).map(paint)];
    }
    const lines = wrap(last.text, width - before).map(paint);
    return lines.map((line, index) => (index === 0 ? `${head}  ${line}` : ' '.repeat(before) + line));
  });
}

function paintCell({ text, paint = (plain) => plain, right }: Cell, size: number): string {
  const padding = ' '.repeat(size - text.length);
  return right ? padding + paint(text) : paint(text) + padding;
}
