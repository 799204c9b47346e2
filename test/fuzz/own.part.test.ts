import { readdirSync, readFileSync } from 'node:fs';
import { join } from 'node:path';
import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { budget } from '../part.js';
import { withSeed } from '../seeded.js';
import { failure, fuzzOwn, ownTargets } from './own.js';
import { ownInputs } from './own-inputs.js';

const RUNS = budget(1500);
const folder = join(import.meta.dirname, '../../captures/crashers');

describe('bytes from outside bring about nothing but WireErrors', () => {
  const inputs = ownInputs();

  it.each(Object.entries(ownTargets))('%s', (name, target) => {
    const crashers = withSeed(1, (seed) => fuzzOwn(target, inputs[name] ?? [], RUNS, seed));
    expect(crashers.map(({ what, bytes }) => `${what}: ${formatHex(bytes)}`)).toEqual([]);
  });

  it.each(readdirSync(folder).filter((name) => name.endsWith('.bin')))('%s', (name) => {
    const target = ownTargets[name.split('.').at(-2) as string];
    expect(target && failure(target, readFileSync(join(folder, name)))).toBeUndefined();
    expect(target).toBeDefined();
  });

  it('and what does is found and made small', () => {
    const trap = (bytes: Uint8Array) => {
      if (bytes.some((byte, index) => byte === 0x56 && bytes[index + 1] === 0x21))
        throw new RangeError('trap');
    };
    const [crasher, ...more] = fuzzOwn(trap, inputs.serve ?? [], 4500, 1);
    expect(more).toEqual([]);
    expect(formatHex(crasher?.bytes ?? new Uint8Array(0))).toBe('5621');
  });
});
