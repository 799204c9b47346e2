import { existsSync, lstatSync, mkdirSync, readdirSync, writeFileSync } from 'node:fs';
import { afterAll, afterEach, beforeAll, describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { DatagramSocket } from '../../src/node/datagram-socket.js';
import { CapabilityMask } from '../../src/sim/mask.js';
import { compilePeer, missingForDatagrams, runPeer } from './c-peer.js';
import { type Life, recordedLives } from './recorded-life.js';
import { Server, Workshop } from './server.js';
import { StreamPeer } from './stream-peer.js';

const life = recordedLives().find(({ name }) => name === 'lifecycle_dynamic') as Life;
const workshop = new Workshop();
const program = workshop.file('peer');
const load = ['--load', `0x89000000=${workshop.tree}`];
afterEach(() => Server.stopAll());
afterAll(() => workshop.remove());

const getVmid = (seq: number) => Uint8Array.of(0x21, 1, seq & 0xff, seq >> 8, 0x24, 0, 0, 0x56);

function newFolder(name: string): string {
  mkdirSync(workshop.file(name));
  return workshop.file(name);
}

/** A VM over datagrams: binds its name when told to. */
class Vm {
  readonly received: Uint8Array[] = [];
  #socket: DatagramSocket;
  #wanted: (() => void) | undefined;

  /** @param own the name it receives under. */
  constructor(
    private readonly folder: string,
    private readonly vmid: number,
    own = `rm-rpc-255-${vmid}`,
  ) {
    this.#socket = this.#bind(own);
  }

  #bind(name: string): DatagramSocket {
    return DatagramSocket.bind(`${this.folder}/${name}`, (message) => {
      this.received.push(message);
      this.#wanted?.();
    });
  }

  /** From now on it receives under its proper name. */
  rebind(): void {
    this.#socket.close();
    this.#socket = this.#bind(`rm-rpc-255-${this.vmid}`);
  }

  send(message: Uint8Array): boolean {
    return this.#socket.send(message, `${this.folder}/rm-rpc-${this.vmid}-255`);
  }

  async until(count: number): Promise<Uint8Array[]> {
    while (this.received.length < count)
      await new Promise<void>((done) => {
        this.#wanted = done;
      });
    return this.received;
  }

  close(): void {
    this.#socket.close();
  }
}

const missing = missingForDatagrams();
// Where everything must be there, it is an error when it is not.
const skipped = missing !== undefined && process.env.CI === undefined;

describe.skipIf(skipped)(`serve --dgram${missing === undefined ? '' : `, which needs ${missing}`}`, () => {
  beforeAll(() => compilePeer(program));

  it('takes a C program through the whole life of a VM, 10 000 datagrams of garbage in between', async () => {
    const folder = newFolder('life');
    const server = await Server.asProcess(['--dgram', folder, ...load]).isReady();
    expect(await runPeer(program, [folder, 'lifecycle', '10000'])).toBe('steps 25 garbage 10000');
    expect(await server.stop('SIGINT')).toEqual({
      code: 0,
      signal: null,
      stderr: expect.stringMatching(/^.*ready.*\n$/),
    });
    expect(readdirSync(folder)).toEqual([]);
  });

  it('neither drops nor reorders what is on a queue when the kernel takes no more', async () => {
    const folder = newFolder('full');
    const server = await Server.ready(['--dgram', folder]);
    const printed = await runPeer(program, [folder, 'full', '5000']);
    // The kernel holds at least one, the manager's queue eight; then come one in transmission and the last reply.
    const [, answers, inRow] = /^answers (\d+) first (\d+)$/.exec(printed) ?? [];
    expect(Number(inRow)).toBeGreaterThanOrEqual(10);
    expect(Number(answers)).toBeGreaterThan(Number(inRow));
    expect(Number(answers)).toBeLessThan(5000);
    // No devicetree was loaded here: the program can tell a difference.
    expect(await runPeer(program, [folder, 'lifecycle', '0']).catch((error) => error.stderr)).toContain(
      'other bytes',
    );
    await server.stop();
  });

  it('keeps a message for a VM that binds its name late, or anew', async () => {
    const folder = newFolder('late');
    const server = await Server.ready(['--dgram', folder, '--tap', workshop.file('late.pcapng')]);
    const vm = new Vm(folder, 3, 'elsewhere');
    for (let seq = 0; seq < 5; seq++) expect(vm.send(getVmid(seq))).toBe(true);
    // So many that some have been answered, in vain, before the last is sent: the kernel's queue is far shorter.
    for (let sent = 5; sent < 30; ) {
      if (vm.send(getVmid(sent))) sent++;
      else await new Promise((done) => setImmediate(done));
    }
    vm.rebind();
    const first = (await vm.until(10)).map((message) => message[2]);
    expect(first.slice(0, 10)).toEqual([0, 1, 2, 3, 4, 5, 6, 7, 8, 9]);
    vm.rebind();
    vm.send(getVmid(77));
    while (vm.received.at(-1)?.[2] !== 77) await vm.until(vm.received.length + 1);
    vm.close();
    await server.stop();
  });

  it('has a name for every link, and VMs of both transports', async () => {
    const folder = newFolder('both');
    const path = workshop.file('both.sock');
    const server = await Server.ready(['--dgram', folder, '--socket', path, ...load]);
    const host = new Vm(folder, 3);
    const guest = await StreamPeer.connect(path);
    const masks = [new CapabilityMask(), new CapabilityMask()] as const;
    const names: boolean[] = [];
    for (const { from, frame, out } of life.steps) {
      const before = host.received.length;
      if (from === 3) expect(host.send(frame)).toBe(true);
      const answers = from === 3 ? undefined : await guest.ask(from, frame, out.length);
      const frames =
        answers?.map(({ frame }) => frame) ?? (await host.until(before + out.length)).slice(before);
      expect(frames.map((frame) => formatHex(masks[0].apply(from, frame)))).toEqual(
        out.map(({ to, frame }) => formatHex(masks[1].apply(to, frame))),
      );
      names.push(existsSync(`${folder}/rm-rpc-128-255`));
    }
    // From VM_INIT to VM_RESET.
    expect([names.indexOf(true), names.lastIndexOf(true)]).toEqual([6, 19]);
    expect(await server.stop()).toMatchObject({ code: 0 });
    host.close();
    expect(readdirSync(folder)).toEqual([]);
  });

  it('replaces the names of a server that is gone, and no others', async () => {
    const folder = newFolder('names');
    const killed = await Server.asProcess(['--dgram', folder]).isReady();
    await killed.stop('SIGKILL');
    expect(lstatSync(`${folder}/rm-rpc-3-255`).isSocket()).toBe(true);
    const server = await Server.ready(['--dgram', folder]);
    const second = await Server.inProcess(['--dgram', folder]).ended;
    expect(second).toMatchObject({ code: 3, stderr: expect.stringContaining('rm-rpc-3-255: in use') });
    await server.stop();
    writeFileSync(`${folder}/rm-rpc-3-255`, 'a file');
    expect(await Server.inProcess(['--dgram', folder]).ended).toMatchObject({ code: 3 });
    expect(lstatSync(`${folder}/rm-rpc-3-255`).isFile()).toBe(true);
  });
});

describe('serve --dgram without its package', () => {
  it('names it and how to have it', async () => {
    const hide = workshop.file('hide.cjs');
    writeFileSync(
      hide,
      `const module_ = require('node:module');
       const resolve = module_._resolveFilename;
       module_._resolveFilename = function (name, ...rest) {
         if (name !== 'unix-dgram') return resolve.call(this, name, ...rest);
         throw Object.assign(new Error('hidden'), { code: 'MODULE_NOT_FOUND' });
       };`,
    );
    const { code, stderr } = await Server.asProcess(['--dgram', workshop.path], ['--require', hide]).ended;
    expect(stderr).toBe(
      'gunyah-rm: unix-dgram: unix datagrams need this package, which is not installed: npm install unix-dgram@2\n',
    );
    expect(code).toBe(3);
  });
});
