import { expect, it } from 'vitest';
import { CellMemory, LongCells } from '../../src/tables/index.js';

it('integers of 64 bits are put as they are, and those beyond are left out', () => {
  const cells = new LongCells(new CellMemory());
  const values = [0, 1, -1, 2 ** 32 - 1, 2 ** 32, -(2 ** 32), -(2 ** 63), 2 ** 63 - 1024];
  for (const value of [...values, 2 ** 63, -(2 ** 63) - 2048, 1e300, Number.POSITIVE_INFINITY])
    cells.put(cells.count, value);
  const put = Array.from({ length: cells.count }, (_, at) => cells.at(at));
  expect(put).toEqual(values.map(BigInt));
});

it('values that one word holds are as they were when wider ones come, and when the buffers are used again', () => {
  const memory = new CellMemory();
  const cells = new LongCells(memory);
  const small = [0, 1, 2 ** 31 - 1, ...Array.from({ length: 40 }, (_, at) => 7 * at)];
  const rounds = [[...small, 2 ** 31, 3], [...small], [-1, ...small]];
  for (const [round, values] of rounds.entries()) {
    for (const value of values) cells.put(cells.count, value);
    expect(Array.from(values, (_, at) => cells.at(at))).toEqual(values.map(BigInt));
    if (round === 0) cells.clear();
    else cells.release();
  }
  cells.halves(0, 0, 5);
  cells.halves(1, 1, 0);
  expect([cells.at(0), cells.at(1)]).toEqual([5n, 1n << 32n]);
  cells.drop();
  expect(memory.bytes).toBe(0);
});
