import { expect, it } from 'vitest';
import { parseJson } from '../../src/base/json.js';

it('refuses more values than memory is meant for, and takes a text as long', () => {
  expect(() => parseJson(`[${'{},'.repeat(600_000)}0]`)).toThrow('at most 1048576 values');
  expect(parseJson(JSON.stringify('x'.repeat(2_000_000)))).toHaveLength(2_000_000);
});
