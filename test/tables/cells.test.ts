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
