import { expect, it } from 'vitest';
import { agreementOn } from '../golden/agreement.js';
import { goldenCapture, mutatedCapture } from '../golden/captures.js';
import { fixtures } from '../golden/fixtures.js';
import { recorded } from '../recorded.js';
import { withSeed } from '../seeded.js';

it('the dissector and decode --json agree on every field of everything.pcapng', async () => {
  const { differences, packets, fields, malformed } = await agreementOn(recorded('everything.pcapng'));
  expect(differences).toEqual([]);
  expect(packets).toBe(50_637);
  expect(fields).toBeGreaterThan(170_000);
  expect(malformed).toBeGreaterThan(1400);
});

it('they agree on every field of all golden fixtures', async () => {
  const { differences, fields } = await agreementOn(goldenCapture(fixtures));
  expect(differences).toEqual([]);
  expect(fields).toBeGreaterThan(50_000);
});

it('they agree on 100 000 mutated queue messages, without a Lua error', async () => {
  const { differences, packets } = await withSeed(7, (seed) => agreementOn(mutatedCapture(100_000, seed)));
  expect(differences).toEqual([]);
  expect(packets).toBe(100_000);
});
