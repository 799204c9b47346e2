import { chmodSync, openSync, readFileSync, rmSync, statSync, writeFileSync, writeSync } from 'node:fs';
import { join } from 'node:path';
import { setTimeout as sleep } from 'node:timers/promises';
import { describe, expect, it } from 'vitest';
import { run } from '../../src/cli/run.js';
import { noStdio } from '../../src/node/stdio.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { FakeTracefs } from './fake-tracefs.js';

/** A queue message as the probes of `capture` print it, with its time in seconds. */
function traceLine(event: 'tx' | 'rx', seconds: number, message: Buffer): string {
  const padded = Buffer.concat([message, Buffer.alloc(240 - message.length, 0xaa)]);
  const words = Array.from({ length: 30 }, (_, at) => `0x${padded.readBigUInt64LE(at * 8).toString(16)}`);
  const place =
    event === 'tx'
      ? '(gh_hypercall_msgq_send+0x0/0x20) capid=0x61 size'
      : '(gh_rm_msgq_rx_data+0x0/0x20) len';
  return `  irq/27 x-12  [000] .....  ${seconds.toFixed(6)}: ${event}: ${place}=${message.length} data={${words}}\n`;
}

const request = (seq: number) =>
  Buffer.from(`2101${seq.toString(16).padStart(2, '0')}001700005603000000`, 'hex');
const reply = (seq: number) =>
  Buffer.from(`2102${seq.toString(16).padStart(2, '0')}0017000056000000000a000000`, 'hex');

/** `capture --run` in this process, on a fake device. */
class LiveRun {
  readonly fake = new FakeTracefs();
  text = '';
  errors = '';
  stop!: () => void;
  readonly code: Promise<number>;

  constructor(words: readonly string[]) {
    const { folder, env } = this.fake;
    // Programs that connect to this machine.
    for (const [name, word] of [
      ['adb', 'shift; shift; exec sh -c "$1"'],
      ['ssh', 'while [ $# -gt 1 ]; do shift; done; exec sh -c "$1"'],
    ] as const) {
      writeFileSync(join(folder, 'bin', name), `#!/bin/sh\n${word}\n`);
      chmodSync(join(folder, 'bin', name), 0o755);
    }
    this.code = run(['capture', ...words.map((word) => word.replace('FOLDER', folder))], {
      ...noStdio,
      env: env as Record<string, string>,
      write: (bytes) => {
        this.text += Buffer.from(bytes).toString();
        return true;
      },
      writeError: (text) => {
        this.errors += text;
      },
      onStop: (stop) => {
        this.stop = stop;
      },
    });
  }

  async until(condition: () => boolean): Promise<void> {
    const end = Date.now() + patienceMs;
    while (!condition()) {
      if (Date.now() > end) throw new Error(`not in time: ${this.text}\n${this.errors}`);
      await sleep(5);
    }
  }

  async pipe(): Promise<(text: string) => void> {
    await this.until(() => this.errors.includes('recording;'));
    const fd = openSync(this.fake.pipe, 'w');
    return (text) => void writeSync(fd, text);
  }
}

const kernel = ['--kernel', 'android14-6.1'];

describe('capture --run', () => {
  it.each([['adb'], ['ssh board'], ['local']])('records by %s, live and as pcapng', async (target) => {
    const live = new LiveRun([...kernel, '--run', ...target.split(' '), '-o', 'FOLDER/out.pcapng']);
    const trace = await live.pipe();
    trace(traceLine('tx', 1, request(1)) + traceLine('rx', 1.001, reply(1)));
    await live.until(() => live.text.includes('reply'));
    // Each is printed before the next one comes.
    for (let seq = 2; seq < 12; seq++) {
      const before = live.text.length;
      trace(traceLine('tx', seq, request(seq)));
      await live.until(() => live.text.length > before);
    }
    live.stop();
    expect(await live.code).toBe(0);
    expect(live.fake.left).toEqual([]);
    const decoded = await gunyahRm(['decode', join(live.fake.folder, 'out.pcapng'), '--frames', '--json']);
    const frames = decoded.stdout
      .split('\n')
      .filter(Boolean)
      .map((line) => JSON.parse(line));
    expect(frames.map(({ from, raw }) => [from, raw])).toEqual([
      [3, request(1).toString('hex')],
      [255, reply(1).toString('hex')],
      ...Array.from({ length: 10 }, (_, at) => [3, request(at + 2).toString('hex')]),
    ]);
    rmSync(live.fake.folder, { recursive: true });
  });

  it('probes the device without --kernel, and writes pcapng alone to standard output', async () => {
    const live = new LiveRun(['--run', 'adb', '-o', '-']);
    live.fake.write('kallsyms', 'ffff T gh_hypercall_msgq_send\n');
    const trace = await live.pipe();
    const head = live.text.length;
    trace(traceLine('tx', 1, request(1)) + traceLine('rx', 1.001, reply(1)));
    await live.until(() => live.text.length > head);
    live.stop();
    expect(await live.code).toBe(0);
    expect(live.errors).toMatch(/the device has .*: tracefs as on android14-6.1/);
    expect(Buffer.from(live.text).subarray(0, 1)).toEqual(Buffer.of(0x0a));
    rmSync(live.fake.folder, { recursive: true });
  });

  it('says that a program is missing or a script has failed', async () => {
    const none = await gunyahRm(['capture', ...kernel, '--run', 'adb'], { env: { PATH: '/nowhere' } });
    expect([none.code, none.stderr]).toEqual([3, expect.stringContaining('adb: no such file')]);
    const failed = new LiveRun(['--kernel', 'qcom-5.15', '--method', 'dynamic-debug', '--run', 'local']);
    failed.fake.write('control', '');
    expect(await failed.code).toBe(3);
    expect(failed.errors).toContain('no gh_msgq.c in the control file');
    rmSync(failed.fake.folder, { recursive: true });
  });

  it('records for Wireshark, with a log for its toolbar', async () => {
    const words = ['--extcap', '--capture', '--extcap-interface', 'gunyah_rm_adb', '--kernel', ''];
    const pipes = ['--fifo', 'FOLDER/fifo', '--extcap-control-out', 'FOLDER/log'];
    const live = new LiveRun([...words, ...pipes]);
    live.fake.write('kallsyms', 'ffff T gh_hypercall_msgq_send\n');
    // The file stands for Wireshark's pipe, and has a header before anything is recorded.
    const written = () => statSync(join(live.fake.folder, 'fifo'), { throwIfNoEntry: false })?.size ?? 0;
    const trace = await live.pipe();
    await live.until(() => written() > 0);
    const head = written();
    trace(traceLine('tx', 1, request(1)) + traceLine('rx', 1.001, reply(1)));
    await live.until(() => written() > head);
    live.stop();
    expect(await live.code).toBe(0);
    expect(live.text).toBe('');
    // A toolbar message: sync byte, length in three bytes, control number, command, text.
    const log = live.fake.read('log');
    expect([log.slice(0, 3), log.slice(4, 6)]).toEqual(['T\0\0', '\0\u0003']);
    expect(log.slice(6)).toMatch(/^gunyah-rm: recording;/);
    const decoded = await gunyahRm(['decode', join(live.fake.folder, 'fifo'), '--frames', '--json']);
    expect(decoded.stdout.split('\n').filter(Boolean)).toHaveLength(2);
    rmSync(live.fake.folder, { recursive: true });
  });

  it('cleans a device', async () => {
    const live = new LiveRun(['--clean', '--run', 'local']);
    expect(await live.code).toBe(0);
    expect(live.errors).toContain('gunyah-rm: clean');
    rmSync(live.fake.folder, { recursive: true });
  });
});

describe('dynamic debug', () => {
  it('copies what the log says behind the mark, and switches the dumps off', async () => {
    const live = new LiveRun(['--kernel', 'qcom-5.15', '--run', 'local', '--duration', '1']);
    expect(await live.code).toBe(0);
    expect(readFileSync(join(live.fake.folder, 'control'), 'utf8')).toBe('file *gh_msgq.c -p\n');
    rmSync(live.fake.folder, { recursive: true });
  });
});
