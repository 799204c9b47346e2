import { mkdtempSync, readdirSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { gunyahRm } from '../cli/run.js';
import { recordedManager } from '../fuzz/places.js';
import { shortest } from '../fuzz/shortest.js';

/** More than the shortest known way, in messages. */
const EXCESS_MAX = 2;

const out = mkdtempSync(join(tmpdir(), 'gunyah-rm-minute-'));
const findings = new Map<string, { file: string; messages: number; line: string[] }>();

beforeAll(async () => {
  await gunyahRm(['fuzz', '--target', 'sim', '--time', '60', '--out', out]);
  for (const name of readdirSync(join(out, 'findings'))) {
    const file = join(out, 'findings', name);
    const [first, ...steps] = readFileSync(file, 'utf8').trimEnd().split('\n');
    const { cause, reproduce } = JSON.parse(first as string).fuzz;
    const messages = steps.filter((step) => !step.includes('"op":"load"')).length;
    findings.set(cause.key.replace(/^panic /, ''), {
      file,
      messages,
      line: reproduce[1].split(' ').slice(1),
    });
  }
}, 120_000);
afterAll(() => rmSync(out, { recursive: true }));

describe('one minute of the command', () => {
  it('finds every place that the recordings hold', () => {
    // Each stands for the names, message and sender that it may have with us.
    const { places } = recordedManager();
    expect(places.size).toBeGreaterThanOrEqual(14);
    const missing = [...places].filter(([, ways]) => ![...ways].some((way) => isFound(way)));
    expect(missing).toEqual([]);
  });

  it('makes each about as short as the shortest known way', () => {
    for (const [place, { messages }] of findings)
      expect(`${place}: ${messages}`).toBe(`${place}: ${Math.min(messages, limitOf(place))}`);
  });

  it('says how to bring each about again in a new process', async () => {
    for (const [place, { file, line }] of findings) {
      expect((await gunyahRm(['fuzz', 'reproduce', file])).stdout).toContain(`as found: panic ${place},`);
      expect((await gunyahRm(line)).stdout).toContain(`panic ${place}\n`);
    }
  });
});

function isFound(way: string): boolean {
  return [...findings.keys()].some((place) => way.includes(place));
}

function limitOf(place: string): number {
  return (shortest[place as keyof typeof shortest] ?? Number.NEGATIVE_INFINITY) + EXCESS_MAX;
}
