import fc from 'fast-check';
import { it } from 'vitest';
import { LatestMap } from '../../src/base/latest-map.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';

/** More than are kept beside the map. */
const KEYS = 40;

const key = fc.nat(KEYS - 1);
const step = fc.oneof(
  { weight: 20, arbitrary: fc.record({ set: key, value: fc.nat() }) },
  { weight: 9, arbitrary: fc.record({ delete: key }) },
  { weight: 1, arbitrary: fc.constant('clear' as const) },
);

it('holds what a map holds whose entries are set behind all others', () => {
  const property = fc.property(fc.array(step, { maxLength: 100, size: 'max' }), (steps) => {
    const map = new LatestMap<number, number>();
    const plain = new Map<number, number>();
    for (const step of steps) {
      if (step === 'clear') for (const each of [map, plain]) each.clear();
      else if ('delete' in step) for (const each of [map, plain]) each.delete(step.delete);
      else {
        plain.delete(step.set);
        for (const each of [map, plain]) each.set(step.set, step.value);
      }
      expectEqual([...map.values()], [...plain.values()]);
      expectIs(map.size, plain.size);
      for (let at = 0; at < KEYS; at++) expectIs(map.get(at), plain.get(at));
    }
  });
  holds(property, 500);
});
