import { existsSync, mkdirSync } from 'node:fs';
import { createServer, type Server as NetServer, type Socket } from 'node:net';
import { buffer } from 'node:stream/consumers';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { patienceMs } from '../patience.js';
import { missingForDatagrams } from '../serve/c-peer.js';
import { Server, Workshop } from '../serve/server.js';
import { record } from '../serve/stream-peer.js';
import { gunyahRm } from './run.js';

/** For requests that are answered. */
const patient = ['--timeout', String(patienceMs)];
const workshop = new Workshop();
const fakes: NetServer[] = [];
afterEach(async () => {
  await Server.stopAll();
  for (const fake of fakes.splice(0)) fake.close();
});
afterAll(() => workshop.remove());

/** A manager that does something with each connection. */
function fake(name: string, serve: (socket: Socket) => void): Promise<string> {
  const path = workshop.file(name);
  const server = createServer((socket) => {
    socket.on('error', () => {});
    serve(socket);
  });
  fakes.push(server);
  return new Promise((done) => server.listen(path, () => done(path)));
}

const json = (text: string) => JSON.parse(text) as Record<string, unknown>;
const share = [
  'MEM_SHARE',
  'mem_type=normal',
  'label=7',
  'acl_entries[0].vmid=hlos',
  'acl_entries.1.vmid=0x80',
  'acl_entries[1].rights=r,W',
  'sgl_entries=[{"ipa":"0x88000000","size":"0x1000"}]',
];

describe('call', () => {
  it('asks a simulated manager that has just booted', async () => {
    const { code, stdout } = await gunyahRm(['call', 'vm_alloc_vmid', 'vmid=0', '--json', '--seq', '5']);
    expect(code).toBe(0);
    expect(json(stdout)).toMatchObject({ from: 255, to: 3, type: 'reply', seq: 5, payload: { vmid: 128 } });
  });

  it('makes a request of words, with lists, names, units and what is not given', async () => {
    const { code, stdout } = await gunyahRm(['call', ...share, '--all', '--json']);
    const [request, reply] = stdout.trim().split('\n').map(json);
    expect(request?.payload).toEqual({
      mem_type: 'NORMAL',
      flags: [],
      label: 7,
      acl_entries: [
        { vmid: 3, rights: [] },
        { vmid: 128, rights: ['W', 'R'] },
      ],
      sgl_entries: [{ ipa: '0x88000000', size: '0x1000' }],
    });
    expect(reply?.error).toBe('ARGUMENT_INVALID');
    expect(code).toBe(1);
  });

  it.each([
    ['JSON', ['VM_ALLOC_VMID', '{"vmid":0}']],
    ['hex', ['0x56000001', '00000000']],
    ['an alias of a field', ['VM_ALLOC_VMID', 'VMID=0']],
  ])('takes %s', async (_what, words) => {
    const { code, stdout } = await gunyahRm(['call', ...words]);
    expect(stdout).toMatch(/RM -> HLOS {4}reply {6}VM_ALLOC_VMID {2}OK[\s\S]*vmid {2}128\n$/);
    expect(code).toBe(0);
  });

  it.each([
    [['VM_STRAT'], 'there is no message VM_STRAT; did you mean VM_START?'],
    [['VM_START', 'vmdi=3'], 'there is no field vmdi; did you mean vmid?'],
    [['VM_START'], 'payload.vmid: is missing'],
    [['VM_START', 'vmid'], 'must be key=value, not'],
    [['VM_START', 'vmid=70000'], '70000'],
    [['VM_START', 'vmid=1', 'vmid=2'], 'twice'],
    [['VM_START', '{"vmid":'], 'JSON'],
    [['MEM_LEND', 'acl_entries.x.vmid=3'], 'such as [0]'],
    [['MEM_LEND', 'acl_entries[x].vmid=3'], 'there is no field acl_entries[x]'],
    [['VM_STATUS'], 'expected a message that a VM sends'],
    [['VM_START', 'vmid=1', '--from', '70000'], '--from'],
    [['VM_START', 'vmid=1', '--socket', 'a', '--dgram', 'b'], '--dgram'],
    [['VM_START', 'vmid=1', '--target', 'ssh:x'], 'sim, exec:COMMAND, socket:PATH or dgram:DIR'],
  ])('refuses %j', async (words, text) => {
    const { code, stderr } = await gunyahRm(['call', ...words]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
    expect(stderr.trim().split('\n')).toHaveLength(1);
  });

  it('names what is possible, and why a program does not start', async () => {
    const cases = [
      ['NOSUCH', 'there is no message NOSUCH; expected a name or id that `describe` alone lists'],
      ['VM_STAR', 'there is no message VM_STAR; did you mean VM_START or VM_STOP?'],
    ] as const;
    for (const [name, text] of cases)
      expect((await gunyahRm(['call', name])).stderr).toBe(`gunyah-rm: ${text}\n`);
    const { code, stderr } = await gunyahRm([
      'call',
      'VM_GET_VMID',
      '--target',
      'exec:echo >&2 no such; exit 3',
    ]);
    expect(stderr).toBe('gunyah-rm: exec:echo >&2 no such; exit 3: crash: exit 3: no such\n');
    expect(code).toBe(3);
  });

  it('says that the manager has died, that it is silent, and that it cannot be reached', async () => {
    const died = await gunyahRm(['call', 'VM_DEALLOC_VMID', 'vmid=153']);
    expect(died).toMatchObject({ code: 1, stderr: 'gunyah-rm: sim: panic: vm_dealloc_unknown_vmid\n' });
    expect(await gunyahRm(['call', 'VM_GET_VMID', '--from', '128'])).toMatchObject({
      code: 1,
      stderr: 'gunyah-rm: sim: no reply\n',
    });
    const gone = workshop.file('gone.sock');
    expect(await gunyahRm(['call', 'VM_GET_VMID', '--socket', gone])).toMatchObject({
      code: 3,
      stderr: `gunyah-rm: ${gone}: no such file or folder\n`,
    });
    expect(await gunyahRm(['call', 'VM_GET_VMID', '--target', 'exec:exit 3'])).toMatchObject({
      code: 3,
      stderr: 'gunyah-rm: exec:exit 3: crash: exit 3\n',
    });
    expect((await gunyahRm(['call', 'VM_GET_VMID', '--dgram', workshop.path])).code).toBe(3);
  });
});

describe.skipIf(process.platform === 'win32')('call over a socket (needs unix sockets)', () => {
  it('sends nothing but the request', async () => {
    let take!: (bytes: Promise<Buffer>) => void;
    const sent = new Promise<Buffer>((done) => {
      take = done;
    });
    const path = await fake('only.sock', (socket) => take(buffer(socket)));
    await gunyahRm(['call', 'VM_GET_VMID', '--socket', path, '--seq', '7', '--timeout', '100']);
    const frame = Uint8Array.of(0x21, 1, 7, 0, 0x24, 0, 0, 0x56);
    expect(await sent).toEqual(Buffer.from(record(3, 255, frame)));
  });

  it('speaks to serve, as any VM, with long requests', async () => {
    const path = workshop.file('live.sock');
    await Server.ready(['--socket', path]);
    const ask = (...words: string[]) => gunyahRm(['call', ...patient, ...words, '--json', '--socket', path]);
    expect(json((await ask('VM_ALLOC_VMID', 'vmid=0')).stdout)).toMatchObject({ payload: { vmid: 128 } });
    expect(json((await ask('VM_ALLOC_VMID', 'vmid=0')).stdout)).toMatchObject({ payload: { vmid: 129 } });
    const many = Array.from({ length: 40 }, (_, at) => ({
      ipa: `0x${(at * 0x2000).toString(16)}`,
      size: '0x1000',
    }));
    const list = `sgl_entries=${JSON.stringify(many)}`;
    const long = await ask(
      'MEM_SHARE',
      'mem_type=0',
      'label=0',
      'acl_entries[0].vmid=128',
      'acl_entries[0].rights=R',
      list,
    );
    expect(json(long.stdout)).toMatchObject({ name: 'MEM_SHARE', type: 'reply' });
    const silent = await ask('VM_GET_VMID', '--from', '77', '--timeout', '50');
    expect(silent).toMatchObject({ code: 1, stderr: expect.stringContaining('no reply within 50 ms') });
  });

  it.each<[string, (socket: Socket) => void, string]>([
    ['ends the connection', (socket) => socket.destroy(), 'the connection has ended'],
    ['never answers', () => {}, 'no reply within 300 ms'],
    ['sends what is no record', (socket) => void socket.write(Uint8Array.of(1, 0, 0)), 'bad record'],
    [
      'cuts a record',
      (socket) => void socket.end(record(255, 3, Uint8Array.of(0x21)).subarray(0, 5)),
      'ended',
    ],
    [
      'answers something else, without end',
      (socket) => {
        const other = record(255, 3, Buffer.from('2102ffff010000560000', 'hex'));
        const more = () =>
          !socket.destroyed && socket.write(Buffer.concat(Array(500).fill(other)), () => setTimeout(more));
        more();
      },
      'no reply within 300 ms',
    ],
  ])('survives a manager that %s', async (what, serve, text) => {
    const path = await fake(`${what.replaceAll(/\W/g, '')}.sock`, serve);
    // Only those that wait in vain may run into the limit, however slow the machine is.
    const limit = text.startsWith('no reply') ? '300' : String(patienceMs);
    const args = ['call', 'VM_GET_VMID', '--socket', path, '--seq', '1', '--timeout', limit];
    const { code, stderr } = await gunyahRm(args);
    expect({ code, stderr }).toEqual({ code: 1, stderr: expect.stringContaining(text) });
  });

  it('prints a reply that is malformed, and takes it for a problem', async () => {
    const short = record(255, 3, Buffer.from('2102010024000056aa', 'hex'));
    const path = await fake('short.sock', (socket) => void socket.write(short));
    const args = ['call', 'VM_GET_VMID', ...patient, '--socket', path, '--seq', '1', '--json'];
    const { code, stdout } = await gunyahRm(args);
    expect(json(stdout)).toMatchObject({ raw: 'aa', issues: [{ code: 'truncated' }] });
    expect(code).toBe(1);
  });

  it.skipIf(missingForDatagrams() !== undefined && process.env.CI === undefined)(
    'speaks over datagrams (needs unix-dgram)',
    async () => {
      const folder = workshop.file('dgram');
      mkdirSync(folder);
      await Server.ready(['--dgram', folder]);
      const { code, stdout } = await gunyahRm([
        'call',
        'VM_GET_VMID',
        ...patient,
        '--dgram',
        folder,
        '--json',
      ]);
      expect({ code, keys: json(stdout) }).toMatchObject({ code: 0, keys: { payload: { vmid: 3 } } });
      expect(existsSync(`${folder}/rm-rpc-255-3`)).toBe(false);
    },
  );

  it('ends with 130 when it is interrupted', async () => {
    const path = await fake('slow.sock', (socket) => socket.once('data', () => void waiting.stop('SIGINT')));
    const waiting = Server.command(['call', 'VM_GET_VMID', '--socket', path, ...patient]);
    expect(await waiting.ended).toMatchObject({ code: 130, stderr: '' });
  });
});

describe.skipIf(process.platform === 'win32')('listen (needs unix sockets)', () => {
  it('prints what a VM gets as it comes, until it is interrupted', async () => {
    // VM_STATUS of VM 128: PAUSED.
    const notification = record(255, 3, Buffer.from('21030000080010568000000004000000', 'hex'));
    const path = await fake('listen.sock', (socket) => {
      socket.once('data', (joined) => {
        expect([...joined]).toEqual([4, 0, 3, 0, 255, 0]);
        socket.write(notification.subarray(0, 7));
        setTimeout(() =>
          socket.write(Buffer.concat([notification.subarray(7), record(255, 128, Uint8Array.of(1))])),
        );
      });
    });
    let printed = '';
    const listening = Server.command(['listen', '--socket', path, '--json'], (text) => {
      printed += text;
    });
    while (!printed.includes('\n')) await new Promise((done) => setTimeout(done, 5));
    expect(json(printed)).toMatchObject({
      name: 'VM_STATUS',
      to: 3,
      payload: { vmid: 128, vm_status: 'PAUSED' },
    });
    expect(await listening.stop('SIGINT')).toMatchObject({ code: 130 });
    const one = await gunyahRm(['listen', '--socket', path, '--limit', '1']);
    expect(one).toMatchObject({ code: 0, stdout: expect.stringContaining('VM_STATUS') });
  });

  it('says when the manager ends', async () => {
    const path = await fake('ending.sock', (socket) => socket.once('data', () => socket.end()));
    const listening = Server.command(['listen', '--socket', path]);
    expect(await listening.ended).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended') });
  });

  it('refuses the manager of its own process, which sends nothing', async () => {
    expect(await gunyahRm(['listen'])).toMatchObject({
      code: 2,
      stderr: expect.stringContaining('--socket'),
    });
  });

  it('cannot listen where nobody is', async () => {
    expect(await gunyahRm(['listen', '--socket', workshop.file('nobody.sock')])).toMatchObject({ code: 3 });
  });
});
