import { readFileSync } from 'node:fs';
import { expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { parseEvidence } from '../../src/golden/evidence.js';
import { fixturesOf } from '../../src/golden/generate.js';
import { agreementOn } from '../golden/agreement.js';
import { goldenCapture, mutatedCapture } from '../golden/captures.js';
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
  const path = new URL('../../captures/golden/recorded.json', import.meta.url);
  const evidence = parseEvidence(JSON.parse(readFileSync(path, 'utf8')));
  const fixtures = protocol.messages.flatMap((message) => fixturesOf(protocol, message, evidence));
  const { differences, fields } = await agreementOn(goldenCapture(fixtures));
  expect(differences).toEqual([]);
  expect(fields).toBeGreaterThan(50_000);
});

it('they agree on 100 000 mutated queue messages, without a Lua error', async () => {
  const { differences, packets } = await withSeed(7, (seed) => agreementOn(mutatedCapture(100_000, seed)));
  expect(differences).toEqual([]);
  expect(packets).toBe(100_000);
});
