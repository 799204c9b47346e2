import { execFileSync } from 'node:child_process';
import { chmodSync, mkdtempSync, readdirSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, describe, expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import { ConnectedTarget } from '../../src/node/target/connected-target.js';
import { ExecConnector } from '../../src/node/target/exec-connector.js';
import { type RemoteTarget, SimTarget, type Step } from '../../src/target/index.js';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { recordedSessions } from './recorded-source.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-exec-'));
afterAll(() => rmSync(folder, { recursive: true }));

/** For campaigns in which nothing hangs: a busy machine shall not make a program look as if it did. */
const patient = ['--limit', String(patienceMs)];
const ask: Step = { kind: 'frame', from: 3, frame: parseHex('2101000024000056') as Uint8Array };

/** A target that does what a shell script says for each line that it reads. */
function script(name: string, text: string): string {
  const path = join(folder, name);
  writeFileSync(path, `#!/bin/sh\n${text}\n`);
  chmodSync(path, 0o755);
  return path;
}

function programTarget(command: string, limitMs: number): ConnectedTarget {
  return new ConnectedTarget({ connector: new ExecConnector(command), limitMs });
}

async function once(target: RemoteTarget, step: Step = ask) {
  await target.reset();
  const response = await target.put(step);
  await target.close();
  return response;
}

describe('a program that speaks the line protocol', () => {
  /** Waits long for an answer, unless there will be none. */
  const scripted = (name: string, text: string, limitMs = patienceMs) =>
    programTarget(script(name, text), limitMs);
  const answering = (answer: string) => `echo ready; while read line; do ${answer}; done`;

  it('answers a message', async () => {
    const { out, ended } = await once(scripted('good', answering('echo rx 3 2102; echo ok')));
    expect(out).toEqual([{ to: 3, frame: Uint8Array.of(0x21, 2) }]);
    expect(ended).toBeUndefined();
  });

  it('gets contents as a file', async () => {
    const text = answering('set -- $line; echo rx 3 $(od -A n -t x1 $3 | tr -d " "); echo ok');
    const step: Step = { kind: 'load', address: 0x80000000, bytes: Uint8Array.of(0xd0, 0x0d) };
    const { out } = await once(scripted('load', text), step);
    expect(out).toEqual([{ to: 3, frame: Uint8Array.of(0xd0, 0x0d) }]);
  });

  it('may say other things, without end', async () => {
    const noise = 'echo; echo rx; echo rx 3 zz; echo okay; head -c 3000000 /dev/zero; echo; echo';
    const { out, ended } = await once(scripted('noise', answering(`${noise} rx 3 21; echo ok`), 1000));
    expect({ out, ended }).toEqual({ out: [], ended: { kind: 'hang', text: 'no answer within 1000 ms' } });
  });

  it.each([
    ['abort', 'echo abort no more; sleep 9', 'crash', /^abort no more$/],
    ['exit', 'exit 3', 'crash', /^exit 3$/],
    ['signal', 'echo last words >&2; kill -SEGV $$', 'crash', /^SIGSEGV\nlast words\n/],
    ['silence', 'sleep 9', 'hang', /^no answer within 1000 ms$/],
    ['output kept open', 'sleep 5 & exit 4', 'crash', /^exit 4$/],
  ])('ends with %s', async (name, script, kind, text) => {
    const limitMs = kind === 'hang' ? 1000 : undefined;
    const { ended } = await once(scripted(name.replaceAll(' ', '-'), answering(script), limitMs));
    expect(ended?.kind).toBe(kind);
    expect(ended?.text).toMatch(text);
  });

  it('begins anew for every session, whatever became of it', async () => {
    const target = scripted('fresh', answering('echo ok; exit 0'));
    for (let session = 0; session < 3; session++) {
      await target.reset();
      expect((await target.put(ask)).ended).toBeUndefined();
    }
    await target.close();
  });

  it('that does not begin is told at once', async () => {
    const { code, stderr } = await gunyahRm(['fuzz', '--target', 'exec:/nowhere/at/all', '--runs', '1']);
    expect(code).toBe(3);
    expect(stderr).toContain('exec:/nowhere/at/all: exit 127');
  });
});

describe('the examples in C', () => {
  const examples = join(import.meta.dirname, '../../docs/examples');
  const manager = join(import.meta.dirname, 'manager.c');
  const program = join(folder, 'example');

  it('fork: a session that kills the manager costs no start', async () => {
    const tiny = join(folder, 'tiny.c');
    const text = `#include <stdio.h>
      #include <stdlib.h>
      void manager_receive(unsigned vmid, const unsigned char *frame, size_t size) {
        static int calls;
        if (size > 8) abort();
        printf("rx %u %02x%02x\\n", vmid, frame[0], ++calls);
      }`;
    writeFileSync(tiny, text);
    execFileSync('cc', ['-Wall', '-Werror', '-o', program, join(examples, 'fork.c'), tiny]);
    const starts = join(folder, 'starts');
    const target = programTarget(`echo >> ${starts}; exec ${program}`, patienceMs);
    const long: Step = { kind: 'frame', from: 3, frame: new Uint8Array(12) };
    for (let session = 0; session < 5; session++) {
      await target.reset();
      const responses = await target.putAll([ask, ask, long, ask]);
      expect(responses.map(({ out }) => out[0]?.frame[1])).toEqual([1, 2, undefined]);
      expect(responses[2]?.ended?.text).toBe('abort signal 6');
    }
    await target.close();
    // Once to learn which lines it knows, once to work.
    expect(readFileSync(starts, 'utf8')).toBe('\n\n');
  });

  it('fork: cases start where others that begin alike have left it', async () => {
    const glue = join(folder, 'glue.c');
    const text = `#define main unused_main
      #include "${manager}"
      #undef main
      void manager_receive(unsigned vmid, const unsigned char *frame, size_t size) {
        if (borrowers == NULL) borrowers = calloc(INTERRUPTS, sizeof *borrowers), crash_message = malloc(MESSAGE_MAX);
        receive(vmid, frame, size);
      }`;
    writeFileSync(glue, text);
    execFileSync('cc', ['-O1', '-Wall', '-Werror', '-o', program, join(examples, 'fork.c'), glue]);
    const starts = join(folder, 'starts of cases');
    const command = `echo >> '${starts}'; exec ${program}`;
    const target = ['--target', `exec:${command}`, '--no-reference', ...patient];
    const words = ['fuzz', ...target, '--message', 'VM_GET_STATE'];
    const { stdout } = await gunyahRm([...words, '--runs', '128', '--plays', '0']);
    // Nothing is found that a program which has booted by itself does not show.
    expect(stdout).not.toContain('unstable');
    expect(stdout).toMatch(/\n?128 cases/);
    // To learn its lines, to begin, and for the cases from the 64th on.
    const count = readFileSync(starts, 'utf8').length;
    expect(count).toBeGreaterThanOrEqual(3);
    expect(count).toBeLessThan(10);
  });

  it.each([
    ['clang', ['-fsanitize-coverage=trace-pc-guard,trace-cmp'], []],
    ['afl-clang-fast', [], ['-DAFL']],
  ])('coverage by %s: sessions that reach new code are kept', async (compiler, forProgram, forExample) => {
    const objects = ['manager.o', 'coverage.o'].map((name) => join(folder, name)) as [string, string];
    const env = { ...process.env, AFL_QUIET: '1' };
    const flags = ['-O1', '-DCOVERAGE', ...forProgram, '-c', manager, '-o', objects[0]];
    execFileSync(compiler, flags, { env, stdio: 'ignore' });
    execFileSync('clang', [
      '-Wall',
      '-Werror',
      ...forExample,
      '-c',
      join(examples, 'coverage.c'),
      '-o',
      objects[1],
    ]);
    execFileSync(compiler, ['-o', program, ...forProgram, ...objects], { env, stdio: 'ignore' });
    const out = join(folder, `covered by ${compiler}`);
    const args = [
      '--target',
      `exec:${program}`,
      '--no-reference',
      ...patient,
      '--runs',
      '200',
      '--plays',
      '5',
      '--out',
      out,
    ];
    const { stdout } = await gunyahRm(['fuzz', ...args]);
    expect(Number(/^(\d+) edges of its code$/m.exec(stdout)?.[1])).toBeGreaterThan(25);
    expect(readdirSync(join(out, 'seeds')).length).toBeGreaterThan(5);
    // The next run knows them.
    const again = await gunyahRm(['fuzz', ...args]);
    expect(again.stdout).toMatch(/^\d+ edges of its code$/m);
  });
});

describe('the simulated manager as a program', () => {
  const target = programTarget(`exec ${process.execPath} ${main} serve --stdio`, patienceMs);
  afterAll(() => target.close());

  it('answers as it does in this process, many steps at once, and boots again after its end', async () => {
    const sim = new SimTarget();
    for (const session of recordedSessions().slice(0, 40)) {
      await target.reset();
      sim.reset();
      const expected = session.map((step) => sim.put(step));
      const end = expected.findIndex(({ ended }) => ended !== undefined);
      const steps = end < 0 ? session : session.slice(0, end + 1);
      const responses = await target.putAll(steps);
      expect(responses.map(({ out }) => out)).toEqual(expected.slice(0, steps.length).map(({ out }) => out));
      if (end >= 0) expect(responses[end]?.ended?.text).toBe(`abort ${expected[end]?.ended?.text}`);
    }
    expect([...target.steps]).toEqual(['frame', 'load', 'vcpu_halt', 'receive_limit', 'drain']);
  });
});

describe('a small manager in C', () => {
  const program = join(folder, 'manager');
  const source = join(import.meta.dirname, 'manager.c');
  const compile = (...options: string[]) =>
    execFileSync('cc', ['-std=c11', '-O1', '-g', '-Wall', '-Wextra', ...options, '-o', program, source], {
      stdio: 'ignore',
    });
  const isBuilt = (...options: string[]) => {
    try {
      compile(...options);
      return true;
    } catch {
      return false;
    }
  };
  const hasSanitizer = isBuilt('-fsanitize=address');

  it.skipIf(!hasSanitizer && process.env.CI === undefined)(
    'shows its three memory bugs (without: cc, AddressSanitizer)',
    async () => {
      const out = join(folder, 'campaign');
      const messages = ['VM_SET_CRASH_MSG', 'VM_GET_STATE', 'VM_DEALLOC_VMID', 'VM_IRQ_LEND'];
      const target = ['--target', `exec:${program}`, '--no-reference', ...patient];
      const args = ['fuzz', ...target, '--message', ...messages];
      const { code, stdout } = await gunyahRm([...args, '--runs', '25', '--plays', '20', '--out', out]);
      expect(code).toBe(1);
      for (const place of ['set_crash_message', 'get_state', 'lend_interrupt'])
        expect(stdout).toMatch(new RegExp(`crash \\S+ in ${place}\n`));
      const findings = readdirSync(join(out, 'findings'));
      const file = join(out, 'findings', findings.find((name) => /get-state.*ndjson$/.test(name)) as string);
      expect(readFileSync(file, 'utf8')).toContain('AddressSanitizer');
      const again = await gunyahRm(['fuzz', 'reproduce', file]);
      expect(again.code).toBe(1);
      expect(again.stdout).toMatch(/^as found: crash heap-use-after-free in get_state, in step \d+\n/);
      // The file names the program, and that is said before it runs.
      expect(again.stderr).toContain(`names its target: exec:${program}`);
      const smaller = await gunyahRm(['fuzz', 'minimise', out, '--plays', '60']);
      expect(smaller.stdout).toMatch(/^crash \S+ in get_state: \d+ steps, now \d+$/m);
    },
  );
});
