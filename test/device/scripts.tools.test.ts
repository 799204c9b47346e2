import { type ChildProcess, execFileSync, spawn, spawnSync } from 'node:child_process';
import { mkdtempSync, openSync, rmSync, writeFileSync, writeSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, describe, expect, it } from 'vitest';
import {
  cleaningScript,
  kernels,
  type Method,
  methodsOf,
  probeScript,
  recordingScript,
} from '../../src/device/index.js';
import { patienceMs } from '../patience.js';
import { FakeTracefs } from './fake-tracefs.js';

const folder = mkdtempSync(join(tmpdir(), 'gunyah-rm-scripts-'));
afterAll(() => rmSync(folder, { recursive: true }));

type Kernel = (typeof kernels)[number];
const kernelOf = (name: string) => kernels.find((row) => row.name === name) as Kernel;

function write(name: string, script: string): string {
  const path = join(folder, name);
  writeFileSync(path, script);
  return path;
}

const has = (program: string) => spawnSync('sh', ['-c', `command -v ${program}`]).status === 0;
/** Shells that scripts must run in; Android's is mksh. */
const shells = [
  'sh',
  ...['mksh', 'busybox'].filter((name) => has(name) || (name === 'mksh' && process.env.CI !== undefined)),
];
const words = (shell: string) => (shell === 'busybox' ? ['busybox', 'sh'] : [shell]);

describe('every script', () => {
  const scripts = [
    write('probe.sh', probeScript()),
    write('clean.sh', cleaningScript()),
    ...kernels.flatMap((kernel) =>
      methodsOf(kernel).flatMap((method) =>
        (kernel.name.startsWith('mainline') ? [[]] : [[], [0x61n, 0x62n]]).map((capids) =>
          write(
            `${kernel.name}-${method}-${capids.length}.sh`,
            recordingScript(method, { kernel, capids, duration: undefined }),
          ),
        ),
      ),
    ),
  ];

  it.skipIf(process.env.CI === undefined && !has('shellcheck'))('satisfies shellcheck', () => {
    const { stdout } = spawnSync('shellcheck', ['-s', 'sh', ...scripts], { encoding: 'utf8' });
    expect(stdout).toBe('');
  });

  it.each(shells)('is understood by %s', (shell) => {
    const [program = '', ...rest] = words(shell);
    for (const script of scripts)
      expect(spawnSync(program, [...rest, '-n', script], { encoding: 'utf8' }).stderr).toBe('');
  });
});

let scripts = 0;

/** A script on a fake device. */
class Recording {
  readonly fake = new FakeTracefs();
  readonly child: ChildProcess;
  readonly script: string;
  stdout = '';
  stderr = '';
  readonly ended: Promise<number | null>;

  constructor(shell: string, kernel: Kernel, method: Method, argument: string[] = [], duration?: number) {
    // mksh reads its script while it runs, so no other may be written over it.
    this.script = write(`run-${scripts++}.sh`, recordingScript(method, { kernel, capids: [], duration }));
    const [program = '', ...rest] = words(shell);
    this.child = spawn(program, [...rest, this.script, ...argument], { env: this.fake.env, detached: true });
    this.child.stdout?.on('data', (chunk) => {
      this.stdout += chunk;
    });
    this.child.stderr?.on('data', (chunk) => {
      this.stderr += chunk;
    });
    this.ended = new Promise((done) => this.child.on('close', done));
  }

  async until(condition: () => boolean): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`not in time: ${this.stdout}\n${this.stderr}`);
      await sleep(20);
    }
  }

  async recording(): Promise<void> {
    await this.until(() => this.stderr.includes('recording;'));
  }

  /** Prints as the kernel does. @returns the descriptor of the pipe. */
  trace(text: string): number {
    const fd = openSync(this.fake.pipe, 'w');
    writeSync(fd, text);
    return fd;
  }

  /** Removes the test's files. */
  remove(): void {
    rmSync(this.fake.folder, { recursive: true });
  }
}

// The commands of busybox's shell are its own, so that it sees no fake.
describe.each(shells.filter((shell) => shell !== 'busybox'))('tracefs with %s', (shell) => {
  it('prints what the kernel prints, and removes its probes on INT', async () => {
    const run = new Recording(shell, kernelOf('android14-6.1'), 'tracefs');
    await run.recording();
    run.trace('  x-1  [000] ..... 1.000001: tx: (gh_hypercall_msgq_send+0x0/0x20) capid=0x61\n');
    await run.until(() => run.stdout.includes('capid=0x61'));
    expect(run.fake.left).toEqual(['gunyah_rm/tx', 'gunyah_rm/txr', 'gunyah_rm/rx', 'gunyah_rm']);
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(run.fake.left).toEqual([]);
    expect(run.stdout).toMatch(/^# clock boot\n.*tx: /);
    expect(run.fake.read('kprobe_events')).toContain(
      'p:gunyah_rm/rx gh_rm_msgq_rx_data.llvm.77 len=+0($arg2):u64',
    );
    expect(run.fake.event('rx', 'enable')).toBe('0\n');
    expect(run.stderr).toContain('rx: 0 hits, 1 missed');
    expect(run.stderr).toContain('rx was never hit');
    run.remove();
  });

  it('ends with TERM, HUP, its time, its output, its input', async () => {
    const kernel = kernelOf('android14-6.1');
    const ways: [name: string, Recording, end: (run: Recording) => void][] = [
      ['TERM', new Recording(shell, kernel, 'tracefs'), ({ child }) => child.kill('SIGTERM')],
      ['HUP', new Recording(shell, kernel, 'tracefs'), ({ child }) => child.kill('SIGHUP')],
      ['time', new Recording(shell, kernel, 'tracefs', [], 1), () => {}],
      ['input', new Recording(shell, kernel, 'tracefs', ['stdin']), ({ child }) => child.stdin?.end()],
      [
        'output',
        new Recording(shell, kernel, 'tracefs'),
        (run) => {
          run.child.stdout?.destroy();
          run.trace('line\nline\n');
        },
      ],
    ];
    for (const [name, run, end] of ways) {
      await run.recording();
      end(run);
      // `cat` fails when it cannot write.
      expect([name, await run.ended, run.fake.left]).toEqual([name, name === 'output' ? 1 : 0, []]);
      run.remove();
    }
  });

  it('is cleaned up when it is killed', async () => {
    const run = new Recording(shell, kernelOf('android14-6.1'), 'tracefs');
    await run.recording();
    run.child.kill('SIGKILL');
    await run.until(() => run.fake.left.length === 0);
    run.remove();
  });

  it('is cleaned up by clean when all of it is killed, and refuses to start before', async () => {
    const kernel = kernelOf('android14-6.1');
    const run = new Recording(shell, kernel, 'tracefs');
    await run.recording();
    process.kill(-(run.child.pid as number), 'SIGKILL');
    await run.ended;
    expect(run.fake.left).toHaveLength(4);
    const again = spawnSync('sh', [run.script], { env: run.fake.env });
    expect([again.status, `${again.stderr}`]).toEqual([1, expect.stringContaining('argument clean')]);
    const [program = '', ...rest] = words(shell);
    execFileSync(program, [...rest, join(folder, 'clean.sh')], { env: run.fake.env, stdio: 'pipe' });
    expect(run.fake.left).toEqual([]);
    run.remove();
  });

  it('takes the second step of the receive probe by itself', async () => {
    const kernel: Kernel = { ...kernelOf('android15-6.6'), receiveWays: ['two-step'] };
    const run = new Recording(shell, kernel, 'tracefs');
    await run.recording();
    run.fake.write(
      'instances/gunyah_rm-step/trace',
      ' irq/27-gun [x]-121     [000] .....    13.250786: rxe: (gunyah_hypercall_msgq_recv+0x0/0x90) capid=0x62 buf=0xffffffffc05a9460 lenp=0xffffccd6c0433f00\n',
    );
    await run.until(() => run.stderr.includes('second step done'));
    run.child.kill('SIGINT');
    expect(await run.ended).toBe(0);
    expect(run.fake.left).toEqual([]);
    expect(run.fake.read('kprobe_events')).toContain(
      'r:gunyah_rm/rx gunyah_hypercall_msgq_recv ret=$retval:s32 len=@0xffffccd6c0433f00:u64 data=@0xffffffffc05a9460:x32[60]\n',
    );
    expect(run.fake.event('rx', 'filter')).toBe('ret == 0 && common_pid == 121\n');
    expect(run.fake.event('rxe', 'filter', 'gunyah_rm-step')).toBe('comm ~ "irq/*-gunyah_r*"\n');
    run.remove();
  });
});
