import { existsSync, lstatSync, readFileSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { CapabilityMask } from '../../src/sim/mask.js';
import { gunyahRm } from '../cli/run.js';
import { Random } from '../random.js';
import { seedOf } from '../seeded.js';
import { garbageMessage } from './garbage.js';
import { type Life, recordedLives } from './recorded-life.js';
import { Server, Workshop } from './server.js';
import { record, StreamPeer } from './stream-peer.js';

const life = recordedLives().find(({ name }) => name === 'lifecycle_dynamic') as Life;
const workshop = new Workshop();
afterEach(() => Server.stopAll());
afterAll(() => workshop.remove());

const getVmid = (seq: number) => Buffer.from([0x21, 1, seq & 0xff, seq >> 8, 0x24, 0, 0, 0x56]);
/** VM_DEALLOC_VMID of a VMID that no VM has: the real manager dies of it. */
const killing = Buffer.from('210107000200005699000000', 'hex');
const load = ['--load', `0x89000000=${workshop.tree}`];
/** How far times of a tap may be from those of this test, in milliseconds. */
const clockToleranceMs = 10_000;

/** Connections that do what none should; done when the server has ended them all. */
async function misbehave(path: string, random: Random, recordCount: number): Promise<void> {
  const vmids = [3, 3, 3, 128, 4, 0, 254, 65535];
  const records = Array.from({ length: recordCount }, () => {
    const from = random.pick(vmids);
    return record(from, random.once(4) ? random.below(0x10000) : 255, garbageMessage(random));
  });
  const endings = [
    new Uint8Array(0),
    // Half a length, half a head, half a message, and the longest of lengths with nothing behind it.
    Uint8Array.of(9),
    Uint8Array.of(9, 0, 3),
    record(3, 255, getVmid(1)).subarray(0, 9),
    Uint8Array.of(0xff, 0xff, 3, 0, 255, 0),
    // What the server must end the connection for.
    Uint8Array.of(3, 0, 3, 0, 255, 0),
    record(255, 3, getVmid(1)),
  ];
  const share = Math.ceil(records.length / endings.length);
  await Promise.all(
    endings.map(async (ending, index) => {
      const peer = await StreamPeer.connect(path);
      void peer.write(Buffer.concat([...records.slice(index * share, (index + 1) * share), ending]));
      if (index >= endings.length - 2) await peer.closed;
      else await peer.end();
    }),
  );
}

// Node has named pipes for them on Windows.
describe.skipIf(process.platform === 'win32')('serve --socket (needs unix sockets)', () => {
  it('boots a VM through its whole life, 10 000 records of garbage in between, byte for byte', async () => {
    const [path, tap] = [workshop.file('life.sock'), workshop.file('life.pcapng')];
    const before = Date.now();
    const server = await Server.ready(['--socket', path, '--tap', tap, ...load]);
    const peer = await StreamPeer.connect(path);
    const random = new Random(seedOf(1));
    const masks = [new CapabilityMask(), new CapabilityMask()] as const;
    for (const { from, frame, out } of life.steps) {
      await misbehave(path, random, 10_000 / life.steps.length);
      const answers = await peer.ask(from, frame, out.length);
      const text = (mask: CapabilityMask, list: typeof out) =>
        list.map(({ to, frame }) => `${to} ${formatHex(mask.apply(to, frame))}`);
      expect(text(masks[1], answers)).toEqual(text(masks[0], out));
    }
    expect(await server.stop()).toMatchObject({ code: 0 });
    await peer.closed;
    expect(peer.received.length).toBe(life.steps.reduce((sum, { out }) => sum + out.length, 0));
    expect(existsSync(path)).toBe(false);
    const { stdout } = await gunyahRm(['decode', tap, '--frames', '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const times = lines.map(({ time }) => Date.parse(time));
    // The clock is read once and counted on from there: other programs may have had the processor between the two.
    expect(Math.min(...times)).toBeGreaterThan(before - clockToleranceMs);
    expect(Math.max(...times)).toBeLessThan(Date.now() + clockToleranceMs);
    expect(lines.length).toBeGreaterThan(10_000);
    const answered = lines.filter(({ from }) => from === 255).map(({ to, raw }) => `${to} ${raw}`);
    expect(answered).toEqual(peer.received.map(({ to, frame }) => `${to} ${formatHex(frame)}`));
    const refused = lines.filter(({ comment }) => comment !== undefined);
    expect(new Set(refused.map(({ comment }) => comment))).toEqual(
      new Set(['not queued: no such queue', 'not queued: size']),
    );
  });

  it('is not held up by a VM that does not read', async () => {
    const path = workshop.file('deaf.sock');
    const server = await Server.ready(['--socket', path, ...load]);
    const host = await StreamPeer.connect(path);
    const started = life.steps.slice(0, 10);
    for (const { from, frame, out } of started) await host.ask(from, frame, out.length);
    const deaf = await StreamPeer.connect(path, false);
    const count = 20_000;
    await deaf.write(
      Buffer.concat(Array.from({ length: count }, (_, seq) => record(128, 255, getVmid(seq)))),
    );
    for (let seq = 0; seq < 100; seq++) {
      const [answer] = await host.ask(3, getVmid(seq), 1);
      expect(formatHex(answer?.frame as Uint8Array).slice(16)).toBe('0000000003000000');
    }
    deaf.read();
    const sequence = () =>
      deaf.received.map(({ frame }) => (frame[2] as number) | ((frame[3] as number) << 8));
    await deaf.until(() => sequence().at(-1) === count - 1);
    expect(sequence()).toEqual([...sequence()].sort((left, right) => left - right));
    expect(deaf.received.length).toBeLessThan(count / 2);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('gives a VM to the connection that last sent as it', async () => {
    const path = workshop.file('turns.sock');
    const server = await Server.ready(['--socket', path]);
    const [first, second] = [await StreamPeer.connect(path), await StreamPeer.connect(path)];
    await first.ask(3, getVmid(1), 1);
    await second.ask(3, getVmid(2), 1);
    await second.end();
    await first.ask(3, getVmid(3), 1);
    expect([first.received.length, second.received.length]).toEqual([2, 1]);
    await server.stop();
  });

  it('is silent after a panic, and says why', async () => {
    const path = workshop.file('panic.sock');
    const server = await Server.ready(['--socket', path]);
    const peer = await StreamPeer.connect(path);
    await peer.write(record(3, 255, killing));
    await server.told('vm_dealloc_unknown_vmid (VM_DEALLOC_VMID: ');
    await peer.write(record(3, 255, getVmid(1)));
    await peer.end();
    expect(peer.received).toEqual([]);
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('boots again after a panic with --reboot-on-panic', async () => {
    const path = workshop.file('reboot.sock');
    const server = await Server.ready(['--socket', path, '--reboot-on-panic', ...load]);
    const peer = await StreamPeer.connect(path);
    const untilReady = life.steps.slice(0, 7);
    for (let boot = 0; boot < 3; boot++) {
      for (const { from, frame, out } of untilReady) {
        const answers = await peer.ask(from, frame, out.length);
        expect(answers.map(({ frame }) => formatHex(frame))).toEqual(
          out.map(({ frame }) => formatHex(frame)),
        );
      }
      await peer.write(record(3, 255, killing));
    }
    await peer.end();
    const { stderr } = await server.stop();
    expect(stderr.match(/vm_dealloc_unknown_vmid/g)).toHaveLength(3);
  });

  it('tells with --lint what kills the manager, at once and in each boot', async () => {
    const path = workshop.file('lint.sock');
    let told = '';
    const words = ['serve', '--socket', path, '--reboot-on-panic', '--lint', 'rm23', ...load];
    const server = Server.command(words, (text) => {
      told += text;
    });
    await server.told('ready: ');
    const peer = await StreamPeer.connect(path);
    for (let boot = 1; boot <= 2; boot++) {
      for (const { from, frame, out } of life.steps.slice(0, 7)) await peer.ask(from, frame, out.length);
      await peer.write(record(3, 255, killing));
      // The next answer comes after the finding.
      await peer.ask(3, getVmid(boot), 1);
      expect(told.match(/fatal rm23\/[a-z-]+/g)).toEqual(
        Array.from({ length: boot }, () => 'fatal rm23/vm-dealloc-unknown-vmid'),
      );
    }
    expect(told.match(/live: packet/g)).toHaveLength(2);
    await peer.end();
    expect(await server.stop()).toMatchObject({ code: 0 });
  });

  it('replaces the name of a server that is gone, and no other', async () => {
    const path = workshop.file('name.sock');
    const killed = await Server.asProcess(['--socket', path]).isReady();
    await killed.stop('SIGKILL');
    expect(lstatSync(path).isSocket()).toBe(true);
    const server = await Server.ready(['--socket', path]);
    const second = await Server.inProcess(['--socket', path]).ended;
    expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining(`${path}: in use`) });
    const peer = await StreamPeer.connect(path);
    await peer.ask(3, getVmid(1), 1);
    await server.stop();
    const file = await Server.inProcess(['--socket', workshop.tree]).ended;
    expect(file).toMatchObject({ code: 3 });
    expect(lstatSync(workshop.tree).isFile()).toBe(true);
  });

  it.skipIf(!existsSync('/dev/full'))(
    'answers on when it cannot record any more (needs /dev/full)',
    async () => {
      const path = workshop.file('full.sock');
      const server = await Server.ready(['--socket', path, '--tap', '/dev/full']);
      const peer = await StreamPeer.connect(path);
      await peer.ask(3, getVmid(1), 1);
      await server.told('nothing more is recorded');
      await peer.ask(3, getVmid(2), 1);
      const { code, stderr } = await server.stop();
      expect(stderr).toContain('tap: /dev/full: no space left on the device; nothing more is recorded');
      expect(stderr).toContain('tap: 2 messages were not recorded');
      expect(code).toBe(3);
      expect(existsSync(path)).toBe(false);
    },
  );

  it('leaves the file of the tap as it was when it cannot start', async () => {
    const tap = workshop.file('old.pcapng');
    writeFileSync(tap, 'old');
    const args = ['--socket', workshop.file('none/x.sock'), '--tap', tap];
    expect(await Server.inProcess(args).ended).toMatchObject({ code: 3 });
    expect(readFileSync(tap, 'utf8')).toBe('old');
  });

  it.each([
    ['neither transport', [], 2, 'expected --socket, --dgram or --stdio'],
    ['a platform that there is not', ['--socket', 'x', '--platform', 'z80'], 2, 'possible: native, qemu'],
    ['an address that is none', ['--socket', 'x', '--load', 'here=vm.dtb'], 2, 'ADDRESS=FILE'],
    [
      'a file that there is not',
      ['--socket', 'x', '--load', '0=/nowhere/vm.dtb'],
      3,
      '/nowhere/vm.dtb: no such file',
    ],
    ['a folder that there is not', ['--socket', '/nowhere/x'], 3, '/nowhere/x: no such file'],
    ['a name that is too long', ['--socket', `/${'x'.repeat(107)}`], 3, '107 bytes'],
    ['a tap that cannot be', ['--socket', 'x', '--tap', '/nowhere/tap'], 3, '/nowhere/tap: no such file'],
  ])('refuses %s', async (_what, args, code, text) => {
    const { code: actual, stderr } = await Server.inProcess(args).ended;
    expect(stderr).toContain(text);
    expect(actual).toBe(code);
  });
});
