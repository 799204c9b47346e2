import { describe, expect, it } from 'vitest';
import { partOf } from '../part.js';
import { play } from './play.js';
import { deviceTree, scenarios } from './scenarios.js';

describe('recordings are scenarios', () => {
  const all = scenarios('rm23.ndjson').filter((_, index) => index % 6 === 1);

  it.each(partOf(all))('$name', ({ lines }) => {
    const file = (name: string) => deviceTree(name) as Uint8Array;
    const { unmetSteps, broken } = play(lines, { file, check: true });
    expect(unmetSteps).toEqual([]);
    // Who owns which memory, worked out from the recorded messages alone, is what the hypervisor model says.
    expect(broken).toBe(0);
  });
});
