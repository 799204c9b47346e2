import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEM_LEND } from '../../schemas/index.js';
import { UsageError, WireError } from '../../src/base/error.js';
import { qcomCalls } from '../../src/host/calls/qcom/index.js';
import { type Calling, Client, HostError } from '../../src/host/index.js';
import { ResourceManager } from '../../src/rm/index.js';
import { managerTransport } from '../../src/sim/index.js';
import { holds } from '../seeded.js';
import { type QcomName, Recorded, runs } from './qcom-calls.js';
import { empty, type Manager, names, ok, rmError, run, u32 } from './qcom-run.js';

describe('the probe for assignment by the secure monitor', () => {
  const probe = (name: QcomName, manager: Manager) =>
    run(qcomCalls(name).setupFeatureScmAssign(0x80000000n), manager);
  const rm: Readonly<Record<string, Uint8Array>> = {
    VM_GET_VMID: u32(3),
    VM_ALLOC_VMID: u32(128),
    MEM_LEND: u32(0x42),
  };
  const willing: Manager = (call) => rm[call] ?? empty;
  const failing =
    (failed: string): Manager =>
    (call, index) =>
      call === failed ? rmError('EBUSY') : willing(call, index);
  const whole = ['VM_GET_VMID', 'VM_ALLOC_VMID', 'MEM_LEND', 'MEM_RECLAIM', 'VM_DEALLOC_VMID'];

  it('lends a page to a new VM and takes it back', () => {
    expect(probe('q612', willing)).toMatchObject({ calls: whole, result: false });
    expect(probe('q66', willing).calls).toEqual(['VM_AUTH_IMAGE', ...whole]);
    const old: Manager = (call, index) =>
      call === 'VM_AUTH_IMAGE' ? rmError('EOPNOTSUPP') : willing(call, index);
    expect(probe('q66', old)).toMatchObject({ calls: ['VM_AUTH_IMAGE'], result: true });
    expect(probe('q61', willing).error).toBeInstanceOf(UsageError);
  });

  it('says what each failure means', () => {
    const without = (call: string) => whole.filter((name) => name !== call);
    expect(probe('q612', failing('VM_GET_VMID'))).toMatchObject({ error: { errno: 'EBUSY' } });
    expect(probe('q612', failing('VM_ALLOC_VMID'))).toMatchObject({ error: { errno: 'ENOMEM' } });
    const notLent = { calls: without('MEM_RECLAIM'), result: true };
    expect(probe('q612', failing('MEM_LEND'))).toMatchObject(notLent);
    expect(probe('q612', failing('MEM_RECLAIM'))).toMatchObject({ calls: whole, result: false });
    expect(probe('q612', failing('VM_DEALLOC_VMID'))).toMatchObject({ calls: whole, result: false });
  });
});

describe('a secure VM', () => {
  const image = {
    ...{ vmid: 45, address: 0x88000000n, size: 0x400000n, system_vm: false },
    ...{ metadata_offset: 0x3ff000n, metadata_size: 0x1000n, pas_id: 0x1c },
  };
  const willing: Manager = (call) =>
    call === MEM_LEND.name || call === 'MEM_DONATE'
      ? u32(0x42)
      : call === 'VM_GET_HYP_RESOURCES'
        ? u32(0)
        : empty;
  const load = ['VM_ALLOC_VMID', 'MEM_LEND', 'VM_CONFIG_IMAGE', 'VM_AUTH_IMAGE', 'VM_INIT'];

  it('is loaded, started and freed in the order of client.md, section 10', () => {
    const calls = qcomCalls('q61');
    const loaded = run(calls.secureVmLoad(image), willing);
    expect(loaded).toMatchObject({ calls: load, result: { vmid: 45, mem_handle: 0x42 } });
    const clock = { time_base: 1n, arch_timer_ref: 2n };
    expect(run(calls.secureVmStart(45, clock), willing).calls).toEqual([
      'VM_SET_TIME_BASE',
      'VM_GET_HYP_RESOURCES',
      'VM_START',
    ]);
    const noClock: Manager = (call, index) =>
      call === 'VM_SET_TIME_BASE' ? rmError('EINVAL') : willing(call, index);
    expect(run(calls.secureVmStart(45, clock), noClock).calls).toHaveLength(3);
    expect(run(calls.secureVmStart(45), willing).calls).toHaveLength(2);
    expect(run(calls.secureVmFree({ vmid: 45, mem_handle: 0x42 }), ok).calls).toEqual([
      'MEM_RECLAIM',
      'VM_DEALLOC_VMID',
    ]);
  });

  it('keeps donated memory, is debugged if told so, and is only allocated by old firmware', () => {
    const donated = run(qcomCalls('q612').secureVmLoad({ ...image, system_vm: true, debug: true }), willing);
    expect(donated).toMatchObject({
      calls: ['VM_ALLOC_VMID', 'MEM_DONATE', 'VM_CONFIG_IMAGE', 'VM_SET_DEBUG', 'VM_AUTH_IMAGE', 'VM_INIT'],
      result: { mem_handle: undefined },
    });
    expect(run(qcomCalls('q612').secureVmFree({ vmid: 45, mem_handle: undefined }), ok).calls).toEqual([
      'VM_DEALLOC_VMID',
    ]);
    const old: Manager = (call) => (call === 'VM_AUTH_IMAGE' ? rmError('EOPNOTSUPP') : empty);
    expect(run(qcomCalls('q66').secureVmLoad(image), old).calls).toEqual(['VM_ALLOC_VMID', 'VM_AUTH_IMAGE']);
  });

  it('is not left behind when its memory cannot be given, and its memory is not thought free when it is not', () => {
    const failing =
      (failed: string): Manager =>
      (call, index) =>
        call === failed ? rmError('EBUSY') : willing(call, index);
    const loading = (mode: 'careful' | 'faithful') =>
      run(qcomCalls('q61', { mode }).secureVmLoad(image), failing('MEM_LEND'));
    expect(loading('careful')).toMatchObject({
      calls: ['VM_ALLOC_VMID', 'MEM_LEND', 'VM_DEALLOC_VMID'],
      error: { errno: 'EBUSY' },
    });
    expect(loading('faithful').calls).toEqual(['VM_ALLOC_VMID', 'MEM_LEND']);
    const freeing = (mode: 'careful' | 'faithful') =>
      run(qcomCalls('q61', { mode }).secureVmFree({ vmid: 45, mem_handle: 0x42 }), failing('MEM_RECLAIM'));
    expect(freeing('careful')).toMatchObject({
      calls: ['MEM_RECLAIM', 'VM_DEALLOC_VMID'],
      error: { errno: 'EBUSY' },
    });
    expect(freeing('faithful').error).toBeUndefined();
  });
});

describe('on the simulated manager', () => {
  const start = (name: QcomName) => {
    const reported: string[] = [];
    const client = new Client(managerTransport(new ResourceManager()), { generation: name });
    return { client, calls: qcomCalls(name, { report: (hazard) => reported.push(hazard.name) }), reported };
  };
  const page = 0x90000000n;

  it.each(names)('%s gives memory, lends an interrupt and opens a console', async (name) => {
    const { client, calls, reported } = start(name);
    expect(await client.run(calls.getThisVmid())).toBe(3);
    const vmid = await client.run(calls.vmAllocVmid(0));
    const lent = { acl_entries: [{ vmid, rights: 7 }], sgl_entries: [{ ipa: page, size: 0x1000n }] };
    const handle = await client.run(calls.memLend(lent));
    await expect(client.run(calls.memShare(lent))).rejects.toMatchObject({ endedBy: 'rm', errno: 'EINVAL' });
    expect(await client.run(calls.memQcomLookupSgl(lent))).toBe(handle);
    expect(reported).toEqual(['lost_reply']);
    await client.run(calls.memReclaim(handle));
    const loan = await client.run(calls.vmIrqLend({ borrower: vmid, virq: 40, label: 5 }));
    await client.run(calls.vmIrqReclaim(loan));
    await client.run(calls.vmDeallocVmid(vmid));
    await expect(client.run(calls.consoleWrite(0, new Uint8Array(14_381)))).rejects.toMatchObject({
      errno: 'E2BIG',
    });
  });

  it.each(['q66', 'q612'] as const)('%s finds that it may lend a page just like that', async (name) => {
    const { client, calls } = start(name);
    expect(await client.run(calls.setupFeatureScmAssign(page))).toBe(false);
  });
});

describe('what is left', () => {
  it('remembers the VMID of this VM, and nothing of a failure', () => {
    const calls = qcomCalls('q61');
    expect(run(calls.getThisVmid(), () => rmError('EBUSY')).error).toMatchObject({ errno: 'EBUSY' });
    expect(run(calls.getThisVmid(), () => u32(0x12345)).result).toBe(0x2345);
    expect(run(calls.getThisVmid(), ok)).toMatchObject({ calls: [], result: 0x2345 });
  });

  it('reports an allocation without payload for the fixed VMID that it is the answer to', () => {
    const reported: string[] = [];
    const calls = qcomCalls('q61', { report: ({ name }) => reported.push(name) });
    expect(run(calls.vmAllocVmid(45), ok).result).toBe(45);
    expect(reported).toEqual(['unset_reply_pointer']);
    expect(run(calls.vmAllocVmid(0), ok).error).toMatchObject({ hazard: { name: 'unset_reply_pointer' } });
  });

  it('keeps the rest of the status when it sets a part', () => {
    const manager: Manager = (call) => (call === 'VM_GET_STATE' ? Uint8Array.of(3, 4, 5, 6) : empty);
    const set = (calling: Calling<void>) => [...(run(calling, manager).sent[1]?.payload ?? [])];
    const calls = qcomCalls('q61');
    expect(set(calls.vmSetVmStatus(9))).toEqual([9, 4, 5, 6]);
    expect(set(calls.vmSetOsStatus(9))).toEqual([3, 9, 5, 6]);
    expect(set(calls.vmSetAppStatus(9))).toEqual([3, 4, 9, 0]);
  });

  it('looks nothing up by what it does not know', () => {
    expect(run(qcomCalls('q61').vmLookup(3, empty), ok).error).toMatchObject({
      hazard: { name: 'lookup_of_unknown_type' },
    });
    expect(run(qcomCalls('q61', { mode: 'faithful' }).vmLookup(3, empty), ok)).toMatchObject({
      calls: [],
      result: 0,
    });
  });

  it('ends a heap query as the driver does', () => {
    const query = (type: number, answer: Uint8Array | HostError) =>
      run(qcomCalls('q612').heapQuery(1, type), () => answer);
    expect(query(1, u32(2, 7, 8)).result).toEqual({ mem_handles: [7, 8] });
    expect(query(3, empty).result).toEqual({});
    expect(query(3, u32(1)).error).toMatchObject({ errno: 'EINVAL' });
    expect(query(3, rmError('EBUSY')).error).toMatchObject({ errno: 'EBUSY', endedBy: 'rm' });
    expect(query(2, rmError('EBUSY')).error).toMatchObject({ errno: 'EINVAL' });
    expect(query(1, Uint8Array.of(1, 0, 0)).error).toMatchObject({ hazard: { name: 'heap_parcels_unread' } });
    expect(run(qcomCalls('q66').heapQuery(1, 1), ok).error).toBeInstanceOf(UsageError);
  });

  it('ends any call in an error of ours, whatever RM answers and whatever the arguments are', () => {
    const bytes = fc.uint8Array({ maxLength: 96 });
    const count = fc.oneof(fc.nat(9), fc.constantFrom(0xff, 0x100, 0xffff, 0xffffffff));
    const words = fc.array(count, { maxLength: 9 }).map((values) => u32(...values));
    const answer = fc.oneof(bytes, words, fc.constant(rmError('EBUSY')));
    const args = fc.dictionary(
      fc.constantFrom(
        'vmid',
        'type',
        'flags',
        'n_acl',
        'n_sgl',
        'n_attr',
        'trans',
        'mem_type',
        'virq',
        'size',
        'gc',
      ),
      count.map((value) => Math.min(value, 0x100)),
    );
    const subject = fc.record({
      name: fc.constantFrom(...names),
      mode: fc.constantFrom('careful', 'faithful'),
      call: fc.constantFrom(...Object.keys(runs)),
      args,
      answers: fc.array(answer, { minLength: 1, maxLength: 4 }),
    });
    holds(
      fc.property(subject, ({ name, mode, call, args, answers }) => {
        const known = { n: 1, os: 0, vm: 0, app: 0, ...args };
        const calls = qcomCalls(name, { mode });
        const manager: Manager = (_call, index) => answers[index] ?? rmError('EBUSY');
        const calling = runs[call]?.(calls, known, new Recorded([])) as Calling<unknown>;
        const { error } = run(calling, manager);
        const ours = [HostError, UsageError, WireError].some((type) => error instanceof type);
        expect(error === undefined || ours).toBe(true);
      }),
      1000,
      61_66_612,
    );
  });

  it('takes any notification', () => {
    holds(
      fc.property(
        fc.constantFrom(...names),
        fc.constantFrom(0x51100011, 0x56100001, 0x56100080, 0x51100014),
        fc.uint8Array({ maxLength: 64 }),
        (name, id, payload) => {
          const outcome = qcomCalls(name, { mode: 'faithful' }).forwardNotification(id, payload);
          if (outcome.kind === 'forwarded')
            expect(outcome.payload.length).toBeLessThanOrEqual(payload.length);
          else expect(name).not.toBe('q61');
        },
      ),
      500,
      66,
    );
  });
});
