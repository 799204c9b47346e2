import { execFileSync, spawnSync } from 'node:child_process';
import { mkdtempSync, readFileSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';
import { isWanted } from '../golden/tools.js';
import { patienceMs } from '../patience.js';
import { buildSmallManager, depthsOfDefects, small } from './small-manager.js';
import { type SmallSession, smallSessions } from './small-sessions.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-small-'));
const path = (name: string) => join(folder, name);
afterAll(() => rmSync(folder, { recursive: true }));

/** What the program with the line protocol prints for the steps. */
function linesOf({ steps }: SmallSession, count = steps.length): string {
  const input = steps
    .slice(0, count)
    .map(({ from, frame }) => `tx ${from} ${Buffer.from(frame).toString('hex')}\n`)
    .join('');
  return execFileSync(path(small.plain), { input, encoding: 'latin1' });
}

describe.runIf(isWanted('afl-clang-fast'))('the small manager in C', () => {
  beforeAll(() => buildSmallManager(folder, [process.execPath, main], Object.values(small)));

  it('has twelve defects, whose depths are the numbers of requests of the shortest sessions', () => {
    expect(smallSessions.map(({ steps }) => steps.length)).toEqual(depthsOfDefects());
    expect(depthsOfDefects()).toHaveLength(12);
  });

  it.each(smallSessions)(
    'dies of defect $defect in $place, at the last request and not before',
    (session) => {
      expect(linesOf(session).split('\n').at(-2)).toBe(`abort ${session.place}`);
      const before = session.steps.length - 1;
      const lines = linesOf(session, before).split('\n');
      expect(lines.filter((line) => line === 'ok')).toHaveLength(before);
      // Bytes 8..11 of a reply are its error.
      expect(lines.filter((line) => /^rx \d+ .{16}00000000/.test(line))).toHaveLength(before);
    },
  );

  it.each(smallSessions)('dies of defect $defect as a program for AFL++, too', ({ defect, steps }) => {
    const log = path(`log-${defect}`);
    const input = Buffer.concat(steps.map(({ frame }) => frame));
    const { signal } = spawnSync(path(small.frames), { input, env: { ...process.env, DEFECTS_LOG: log } });
    expect(signal).toBe('SIGABRT');
    expect(readFileSync(log, 'utf8')).toMatch(new RegExp(`^${defect} \\d+\n$`));
  });

  it('shows defects behind constants and several requests to a campaign with coverage', async () => {
    const target = [
      '--target',
      `exec:exec ${path(small.covered)}`,
      '--no-reference',
      '--limit',
      String(patienceMs),
    ];
    const { code, stdout } = await gunyahRm(['fuzz', ...target, '--runs', '16000', '--plays', '10']);
    expect(code).toBe(1);
    expect(stdout).toMatch(/^\d+ edges of its code$/m);
    const found = smallSessions.filter(({ place }) => stdout.includes(`crash ${place}\n`));
    expect(found.filter(({ steps }) => steps.length > 1).length).toBeGreaterThanOrEqual(3);
  });
});
