import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEM_LEND, type SglEntry } from '../../schemas/index.js';
import { UsageError, WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { NO_SANITIZE, type QcomCalls, type QcomOptions, qcomCalls } from '../../src/host/calls/qcom/index.js';
import { type Calling, Client, type Hazard, HostError } from '../../src/host/index.js';
import { rmError as answered } from '../../src/host/rm-error.js';
import { ResourceManager } from '../../src/rm/index.js';
import { managerTransport } from '../../src/sim/index.js';
import { holds } from '../seeded.js';
import { type QcomName, Recorded, runs } from './qcom-calls.js';

const names: readonly QcomName[] = ['q61', 'q66', 'q612'];
const u32 = (...values: number[]) => new Uint8Array(Uint32Array.from(values).buffer);
const rmError = (errno: 'EOPNOTSUPP' | 'EBUSY' | 'EINVAL') => {
  const issue = { code: 'rm_error', path: 'error', offset: 0, expected: 'OK', actual: errno };
  return new HostError('ANY', errno, 'rm', issue);
};

/** What RM answers to a call, by its name and its place in the row. */
type Manager = (call: string, index: number) => Uint8Array | HostError;

/** Runs a call function to its end; the calls that it made, and what it returned or ended with. */
function run<T>(calling: Calling<T>, manager: Manager) {
  const sent: { call: string; payload: Uint8Array }[] = [];
  const names = () => sent.map(({ call }) => call);
  try {
    let step = calling.next();
    while (step.done !== true) {
      const { message, payload } = step.value;
      sent.push({ call: message.name, payload });
      const answer = manager(message.name, sent.length - 1);
      step = answer instanceof HostError ? calling.throw(answer) : calling.next(answer);
    }
    return { sent, calls: names(), result: step.value };
  } catch (error) {
    return { sent, calls: names(), error };
  }
}

const empty = new Uint8Array(0);
const ok: Manager = () => empty;
const entry = (page: number): SglEntry => ({ ipa: BigInt(page) << 12n, size: 0x1000n });
const part = (more: boolean, ...pages: number[]) =>
  u32(pages.length | (more ? 0x10000 : 0), ...pages.flatMap((page) => [page << 12, 0, 0x1000, 0]));

const acl_entries = [{ vmid: 45, rights: 7 }];
const parcel = { acl_entries, sgl_entries: [entry(1)] };
const accept = { mem_handle: 0x42, trans_type: 2, flags: 2, acl_entries };

describe('the firmware of q66', () => {
  const asked = (calls: QcomCalls, manager: Manager) =>
    run(calls.memAccept({ ...accept, flags: 0x82 }), manager).calls;

  it('is asked about once, and any answer but UNIMPLEMENTED means that it is not old', () => {
    for (const answer of [empty, rmError('EBUSY'), rmError('EINVAL'), u32(1)]) {
      const calls = qcomCalls('q66');
      const manager: Manager = (call) => (call === 'VM_AUTH_IMAGE' ? answer : part(false, 1));
      expect(asked(calls, manager)).toEqual(['VM_AUTH_IMAGE', 'MEM_ACCEPT', 'MEM_ACCEPT']);
      expect(asked(calls, manager)).toEqual(['MEM_ACCEPT', 'MEM_ACCEPT']);
    }
  });

  it('maps at once when it is old, clears nothing, and takes one donated range only', () => {
    const calls = qcomCalls('q66');
    const manager: Manager = (call) =>
      call === 'VM_AUTH_IMAGE' ? rmError('EOPNOTSUPP') : call === 'MEM_DONATE' ? u32(7) : part(false, 1);
    const { sent, result } = run(calls.memAccept({ ...accept, trans_type: 1, flags: 0x82 }), manager);
    expect(sent.map(({ call }) => call)).toEqual(['VM_AUTH_IMAGE', 'MEM_ACCEPT']);
    expect(sent[1]?.payload[6]).toBe(0x82);
    expect(result).toEqual([entry(1)]);
    expect(run(calls.memDonate({ acl_entries, sgl_entries: [entry(1), entry(2)] }), manager)).toMatchObject({
      calls: [],
      error: { errno: 'EINVAL', endedBy: 'local' },
    });
    expect(run(calls.memDonate(parcel), manager).result).toBe(7);
  });

  it('is asked again when nobody has answered', () => {
    const calls = qcomCalls('q66');
    const issue = { code: 'closed', path: '', offset: 0, expected: '', actual: '' };
    const closed = new HostError('VM_AUTH_IMAGE', 'ENODEV', 'local', issue);
    expect(run(calls.memAccept(accept), () => closed).error).toBe(closed);
    expect(run(calls.memAccept(accept), () => part(false)).calls).toEqual(['VM_AUTH_IMAGE', 'MEM_ACCEPT']);
  });
});

describe('accepting memory', () => {
  const clears = (calls: QcomCalls, request: Parameters<QcomCalls['memAccept']>[0], manager: Manager) => {
    const { sent } = run(calls.memAccept(request), manager);
    return ((sent.find(({ call }) => call === 'MEM_ACCEPT')?.payload[6] ?? 0) & 0x20) !== 0;
  };
  const manager: Manager = (call) =>
    call === 'VM_GET_VMID' ? u32(45) : call === 'MEM_ACCEPT' ? part(false) : empty;

  it('adds SANITIZE where that makes sense', () => {
    const lent = { ...accept, trans_type: 1 };
    const readOnly = [{ vmid: 45, rights: 5 }];
    const cases = [
      [lent, true],
      [{ ...lent, trans_type: 0 }, true],
      [{ ...lent, trans_type: 2 }, false],
      [{ ...lent, mem_type: 1 }, false],
      [{ ...lent, acl_entries: readOnly }, false],
      [{ ...lent, acl_entries: [{ vmid: 46, rights: 5 }] }, true],
      [{ ...lent, flags: (2 | NO_SANITIZE) >>> 0 }, false],
      [{ ...lent, flags: (0x22 | NO_SANITIZE) >>> 0 }, true],
    ] as const;
    for (const [request, expected] of cases) {
      expect(clears(qcomCalls('q66'), request, manager)).toBe(expected);
      expect(clears(qcomCalls('q612'), request, manager)).toBe(expected);
    }
    expect(clears(qcomCalls('q61'), lent, manager)).toBe(false);
    for (const flags of [0x22, NO_SANITIZE])
      expect(run(qcomCalls('q61').memAccept({ ...lent, flags }), ok).error).toMatchObject({
        errno: 'EINVAL',
      });
  });

  it('clears when the VMID of this VM is not to be had', () => {
    const failing: Manager = (call) => (call === 'VM_GET_VMID' ? rmError('EBUSY') : part(false));
    expect(clears(qcomCalls('q612'), { ...accept, trans_type: 1 }, failing)).toBe(true);
  });

  it('puts parts together as they come; the real client last one first', () => {
    const parts: Manager = (_call, index) =>
      [part(true, 1, 2), part(true, 3), part(false, 4, 5)][index] ?? empty;
    const pages = (options: QcomOptions) => {
      const { result } = run(qcomCalls('q61', options).memAccept(accept), parts);
      return result?.map(({ ipa }) => Number(ipa >> 12n));
    };
    const reported: string[] = [];
    expect(pages({})).toEqual([1, 2, 3, 4, 5]);
    expect(pages({ mode: 'faithful', report: ({ name }) => reported.push(name) })).toEqual([4, 5, 3, 1, 2]);
    expect(reported).toEqual(['accept_parts_reversed']);
  });

  it('gives a malformed reply for a list, and what never ends, a name', () => {
    const endless = qcomCalls('q61').memAccept(accept);
    expect(run(endless, () => part(true))).toMatchObject({
      calls: ['MEM_ACCEPT', 'MEM_RELEASE'],
      error: { errno: 'EINVAL', hazard: { name: 'accept_without_end', effect: 'never_returns' } },
    });
    for (const reply of [u32(2, 0, 0, 0, 0), Uint8Array.of(1), part(false, 1).subarray(0, 19)]) {
      expect(run(qcomCalls('q61').memAccept(accept), () => reply)).toMatchObject({
        calls: ['MEM_ACCEPT', 'MEM_RELEASE'],
        error: { errno: 'EINVAL', hazard: { name: 'accept_malformed_reply' } },
      });
      const faithful = qcomCalls('q61', { mode: 'faithful' }).memAccept(accept);
      expect(run(faithful, () => reply)).toMatchObject({ calls: ['MEM_ACCEPT'], result: [] });
    }
    const withList = { ...accept, sgl_entries: [entry(1)] };
    const faithful = qcomCalls('q61', { mode: 'faithful' });
    expect(run(faithful.memAccept(withList), () => u32(0)).result).toBe(withList.sgl_entries);
    expect(run(faithful.memAccept({ ...accept, sgl_entries: [] }), ok).result).toEqual([]);
  });

  it('releases when RM tells no list, when DONE fails, and when there is too much', () => {
    const released = { calls: ['MEM_ACCEPT', 'MEM_RELEASE'] };
    expect(run(qcomCalls('q61').memAccept(accept), ok)).toMatchObject({
      ...released,
      error: { errno: 'EINVAL' },
    });
    const notDone: Manager = (call, index) =>
      call === 'MEM_RELEASE' || index === 1 ? rmError('EBUSY') : part(false, 1);
    expect(run(qcomCalls('q61').memAccept({ ...accept, flags: 0x82 }), notDone)).toMatchObject({
      calls: ['MEM_ACCEPT', 'MEM_ACCEPT', 'MEM_RELEASE'],
      error: { errno: 'EBUSY' },
    });
    const pages = Array.from({ length: 900 }, (_, page) => page);
    const many = part(true, ...pages);
    const last = part(false);
    const manager: Manager = (_call, index) => (index < 73 ? many : last);
    const endingWith = (count: number) =>
      run(qcomCalls('q61').memAccept(accept), (_call, index) =>
        index < 72 ? many : part(false, ...pages.slice(0, count)),
      );
    expect(endingWith(0xffff - 72 * 900).result).toHaveLength(0xffff);
    expect(endingWith(0x10000 - 72 * 900)).toMatchObject({ error: { errno: 'ENOMEM' } });
    expect(run(qcomCalls('q612').memAccept(accept), manager).result).toHaveLength(73 * 900);
  });

  it('overruns its request within what the allocator set aside, or dies', () => {
    const faithful = qcomCalls('q61', { mode: 'faithful' });
    const acl = (count: number) => Array.from({ length: count }, (_, index) => ({ vmid: index, rights: 7 }));
    const accepting = (count: number) =>
      run(faithful.memAccept({ ...accept, flags: 0, acl_entries: acl(count) }), () => part(false));
    expect(accepting(0).sent[0]?.payload).toHaveLength(24);
    expect(accepting(1).sent[0]?.payload).toHaveLength(24);
    expect(accepting(3)).toMatchObject({
      calls: [],
      error: { hazard: { name: 'accept_overruns_request', effect: 'crash' } },
    });
  });

  it.each(['q66', 'q612'] as const)(
    '%s sends what fits of an ACL that it does not count, and succeeds',
    (name) => {
      const acl_entries = [45, 46, 47].map((vmid) => ({ vmid, rights: 7 }));
      const request = { ...accept, trans_type: 1, flags: 0, acl_entries };
      const reported: Hazard[] = [];
      const faithful = qcomCalls(name, { mode: 'faithful', report: (hazard) => reported.push(hazard) });
      const manager: Manager = (call) =>
        call === 'MEM_ACCEPT' ? part(false) : call === 'VM_GET_VMID' ? u32(3) : empty;
      const { sent, result } = run(faithful.memAccept(request), manager);
      expect(formatHex(sent.at(-1)?.payload ?? empty)).toBe(
        '420000000001200000000000030000002d0007002e000700',
      );
      expect([result, reported]).toMatchObject([
        [],
        [{ name: 'accept_cut_off', effect: 'malformed_request' }],
      ]);
      expect(run(qcomCalls(name).memAccept(request), manager)).toMatchObject({
        calls: [],
        error: { hazard: { name: 'accept_cut_off' } },
      });
    },
  );
});

describe('an error reply, which has no payload', () => {
  const notify = { mem_handle: 0x42, flags: 1, mem_info_tag: 0x1234, vmids: [45] };
  const peeking = names.flatMap((name) => [
    [name, 'VM_GET_STATE', 3] as const,
    [name, 'VM_GET_STATE', 0xffffffff] as const,
    [name, 'MEM_NOTIFY', 5] as const,
  ]);
  const calling = (calls: QcomCalls, message: string): Calling<unknown> =>
    message === 'MEM_NOTIFY' ? calls.memNotify(notify) : calls.vmGetStatus(45);

  it.each(peeking)('%s looks at the payload of %s with error %i', (name, message, code) => {
    const answer = answered(message, code, 'mainline');
    const reported: Hazard[] = [];
    const faithful = qcomCalls(name, { mode: 'faithful', report: (hazard) => reported.push(hazard) });
    expect(run(calling(faithful, message), () => answer).error).toBe(answer);
    expect(reported).toMatchObject([{ name: 'error_reply_pointer', effect: 'uninitialised_memory' }]);
    expect(run(calling(qcomCalls(name), message), () => answer).error).toMatchObject({
      ...{ errno: answer.errno, endedBy: 'rm', actual: answer.actual },
      hazard: { name: 'error_reply_pointer' },
    });
  });

  it.each(names)('%s does not look at that of other calls', (name) => {
    const { error } = run(qcomCalls(name).vmStart(45), () => rmError('EBUSY'));
    expect(error).toMatchObject({ errno: 'EBUSY', hazard: undefined });
  });
});

describe('giving memory', () => {
  const handle: Manager = (call) => (call === 'MEM_LEND' || call === 'MEM_DONATE' ? u32(0x42) : empty);

  it('ends with what failed when the reclaim fails too', () => {
    const sgl_entries = Array.from({ length: 1025 }, (_, page) => entry(page));
    const manager: Manager = (call) =>
      call === 'MEM_LEND' ? u32(0x42) : rmError(call === 'MEM_APPEND' ? 'EBUSY' : 'EINVAL');
    expect(run(qcomCalls('q61').memLend({ acl_entries, sgl_entries }), manager)).toMatchObject({
      calls: ['MEM_LEND', 'MEM_APPEND', 'MEM_RECLAIM'],
      error: { errno: 'EBUSY' },
    });
    expect(run(qcomCalls('q61').memLend({ acl_entries, sgl_entries }), handle).calls).toEqual([
      'MEM_LEND',
      'MEM_APPEND',
      'MEM_APPEND',
    ]);
  });

  it('names what it refuses', () => {
    const calls = qcomCalls('q612');
    const refusals: readonly (readonly [Calling<unknown>, string])[] = [
      [calls.memShare({ ...parcel, mem_type: 2 }), 'mem_type'],
      [calls.memShare({ ...parcel, flags: 2 }), 'flags'],
      [calls.memShare({ ...parcel, acl_entries: [] }), 'acl_entries'],
      [calls.memLend({ ...parcel, sgl_entries: [] }), 'sgl_entries'],
      [calls.memLend({ ...parcel, attr_entries: [] }), 'attr_entries'],
      [calls.memDonate({ ...parcel, acl_entries: [{ vmid: 45, rights: 6 }] }), 'acl_entries[0].rights'],
      [calls.memAppend(0x42, 2, []), 'flags'],
      [calls.memNotify({ mem_handle: 0x42, flags: 3, mem_info_tag: 0, vmids: [45] }), 'flags'],
      [calls.memNotify({ mem_handle: 0x42, flags: 2, mem_info_tag: 0, vmids: [45] }), 'vmids'],
      [calls.vmStop({ vmid: 45, stop_reason: 4, flags: 0 }), 'stop_reason'],
      [calls.vmIrqAccept(0x42, 0x80000000), 'virq'],
      [calls.vmLookup(2, new Uint8Array(15)), 'guid'],
    ];
    expect(run(calls.vmIrqAccept(0x42, 0x7fffffff), ok).calls).toEqual(['VM_IRQ_ACCEPT']);
    for (const [calling, path] of refusals) {
      expect(run(calling, ok)).toMatchObject({
        calls: [],
        error: { errno: 'EINVAL', endedBy: 'local', code: 'refused', path },
      });
    }
  });

  it('donates only with an ACL, of which the real client dies', () => {
    for (const mode of ['careful', 'faithful'] as const) {
      const calling = qcomCalls('q61', { mode }).memDonate({ ...parcel, acl_entries: undefined });
      expect(run(calling, ok)).toMatchObject({
        calls: [],
        error: { errno: 'EINVAL', hazard: { name: 'donate_without_acl' } },
      });
    }
  });

  it('pays no heed to the payload of a reply to MEM_NOTIFY', () => {
    const request = { mem_handle: 0x42, flags: 1, mem_info_tag: 0, vmids: [45] };
    expect(run(qcomCalls('q612').memNotify(request), () => u32(1)).error).toBeUndefined();
  });
});

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
