import fc from 'fast-check';
import { it } from 'vitest';
import { LatestMap } from '../../src/base/latest-map.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';

const key = fc.nat(3);
const step = fc.oneof(
  fc.record({ set: key, value: fc.nat() }),
  fc.record({ delete: key }),
  fc.constant('clear' as const),
);

it('holds what a map holds whose entries are set behind all others', () => {
  const property = fc.property(fc.array(step), (steps) => {
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
      for (let at = 0; at < 4; at++) expectIs(map.get(at), plain.get(at));
    }
  });
  holds(property, 500);
});
