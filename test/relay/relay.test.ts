import { writeFileSync } from 'node:fs';
import { afterAll, afterEach, describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { Random } from '../../src/base/random.js';
import { Answers, Relay, readAnswerRule } from '../../src/relay/index.js';
import { Faults, readRule } from '../../src/sim/index.js';
import { SimConnector } from '../../src/target/index.js';
import { gunyahRm } from '../cli/run.js';
import { patienceMs } from '../patience.js';
import { Server, Workshop } from '../serve/server.js';
import { record, StreamPeer } from '../serve/stream-peer.js';

const getVmid = (seq: number) => Uint8Array.of(0x21, 1, seq & 0xff, seq >> 8, 0x24, 0, 0, 0x56);
const vmidReply = (seq: number) =>
  `2102${formatHex(Uint8Array.of(seq & 0xff, seq >> 8))}240000560000000003000000`;

/** A relay to a simulated manager in virtual time, with one peer. */
function relay(...rules: readonly Record<string, unknown>[]) {
  const faults = new Faults(new Random(1), () => {});
  const answers = [];
  for (const rule of rules)
    if ('answer' in rule) answers.push(readAnswerRule(rule));
    else faults.add(readRule(rule));
  let now = 0;
  const timers: { readonly at: number; readonly act: () => void }[] = [];
  const received: string[] = [];
  const seen: string[] = [];
  const warnings: string[] = [];
  let room = Number.POSITIVE_INFINITY;
  const outlet = {
    send: (_vmid: number, frame: Uint8Array) => {
      if (room <= 0) return false;
      room--;
      received.push(formatHex(frame));
      return true;
    },
  };
  const between = new Relay({
    connector: new SimConnector(),
    faults,
    answers: new Answers(answers),
    timing: { now: () => now, later: (ns, act) => timers.push({ at: now + ns, act }) },
    onMessage: (from, to, frame, note) => seen.push(`${from} ${to} ${frame.length} ${note ?? ''}`.trim()),
    warn: (text) => warnings.push(text),
  });
  return {
    between,
    outlet,
    received,
    seen,
    warnings,
    async send(frame: Uint8Array, from = 3, to = 255) {
      between.receive(outlet, from, to, frame);
      await Promise.resolve();
    },
    pass(ns: number) {
      now += ns;
      timers.sort((left, right) => left.at - right.at);
      while (timers[0] !== undefined && timers[0].at <= now) timers.shift()?.act();
    },
    setRoom(messages: number) {
      room = messages;
    },
  };
}

describe('a relay', () => {
  it('passes on what it gets, and says so', async () => {
    const { send, received, seen } = relay();
    for (const seq of [1, 2, 3]) await send(getVmid(seq));
    await send(getVmid(4), 3, 128);
    expect(received).toEqual([1, 2, 3].map(vmidReply));
    expect(seen.sort()).toEqual(
      [
        ...Array(3).fill('255 3 16'),
        ...Array(3).fill('3 255 8'),
        '3 128 8 not relayed: not to the manager',
      ].sort(),
    );
  });

  it.each<[string, Record<string, unknown>, readonly string[]]>([
    ['drops', { kind: 'drop', match: { type: 'request' }, limit: 1 }, [vmidReply(2)]],
    [
      'doubles requests',
      { kind: 'duplicate', match: { from: 3 }, limit: 1 },
      [vmidReply(1), vmidReply(1), vmidReply(2)],
    ],
    [
      'doubles replies',
      { kind: 'duplicate', match: { type: 'reply' }, limit: 1 },
      [vmidReply(1), vmidReply(1), vmidReply(2)],
    ],
    [
      'cuts',
      { kind: 'truncate', size: 9, match: { to: 3 }, limit: 1 },
      [vmidReply(1).slice(0, 18), vmidReply(2)],
    ],
  ])('%s as the scenario rule says', async (_what, rule, expected) => {
    const { send, received } = relay(rule);
    for (const seq of [1, 2]) await send(getVmid(seq));
    expect(received).toEqual(expected);
  });

  it('delays with those behind it, lets others overtake, and holds a receiver', async () => {
    const late = relay({ kind: 'delay', ns: 100, match: { to: 3 }, limit: 1 });
    for (const seq of [1, 2]) await late.send(getVmid(seq));
    expect(late.received).toEqual([]);
    late.pass(99);
    expect(late.received).toEqual([]);
    late.pass(1);
    expect(late.received).toEqual([1, 2].map(vmidReply));
    const overtaken = relay({ kind: 'reorder', ns: 100, match: { from: 3 }, limit: 1 });
    for (const seq of [1, 2]) await overtaken.send(getVmid(seq));
    overtaken.pass(100);
    expect(overtaken.received).toEqual([2, 1].map(vmidReply));
    const held = relay({ kind: 'hold', ns: 50, match: { to: 3 }, limit: 1 });
    for (const seq of [1, 2]) await held.send(getVmid(seq));
    expect(held.received).toEqual([vmidReply(1)]);
    held.pass(50);
    expect(held.received).toEqual([1, 2].map(vmidReply));
  });

  it('answers in place of the manager, long requests whole', async () => {
    const rule = {
      match: { message: 'VM_GET_VMID' },
      answer: { error: 'OK', payload: { vmid: 77 } },
      limit: 1,
    };
    const { send, received, seen } = relay(rule, {
      match: { message: 'MEM_LEND' },
      answer: { error: 'NOMEM' },
    });
    for (const seq of [1, 2]) await send(getVmid(seq));
    expect(received).toEqual([vmidReply(1).replace(/03000000$/, '4d000000'), vmidReply(2)]);
    const part = (type: number) =>
      Uint8Array.of(0x21, type | 4, 9, 0, 0x12, 0, 0, 0x51, ...Array(232).fill(1));
    for (const type of [1, 0]) await send(part(type));
    expect(received.at(-1)).toBe('210209001200005101000000');
    expect(seen.filter((text) => text.startsWith('3 255 240'))).toEqual(
      Array(2).fill('3 255 240 answered by the relay'),
    );
  });

  it.each([
    [{ answer: 3 }],
    [{ answer: {}, match: { type: 'reply' } }],
    [{ answer: { error: 'NOPE' }, match: { message: 'VM_START' } }],
    [{ answer: { error: 'OK', payload: { vmid: 1, x: 2 } }, match: { message: 'VM_GET_VMID' } }],
    [{ answer: {}, match: { message: 'VM_STRAT' } }],
    [{ answer: {}, ns: 1 }],
  ])('refuses the rule %j', (rule) => {
    expect(() => readAnswerRule(rule)).toThrow(expect.objectContaining({ name: 'WireError' }));
  });

  it('keeps a bounded number of messages for a peer that does not read', async () => {
    const { between, outlet, send, received, setRoom, warnings } = relay();
    setRoom(0);
    for (let seq = 0; seq < 2000; seq++) await send(getVmid(seq));
    expect(received).toEqual([]);
    expect(between.dropped).toBe(2000 - 1024);
    expect(warnings).toHaveLength(1);
    setRoom(Number.POSITIVE_INFINITY);
    between.resume(outlet);
    expect(received).toHaveLength(1024);
    expect(received.slice(0, 2)).toEqual([0, 1].map(vmidReply));
  });
});

const workshop = new Workshop();
afterEach(() => Server.stopAll());
afterAll(() => workshop.remove());

describe.skipIf(process.platform === 'win32')('relay (needs unix sockets)', () => {
  it('stands between peers and serve, and records what it does', async () => {
    const [path, to, tap, rules] = ['a.sock', 'b.sock', 'live.pcapng', 'rules.ndjson'].map((name) =>
      workshop.file(name),
    );
    writeFileSync(rules as string, '{"kind":"drop","match":{"message":"VM_HOST_GET_TYPE"}}\n\n');
    await Server.ready(['--socket', to as string]);
    const args = ['relay', '--listen', path, '--to', to, '--tap', tap, '--rules', rules] as string[];
    const server = await Server.command([
      ...args,
      '--rule',
      '{"answer":{"error":"NOMEM"},"match":{"message":"VM_ALLOC_VMID"}}',
    ]).isReady();
    const call = (...words: string[]) =>
      gunyahRm(['call', '--socket', path as string, '--timeout', String(patienceMs), ...words]);
    expect(await call('VM_GET_VMID')).toMatchObject({ code: 0 });
    expect((await call('VM_ALLOC_VMID', 'vmid=0')).stdout).toContain('NOMEM');
    expect((await call('VM_HOST_GET_TYPE', '--timeout', '200')).stderr).toContain('no reply within 200 ms');
    // A peer that goes, one that sends what is no record, and one that does not read.
    const peer = await StreamPeer.connect(path as string);
    await peer.write(Uint8Array.of(1, 0, 0));
    await peer.closed;
    const deaf = await StreamPeer.connect(path as string, false);
    await deaf.write(Buffer.concat(Array.from({ length: 5000 }, (_, seq) => record(3, 255, getVmid(seq)))));
    deaf.socket.destroy();
    expect(await call('VM_GET_VMID')).toMatchObject({ code: 0 });
    expect(await server.stop()).toMatchObject({ code: 0 });
    const { stdout } = await gunyahRm(['decode', tap as string, '--json']);
    const lines = stdout
      .trim()
      .split('\n')
      .map((line) => JSON.parse(line));
    const of = (name: string) => lines.filter((line) => line.name === name);
    expect(of('VM_ALLOC_VMID')).toMatchObject([
      { type: 'request', comment: 'answered by the relay' },
      { type: 'reply', error: 'NOMEM', comment: 'sent by the relay' },
    ]);
    expect(of('VM_HOST_GET_TYPE')).toMatchObject([{ comment: 'dropped by a fault rule' }]);
    expect(of('VM_GET_VMID').length).toBeGreaterThan(3);
  });

  it('ends the connections of peers when there is no manager', async () => {
    const path = workshop.file('alone.sock');
    const server = await Server.command([
      'relay',
      '--listen',
      path,
      '--to',
      workshop.file('none.sock'),
    ]).isReady();
    const { code, stderr } = await gunyahRm(['call', 'VM_GET_VMID', '--socket', path]);
    expect({ code, stderr }).toMatchObject({ code: 1, stderr: expect.stringContaining('has ended') });
    expect((await server.stop()).stderr).toContain('none.sock: no such file');
  });

  it.each([
    [['--rule', '{'], 'JSON'],
    [['--rule', '{"kind":"drip"}'], 'drip'],
    [['--rule', '{"answer":{"error":"NOPE"}}'], 'NOPE'],
    [['--to', 'x'], '--listen'],
  ])('refuses %j', async (words, text) => {
    const { code, stderr } = await gunyahRm([
      'relay',
      ...(words[0] === '--to' ? [] : ['--listen', 'a', '--to', 'b']),
      ...words,
    ]);
    expect({ code, stderr }).toEqual({ code: 2, stderr: expect.stringContaining(text) });
  });
});
