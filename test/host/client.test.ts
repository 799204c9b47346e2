import { describe, expect, it } from 'vitest';
import {
  MEM_LEND,
  MEM_SHARE,
  protocol,
  VM_ALLOC_VMID,
  VM_CONSOLE_OPEN,
  VM_EXITED,
  VM_GET_HYP_RESOURCES,
  VM_GET_VMID,
  VM_START,
} from '../../schemas/index.js';
import {
  Client,
  type GenerationName,
  type HostError,
  mainlineCalls,
  plainCalls,
  queueTransport,
} from '../../src/host/index.js';
import { ResourceManager } from '../../src/rm/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { managerTransport } from '../../src/sim/index.js';
import { MessageQueue } from '../../src/transport/index.js';

const clientOf = (generation: GenerationName, queueDepth = 8) =>
  new Client(managerTransport(new ResourceManager({ queueDepth })), { generation });

const lend = { mem_type: 0, flags: 0, label: 0, attr_entries: [] };
const parcel = (count: number) => ({
  acl_entries: [{ vmid: 128, rights: 7 }],
  sgl_entries: Array.from({ length: count }, (_, index) => ({
    ipa: 0x90000000n + BigInt(index) * 0x2000n,
    size: 0x1000n,
  })),
});

/** A client whose RM is the test: what it sent, and a way to answer. */
function silent(generation: GenerationName, depth = 256) {
  const [toRm, fromRm] = [new MessageQueue({ depth }), new MessageQueue({ depth: 256 })];
  const hazards: string[] = [];
  const client = new Client(queueTransport(toRm, fromRm), {
    generation,
    onHazard: ({ name }) => hazards.push(name),
  });
  const put = (frames: readonly Uint8Array[]) => {
    for (const frame of frames) fromRm.send(frame);
  };
  return { client, toRm, put, hazards };
}

const exited = (vmid: number) =>
  encodeMessage(protocol, VM_EXITED, 'notification', {
    seq: 0,
    payload: { vmid, exit_type: 7, exit_reason: new Uint8Array(4) },
  });
const failure = (promise: Promise<unknown>): Promise<HostError> =>
  promise.then(
    () => {
      throw new Error('not refused');
    },
    (error) => error,
  );

describe('client against the simulated manager', () => {
  it.each(['a14', 'a15', 'v17', 'q515'] as const)(
    '%s makes calls, typed by their declarations',
    async (generation) => {
      const client = clientOf(generation);
      const { vmid } = (await client.call(VM_ALLOC_VMID, { vmid: 0 })) as { vmid: number };
      expect(vmid).toBe(128);
      expect(await client.call(VM_GET_VMID, {})).toEqual({ vmid: 3 });
      expect(await failure(client.call(VM_GET_HYP_RESOURCES, { vmid }))).toMatchObject({
        actual: 'NORESOURCE',
      });
      expect(await failure(client.call(VM_START, { vmid }))).toMatchObject({
        call: 'VM_START',
        endedBy: 'rm',
        actual: 'VM_STATE',
        errno: generation === 'q515' ? 'EINVAL' : 'EBADMSG',
      });
    },
  );

  it.each([1, 2, 8])(
    'shares memory in parts over queues of depth %i, calls overlapping',
    async (queueDepth) => {
      const client = clientOf('a14', queueDepth);
      const rm = mainlineCalls('a14');
      const vmid = await client.run(rm.allocVmid(0));
      const results = await Promise.all([
        client.run(rm.memLend(parcel(1100))),
        client.run(rm.getVmid()),
        client.run(plainCalls.consoleOpen({ vmid: 0 })).catch(({ actual }: HostError) => actual),
      ]);
      expect([vmid, results[0], results[1]]).toEqual([128, 0, 3]);
      await client.run(rm.memReclaim(0));
      await client.run(rm.deallocVmid(vmid));
    },
  );

  it('keeps what a function of several calls does in one piece when others come between', async () => {
    const client = clientOf('v17');
    const rm = mainlineCalls('v17');
    const vmids = await Promise.all([1, 2, 3, 4].map(() => client.run(rm.allocVmid(0))));
    expect(vmids).toEqual([128, 129, 130, 131]);
    const shared = {
      ...parcel(1),
      acl_entries: [
        { vmid: 128, rights: 6 },
        { vmid: 3, rights: 7 },
      ],
    };
    expect(await client.run(rm.memShare(shared))).toBe(0);
    expect((await failure(client.run(rm.memReclaim(9)))).actual).toBe('HANDLE_INVALID');
  });
});

describe('client', () => {
  it('waits until a deadline that the caller has, and says that the real client would wait for ever', async () => {
    const { client, toRm } = silent('a15');
    const deadline = new AbortController();
    const call = failure(client.call(VM_START, { vmid: 128 }, { signal: deadline.signal }));
    expect(toRm.count).toBe(1);
    deadline.abort();
    expect(await call).toMatchObject({ errno: 'ETIMEDOUT', code: 'no_answer', hazard: { name: 'no_reply' } });
    const late = await failure(client.call(VM_START, { vmid: 128 }, { signal: deadline.signal }));
    expect([late.errno, late.endedBy, toRm.count]).toEqual(['EINTR', 'local', 1]);
  });

  it('ends what waits when it is closed, and refuses what comes after', async () => {
    const { client } = silent('v17');
    const stream = client.notifications();
    const calls = [1, 2].map((vmid) => failure(client.call(VM_START, { vmid })));
    client.close();
    for (const error of await Promise.all(calls))
      expect(error).toMatchObject({ errno: 'ENODEV', code: 'no_answer' });
    expect(await failure(client.call(VM_CONSOLE_OPEN, { vmid: 0 }))).toMatchObject({
      errno: 'ENODEV',
      endedBy: 'local',
    });
    expect((await stream.next()).done).toBe(true);
    expect((await client.notifications().next()).done).toBe(true);
  });

  it('hands notifications to every stream, and loses the oldest of those that nobody reads', async () => {
    const { client, put } = silent('a14');
    const [all, few] = [client.notifications(), client.notifications(2)];
    put(exited(128));
    put(exited(129));
    put(exited(130));
    expect([all.lostCount, few.lostCount]).toEqual([0, 1]);
    const heard: (number | undefined)[] = [];
    for await (const notification of few) {
      heard.push(notification.as(VM_EXITED)?.vmid);
      if (heard.length === 2) break;
    }
    expect(heard).toEqual([129, 130]);
    const next = all.next();
    expect((await next).value?.id).toBe(VM_EXITED.id);
    await all.return();
    put(exited(131));
    expect(all.lostCount).toBe(0);
  });

  it('keeps 256 notifications for a reader by default', () => {
    const { client, put } = silent('a14');
    const stream = client.notifications();
    for (let count = 0; count < 256; count++) put(exited(128));
    expect(stream.lostCount).toBe(0);
    put(exited(128));
    expect(stream.lostCount).toBe(1);
  });

  it('wakes a reader that waits', async () => {
    const { client, put } = silent('a14');
    const stream = client.notifications();
    const next = stream.next();
    put(exited(128));
    expect((await next).value?.as(VM_EXITED)).toMatchObject({ vmid: 128 });
    expect((await next).value?.as(VM_EXITED)?.exit_type).toBe(7);
  });

  it('gives reads that overlap one notification each, in order, and ends those that still wait', async () => {
    const { client, put } = silent('a14');
    const stream = client.notifications();
    const reads = [stream.next(), stream.next(), stream.next()];
    put(exited(128));
    put(exited(129));
    client.close();
    const results = await Promise.all(reads);
    expect(results.map(({ value }) => value?.as(VM_EXITED)?.vmid)).toEqual([128, 129, undefined]);
    expect(results.map(({ done }) => done)).toEqual([false, false, true]);
  });

  it.each([1, 2, 3])(
    'puts a long reply together that comes as room is made, queue of depth %i',
    async (depth) => {
      const [toRm, fromRm] = [new MessageQueue(), new MessageQueue({ depth })];
      const client = new Client(queueTransport(toRm, fromRm));
      const reply = client.call(VM_GET_HYP_RESOURCES, { vmid: 128 });
      const { entries } = VM_GET_HYP_RESOURCES.example.reply as { entries: never[] };
      const payload = { entries: Array.from({ length: 150 }, () => entries).flat() };
      const frames = encodeMessage(protocol, VM_GET_HYP_RESOURCES, 'reply', { seq: 0, payload });
      fromRm.onNotFull = () => {
        while (frames.length > 0 && fromRm.count < depth) fromRm.send(frames.shift() as Uint8Array);
      };
      fromRm.onNotFull();
      expect((await reply).entries).toHaveLength(300);
    },
  );

  it('makes EBADMSG of a reply that does not fit, and names what the real client would die of', async () => {
    const { client, put, hazards } = silent('a14');
    const rm = mainlineCalls('a14');
    const short = failure(client.run(rm.memLend(parcel(1))));
    put(encodeMessage(protocol, VM_START, 'reply', { seq: 0 }));
    put([Uint8Array.of(0x21, 2, 0, 0, 0x12, 0, 0, 0x51, 0, 0, 0, 0)]);
    expect(await short).toMatchObject({
      call: MEM_LEND.name,
      errno: 'EBADMSG',
      hazard: { name: 'empty_reply' },
    });
    const plain = failure(client.call(VM_GET_HYP_RESOURCES, { vmid: 3 }));
    put([Uint8Array.of(0x21, 2, 1, 0, 0x20, 0, 0, 0x56, 0, 0, 0, 0, 9)]);
    expect(await plain).toMatchObject({ errno: 'EBADMSG', code: 'truncated', path: 'entries' });
    expect(hazards).toEqual([]);
  });

  it('throws what is wrong with a request into the function that made it', async () => {
    const { client } = silent('a14');
    await expect(client.call(VM_START, { vmid: 70_000 })).rejects.toMatchObject({
      name: 'WireError',
      path: 'vmid',
    });
    const rm = mainlineCalls('v17');
    const firmware = { vmid: 128, mem_handle: 0, fw_offset: 0n, fw_size: 0n };
    await expect(client.run(rm.vmSetFirmwareMem(firmware))).rejects.toMatchObject({
      name: 'UsageError',
      code: 'generation',
    });
    await expect(client.run(rm.memShare({ acl_entries: [], sgl_entries: [] }))).rejects.toMatchObject({
      call: MEM_SHARE.name,
      errno: 'EINVAL',
      path: 'acl_entries',
    });
  });

  const broken: readonly [string, (frame: Uint8Array) => unknown, string][] = [
    [
      'throws an error',
      () => {
        throw new Error('no route');
      },
      'send threw no route',
    ],
    [
      'throws what is no error',
      () => {
        throw 'a text';
      },
      'send threw a text',
    ],
    ['returns nothing', () => undefined, 'send returned undefined'],
    ['returns a promise', async () => ({ error: 0, notFull: true }), 'send returned object'],
    ['returns an errno that there is not', () => ({ errno: 'EWHAT' }), 'send returned object'],
  ];
  it.each(broken)(
    'ends the call when send of its transport %s, and makes later calls',
    async (_, send, actual) => {
      const [toRm, fromRm] = [new MessageQueue(), new MessageQueue()];
      const whole = queueTransport(toRm, fromRm);
      let works = false;
      const client = new Client({
        take: whole.take,
        connect: whole.connect,
        send: (frame, push) => (works ? whole.send(frame, push) : (send(frame) as never)),
      });
      const [first, second] = [1, 2].map((vmid) => failure(client.call(VM_START, { vmid })));
      for (const error of [await first, await second])
        expect(error).toMatchObject({
          ...{ name: 'HostError', call: 'VM_START', errno: 'EIO', endedBy: 'reply' },
          ...{ code: 'send', path: 'transport', actual },
        });
      works = true;
      const later = client.call(VM_GET_VMID, {});
      for (const frame of encodeMessage(protocol, VM_GET_VMID, 'reply', { seq: 2, payload: { vmid: 3 } }))
        fromRm.send(frame);
      expect(await later).toEqual({ vmid: 3 });
    },
  );

  it('ends calls and hands on notifications, whatever its listener for hazards throws', async () => {
    const [toRm, fromRm] = [new MessageQueue(), new MessageQueue({ depth: 64 })];
    const client = new Client(queueTransport(toRm, fromRm), {
      generation: 'q515',
      onHazard: () => {
        throw new Error('a listener');
      },
    });
    const stream = client.notifications();
    const calls = [1, 2].map((vmid) => failure(client.call(VM_START, { vmid })));
    // A reply that nobody waits for crashes q515, which ends all calls.
    expect(() => {
      for (const frame of encodeMessage(protocol, VM_START, 'reply', { seq: 9 })) fromRm.send(frame);
      for (const frame of exited(128)) fromRm.send(frame);
    }).not.toThrow();
    for (const error of await Promise.all(calls))
      expect(error).toMatchObject({ code: 'crash', errno: 'EIO' });
    expect((await stream.next()).value?.id).toBe(VM_EXITED.id);
  });

  it.each(['v9', 'a14', 'v17', 'a15', 'q66', 'q515'] as const)(
    '%s ends a call that waits for its turn with the documented errno when it is aborted',
    async (generation) => {
      const { client, toRm } = silent(generation, 8);
      const several = generation === 'v17' || generation === 'q515';
      const deadline = new AbortController();
      // Calls that wait side by side fill the queue first.
      const blocking = several ? failure(client.call(MEM_LEND, { ...lend, ...parcel(512) })) : undefined;
      const first = failure(client.call(VM_START, { vmid: 1 }));
      const call = failure(client.call(VM_START, { vmid: 2 }, { signal: deadline.signal }));
      const sent = toRm.count;
      deadline.abort();
      expect(await call).toMatchObject({
        errno: generation === 'q515' ? 'ERESTARTSYS' : 'EINTR',
        code: 'interrupted',
        endedBy: 'local',
      });
      expect(toRm.count).toBe(sent);
      client.close();
      const ends = [await first, await blocking].filter((end) => end !== undefined);
      for (const { errno } of ends) expect(errno).toBe('ENODEV');
    },
  );
});
