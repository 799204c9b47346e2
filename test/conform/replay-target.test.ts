import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import type { Line } from '../../src/base/line-readers.js';
import { putRecording } from '../../src/conform/index.js';
import { runLocally, SimTarget } from '../../src/target/index.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { Server, Workshop } from '../serve/server.js';
import { deviceTree, scenarios } from '../sim/scenarios.js';

const recordings = scenarios('rm23.ndjson').map(({ name, lines }) => ({
  name,
  lines: lines as readonly Line[],
}));
const linesOf = (name: string) =>
  recordings.find((recording) => recording.name === name)?.lines as readonly Line[];
const text = (lines: readonly Line[]) => lines.map((line) => `${JSON.stringify(line)}\n`).join('');
/** For managers that answer. */
const patient = ['--limit', String(patienceMs)];
const workshop = new Workshop();
afterEach(() => Server.stopAll());
afterAll(() => workshop.remove());

/** Recordings of the machine that a target has without options. */
const usual = recordings.filter(({ lines: [first] }) => {
  const { queue_depth = 8, hlos_owns_io = false, debug_build = false } = (first?.platform ?? {}) as Line;
  return queue_depth === 8 && !hlos_owns_io && !debug_build;
});

/** A recording of messages alone. */
const plain = usual.find(({ lines }) => lines.length > 8 && lines.every(({ op }) => op === undefined)) as {
  lines: readonly Line[];
};

describe('a recording at a target', () => {
  it('is as in a replay for the simulated manager, up to the first step that no target can do', () => {
    const different: string[] = [];
    let steps = 0;
    let unput = 0;
    const target = new SimTarget();
    for (const { name, lines } of usual.filter((_, index) => index % 4 === 0)) {
      const task = putRecording(lines, deviceTree, target, ({ equal, step }) => {
        if (!equal) different.push(`${name}: step ${step}`);
        steps++;
      });
      unput += runLocally(task, target).unput;
    }
    expect(different).toEqual([]);
    expect(steps).toBeGreaterThan(2000);
    expect(unput).toBeLessThan(steps / 5);
  });

  it('shows what differs', async () => {
    const lines = plain.lines.map((line) =>
      line.out === undefined ? line : { ...line, out: [{ to: 3, frame: '2102' }] },
    );
    let different = 0;
    const task = putRecording(lines, deviceTree, new SimTarget(), ({ equal }) => {
      if (!equal) different++;
    });
    runLocally(task, new SimTarget());
    expect(different).toBe(lines.filter(({ out }) => out !== undefined).length);
  });
});

describe.skipIf(process.platform === 'win32')('replay --target socket: (needs unix sockets)', () => {
  it('says the same of serve as of the manager in this process', async () => {
    const file = workshop.file('alloc.ndjson');
    writeFileSync(file, text(plain.lines));
    const path = workshop.file('a.sock');
    await Server.ready(['--socket', path]);
    const direct = await gunyahRm(['replay', file]);
    const remote = await gunyahRm(['replay', ...patient, '--target', `socket:${path}`, file]);
    expect(remote).toMatchObject({ code: 0, stdout: direct.stdout, stderr: '' });
    // It has not booted since, so the VMIDs differ now.
    const again = await gunyahRm(['replay', ...patient, '--target', `socket:${path}`, '--json', file]);
    expect(again.code).toBe(1);
  });

  it('puts no step behind one that the target cannot do, and says which', async () => {
    const file = workshop.file('life.ndjson');
    const lines = linesOf('lifecycle_dynamic');
    writeFileSync(
      file,
      text(lines.map((line) => (line.op === 'load' ? { ...line, file: undefined, data: '00' } : line))),
    );
    const path = workshop.file('b.sock');
    await Server.ready(['--socket', path]);
    const { code, stdout, stderr } = await gunyahRm([
      'replay',
      ...patient,
      '--target',
      `socket:${path}`,
      file,
    ]);
    expect(stderr).toContain('cannot do load');
    expect(stdout).toMatch(/^(\d+) steps, \1 equal, 0 different, \d+ not put to the target\n$/);
    expect(code).toBe(0);
  });

  it('reports that a manager is silent as a death, and one that is not there', async () => {
    const path = workshop.file('c.sock');
    await Server.ready(['--socket', path]);
    const file = workshop.file('dead.ndjson');
    const kill = { from: 3, frame: '210107000200005699000000' };
    writeFileSync(file, text([{ scenario: 'x' }, kill, { from: 3, frame: '2101000024000056' }]));
    const args = ['replay', '--limit', '200', '--target'];
    const { code, stdout } = await gunyahRm([...args, `socket:${path}`, file]);
    expect(stdout).toContain('step 1: expected nothing | actual panic hang: no answer within 200 ms');
    expect(stdout).toMatch(/\n1 steps, 0 equal, 1 different, 1 not put to the target\n$/);
    expect(code).toBe(1);
    expect((await gunyahRm([...args, `socket:${workshop.file('none')}`, file])).code).toBe(3);
  });
});
