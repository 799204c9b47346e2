import { describe, expect, it } from 'vitest';
import { heatMap, lineChart } from '../../src/fuzz/report/plots.js';
import { gridOf } from '../../src/fuzz/report/report.js';

/** Numbers in attributes of the elements of one kind, by attribute. */
function attributes(svg: string, element: string): Record<string, string>[] {
  return [...svg.matchAll(new RegExp(`<${element} ([^>]*?)/?>`, 'g'))].map(([, text = '']) =>
    Object.fromEntries([...text.matchAll(/([\w-]+)="([^"]*)"/g)].map(([, name, value]) => [name, value])),
  );
}

function texts(svg: string): string[] {
  return [...svg.matchAll(/<text [^>]*>([^<]*)<\/text>/g)].map(([, text = '']) => text);
}

describe('a line chart', () => {
  const svg = lineChart(
    'Steps',
    [
      [0, 0],
      [5, 30],
      [10, 50],
    ],
    (value) => `${value} steps`,
  );

  it('has its points where the axes say', () => {
    // The plot goes from x 56 to 348 and from y 156 (0) up to y 10 (100, the next number of the scale).
    expect(attributes(svg, 'path')[0]?.d).toBe('M56.0 156.0L202.0 112.2L348.0 83.0');
    expect(attributes(svg, 'line').map(({ y1, y2 }) => [y1, y2])).toEqual([
      ['156', '156'],
      ['83', '83'],
      ['10', '10'],
    ]);
    expect(texts(svg)).toEqual(['0 steps', '50 steps', '100 steps', '0', '10']);
  });

  it.each([
    [0, 2],
    [1, 2],
    [2, 2],
    [3, 4],
    [4, 4],
    [5, 10],
    [11, 20],
    [99, 100],
    [100, 100],
    [101, 200],
    [201, 400],
    [401, 1000],
  ])('with the largest value %i ends at %i', (value, end) => {
    expect(texts(lineChart('', [[1, value]], String))[2]).toBe(String(end));
  });
});

describe('a heat map', () => {
  const svg = heatMap(
    gridOf([
      ['A', 'OK', 1],
      ['A', 'DENIED', 10],
      ['B', 'DENIED', 40],
      ['B', 'DENIED', 60],
    ]),
    (row, column) => `${row} <${column}>`,
  );
  const cells = attributes(svg, 'rect');

  it('has a row per message and a column per error', () => {
    expect(texts(svg)).toEqual(['OK', 'DENIED', 'A', 'B']);
    expect(cells.map(({ x, y }) => [x, y])).toEqual([
      ['230', '130'],
      ['256', '130'],
      ['230', '147'],
      ['256', '147'],
    ]);
  });

  it('is darker where the logarithm of the count is larger, and empty for a count of 0', () => {
    expect(cells.map((cell) => cell['fill-opacity'] ?? cell.class)).toEqual(['0.20', '0.60', 'none', '1.00']);
  });

  it('has the details of each cell as text that is no markup', () => {
    expect(svg).toContain('<title>B DENIED: B &#60;DENIED&#62;</title>');
  });
});
