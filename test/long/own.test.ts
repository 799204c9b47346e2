import { writeFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { fuzzOwn, ownTargets } from '../fuzz/own.js';
import { ownInputs } from '../fuzz/own-inputs.js';
import { withSeed } from '../seeded.js';

const RUNS = 200_000;
const folder = join(import.meta.dirname, '../../captures/crashers');

describe('bytes from outside, for long', () => {
  const inputs = ownInputs();

  it.each(Object.entries(ownTargets))('%s', (name, target) => {
    const crashers = withSeed(2, (seed) => fuzzOwn(target, inputs[name] ?? [], RUNS, seed));
    // From here on every test run has them; their line in README.md is for people to write.
    for (const [index, { bytes }] of crashers.entries())
      writeFileSync(join(folder, `found-${index + 1}.${name}.bin`), bytes);
    expect(crashers.map(({ what }) => what)).toEqual([]);
  });
});
