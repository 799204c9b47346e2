import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { NO_SANITIZE, type QcomCalls, type QcomOptions, qcomCalls } from '../../src/host/calls/qcom/index.js';
import { type Calling, type Hazard, HostError } from '../../src/host/index.js';
import { rmError as answered } from '../../src/host/rm-error.js';
import {
  accept,
  acl_entries,
  empty,
  entry,
  type Manager,
  names,
  ok,
  parcel,
  part,
  rmError,
  run,
  u32,
} from './qcom-run.js';

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
