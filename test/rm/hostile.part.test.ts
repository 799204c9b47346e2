import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { formatHex, parseHex } from '../../src/base/hex.js';
import { panicPlaces, platforms } from '../../src/rm/index.js';
import { replay } from '../../src/sim/index.js';
import { budget } from '../part.js';
import { holds } from '../seeded.js';
import { deviceTree, scenarios } from '../sim/scenarios.js';

const all = scenarios('rm23.ndjson').filter(({ lines }) => lines.length < 150);

/** Every so often, somewhere, another byte or an end. */
const damage = fc.record({
  scenario: fc.nat(all.length - 1),
  places: fc.array(
    fc.record({
      line: fc.nat(150),
      at: fc.nat(239),
      value: fc.oneof(fc.constantFrom(0, 1, 2, 3, 4, 8, 0x7f, 0x80, 0xff), fc.nat(255)),
      cut: fc.integer({ min: 0, max: 9 }),
    }),
    { minLength: 1, maxLength: 30 },
  ),
  tree: fc.array(fc.tuple(fc.nat(4000), fc.nat(255)), { maxLength: 4 }),
});

type Damage = typeof damage extends fc.Arbitrary<infer T> ? T : never;

function damaged({ scenario, places }: Damage): unknown[] {
  const lines = [...(all[scenario]?.lines ?? [])];
  for (const { line, at, value, cut } of places) {
    const index = 1 + (line % Math.max(1, lines.length - 1));
    const step = lines[index] as { frame?: string } | undefined;
    if (step?.frame === undefined) continue;
    const frame = parseHex(step.frame) as Uint8Array;
    if (at < frame.byteLength) frame[at] = value;
    lines[index] = { ...step, frame: formatHex(cut === 0 ? frame.subarray(0, at) : frame) };
  }
  return lines;
}

function damagedTree(changes: Damage['tree'], name: string): Uint8Array | undefined {
  const blob = deviceTree(name)?.slice();
  for (const [at, value] of changes) if (blob !== undefined && at < blob.byteLength) blob[at] = value;
  return blob;
}

describe('damaged requests and devicetrees', () => {
  it.each([
    { careful: false, platform: platforms.native },
    { careful: true, platform: platforms.native },
    { careful: true, platform: platforms.qemu },
  ])(
    'bring about answers and known deaths only: careful $careful, $platform.name',
    ({ careful, platform }) => {
      holds(
        fc.property(damage, (input) => {
          const file = (name: string) => damagedTree(input.tree, name);
          for (const { panic } of replay(damaged(input), { file, careful, platform })) {
            if (panic !== undefined) expect([careful, panic in panicPlaces]).toEqual([false, true]);
          }
        }),
        budget(300),
      );
    },
  );
});
