import { escaped } from './escape.js';
import type { Grid } from './report.js';

/** Sizes of the plots, in pixels. */
const chart = { width: 360, height: 180, left: 56, right: 12, top: 10, bottom: 24 } as const;
const cell = { width: 26, height: 17, labels: 230, top: 130 } as const;

/** A curve over seconds as SVG. @param points at least one, in order of x; values from 0. */
export function lineChart(
  title: string,
  points: readonly (readonly [x: number, y: number])[],
  format: (value: number) => string,
): string {
  const { width, height, left, right, top, bottom } = chart;
  const xMax = Math.max(1e-9, ...points.map(([x]) => x));
  const yMax = roundedUp(Math.max(1, ...points.map(([, y]) => y)));
  const x = (value: number) => left + (value / xMax) * (width - left - right);
  const y = (value: number) => height - bottom - (value / yMax) * (height - top - bottom);
  const path = points.map(
    ([a, b], index) => `${index === 0 ? 'M' : 'L'}${x(a).toFixed(1)} ${y(b).toFixed(1)}`,
  );
  const lines = [0, yMax / 2, yMax].map(
    (value) =>
      `<line class="axis" x1="${left}" x2="${width - right}" y1="${y(value)}" y2="${y(value)}"/>` +
      `<text class="dim" x="${left - 6}" y="${y(value) + 4}" text-anchor="end">${format(value)}</text>`,
  );
  const ends = [0, xMax].map(
    (value, index) =>
      `<text class="dim" x="${x(value)}" y="${height - 6}" text-anchor="${index === 0 ? 'start' : 'end'}">${value.toFixed(value < 10 && value > 0 ? 1 : 0)}</text>`,
  );
  return `<svg viewBox="0 0 ${width} ${height}" role="img" aria-label="${escaped(title)}">${lines.join('')}${ends.join('')}<path class="curve" d="${path.join('')}"/></svg>`;
}

/** The next number from a value up that is 1, 2 or 4 times a power of ten, and at least 2: half of it is an integer. */
function roundedUp(value: number): number {
  const power = 10 ** Math.floor(Math.log10(value));
  const step = [1, 2, 4, 10].find((factor) => factor * power >= value) ?? 10;
  return Math.max(2, step * power);
}

/** Counts as shaded cells on a logarithmic scale, with tooltips. @param detail text of a cell's tooltip. */
export function heatMap(grid: Grid, detail: (row: string, column: string) => string): string {
  const { rows, columns } = grid;
  const width = cell.labels + columns.length * cell.width + 70;
  const height = cell.top + rows.length * cell.height + 4;
  const most = Math.max(1, ...rows.flatMap((row) => columns.map((column) => grid.count(row, column))));
  const heads = columns.map((column, index) => {
    const at = `${cell.labels + index * cell.width + cell.width / 2 + 4} ${cell.top - 6}`;
    return `<text transform="translate(${at}) rotate(-55)">${escaped(column)}</text>`;
  });
  const body = rows.flatMap((row, rowIndex) => {
    const y = cell.top + rowIndex * cell.height;
    const label = `<text x="${cell.labels - 8}" y="${y + 12}" text-anchor="end">${escaped(row)}</text>`;
    const cells = columns.map((column, index) => {
      const count = grid.count(row, column);
      const shade = count === 0 ? 'class="none"' : `class="cell" fill-opacity="${opacity(count, most)}"`;
      const x = cell.labels + index * cell.width;
      const title = escaped(`${row} ${column}: ${detail(row, column)}`);
      return `<rect ${shade} x="${x}" y="${y}" width="${cell.width - 2}" height="${cell.height - 2}"><title>${title}</title></rect>`;
    });
    return [label, ...cells];
  });
  return `<svg width="${width}" height="${height}" role="img" aria-label="Replies by message and error">${heads.join('')}${body.join('')}</svg>`;
}

/** 0.20 for a count of 1, 1.00 for the largest count, in proportion to the logarithm between. */
function opacity(count: number, most: number): string {
  const share = most === 1 ? 1 : Math.log(count) / Math.log(most);
  return (0.2 + 0.8 * share).toFixed(2);
}
