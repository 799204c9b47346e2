import { type ChildProcess, spawn, spawnSync } from 'node:child_process';
import { once } from 'node:events';
import { closeSync, existsSync, lstatSync, openSync, readSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { main } from '../cli/bundle.js';
import { gunyahRm } from '../cli/run.js';
import { Workshop } from './server.js';
import { record, StreamPeer } from './stream-peer.js';

const workshop = new Workshop();
const children: ChildProcess[] = [];
afterEach(() => {
  for (const child of children.splice(0)) child.kill('SIGKILL');
});
afterAll(() => workshop.remove());

const header = (type: number, seq: number) =>
  Buffer.from([0x21, type, seq & 0xff, (seq >> 8) & 0xff, 0x24, 0, 0, 0x56]);
const getVmid = (seq: number) => header(1, seq);
const replyTo = (seq: number) => header(2, seq);
/** Enough to fill a pipe of 64 KiB and what the tap keeps behind it, many times. */
const count = 12_000;

function serve(
  args: readonly string[],
  stdout: 'pipe' | number,
): { child: ChildProcess; stderr: () => string } {
  const child = spawn(process.execPath, [main, 'serve', ...args], { stdio: ['ignore', stdout, 'pipe'] });
  children.push(child);
  let text = '';
  child.stderr?.on('data', (chunk) => {
    text += chunk;
  });
  return { child, stderr: () => text };
}

async function until(condition: () => boolean): Promise<void> {
  while (!condition()) await sleep(10);
}

/** Fills the tap, ends the server, and checks that no answer was missing and that it ended, although nobody reads. */
async function stall(path: string, { child, stderr }: ReturnType<typeof serve>): Promise<void> {
  await until(() => stderr().includes('ready'));
  const peer = await StreamPeer.connect(path);
  for (let seq = 0; seq < count; seq += 8) {
    await peer.write(Buffer.concat(Array.from({ length: 8 }, (_, at) => record(3, 255, getVmid(seq + at)))));
    await peer.until(() => peer.received.length === seq + 8);
  }
  const closed = once(child, 'close');
  child.kill('SIGTERM');
  expect((await closed)[0]).toBe(0);
  expect(existsSync(path)).toBe(false);
  expect(stderr()).toMatch(/tap: its reader is too slow/);
  expect(stderr()).toMatch(/tap: \d+ packets were dropped/);
}

/** Checks that a capture is whole blocks. */
async function isWhole(bytes: Buffer): Promise<number> {
  const { stdout, stderr } = await gunyahRm(['decode', '-', '--frames', '--json'], { input: bytes });
  expect(stderr).not.toMatch(/truncated|are needed/);
  return stdout.trim().split('\n').length;
}

describe.skipIf(process.platform === 'win32')('a tap that nobody reads (needs pipes)', () => {
  it('on standard output holds up no peer and no signal', async () => {
    const path = workshop.file('stalled.sock');
    const fifo = workshop.file('stdout.fifo');
    spawnSync('mkfifo', [fifo]);
    // Opened for both, it keeps what nobody takes.
    const fd = openSync(fifo, 'r+');
    await stall(path, serve(['--socket', path, '--tap', '-'], fd));
    const kept = Buffer.alloc(1 << 20);
    expect(await isWhole(kept.subarray(0, readSync(fd, kept)))).toBeGreaterThan(100);
    closeSync(fd);
  });

  it('in a named pipe, with a reader that stops or without any', async () => {
    const [path, fifo] = [workshop.file('fifo.sock'), workshop.file('tap.fifo')];
    spawnSync('mkfifo', [fifo]);
    await stall(path, serve(['--socket', path, '--tap', fifo], 'pipe'));
    const fd = openSync(fifo, 'r+');
    const server = serve(['--socket', path, '--tap', fifo], 'pipe');
    await stall(path, server);
    closeSync(fd);
    expect(lstatSync(fifo).isFIFO()).toBe(true);
  });

  it('counts what was dropped in the capture', async () => {
    const path = workshop.file('late.sock');
    const server = serve(['--socket', path, '--tap', '-'], 'pipe');
    await until(() => server.stderr().includes('ready'));
    const peer = await StreamPeer.connect(path);
    const flood = (size: number) =>
      peer.write(Buffer.concat(Array.from({ length: size }, (_, seq) => record(3, 255, getVmid(seq)))));
    await flood(4 * count);
    await until(() => server.stderr().includes('too slow'));
    // The reader comes back. The next packet that is recorded counts those that were dropped. So there are messages
    // behind the flood, until the reply to the last of them is recorded.
    const pieces: Buffer[] = [];
    server.child.stdout?.on('data', (piece: Buffer) => pieces.push(piece));
    for (let seq = 4 * count; !Buffer.concat(pieces).includes(replyTo(seq - 1)); seq++) {
      await peer.write(record(3, 255, getVmid(seq)));
      await sleep(20);
    }
    const closed = once(server.child, 'close');
    server.child.kill('SIGTERM');
    await closed;
    const bytes = Buffer.concat(pieces);
    const { stderr } = await gunyahRm(['decode', '-', '--frames', '--json'], { input: bytes });
    const dropped = [...stderr.matchAll(/(\d+) packets before this one were dropped/g)];
    const said = /tap: (\d+) packets were dropped/.exec(server.stderr())?.[1];
    expect(dropped.reduce((sum, [, number]) => sum + Number(number), 0)).toBe(Number(said));
    // The statistics of the interface: type 5, its length, interface 0, and the drop count in option 5.
    const at = bytes.lastIndexOf(Buffer.from([5, 0, 0, 0, 52, 0, 0, 0]));
    expect([bytes.length - at, bytes.readUInt16LE(at + 32)]).toEqual([52, 5]);
    expect(bytes.readBigUInt64LE(at + 36)).toBe(BigInt(said as string));
  });
});
