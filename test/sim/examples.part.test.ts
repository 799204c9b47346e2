import { describe, expect, it } from 'vitest';
import { partOf } from '../part.js';
import { exampleNames, scenarioLines } from './lines.js';
import { play } from './play.js';

// The first stage plays all of them in capture-replay.part.test.ts.
describe('the example scenarios', () => {
  it.each(partOf(exampleNames))(
    '%s: every expectation is met, every message decodes, twice the same',
    (name) => {
      const lines = scenarioLines(name);
      const { unmetSteps, unmet, steps, broken, bytes, issues } = play(lines, { check: true });
      expect(broken).toBe(0);
      expect(unmetSteps).toEqual([]);
      expect(unmet).toBe(0);
      expect(steps.at(-1)?.step).toBe(lines.length - 1);
      expect(issues).toEqual([]);
      expect(bytes.length).toBeGreaterThan(10);
      expect(play(lines).bytes).toEqual(bytes);
    },
  );
});
