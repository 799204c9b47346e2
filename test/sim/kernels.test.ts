import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { type PlayerSink, playScenario, type StepResult } from '../../src/sim/index.js';
import { exampleTree } from './session.js';

const HOST = { op: 'host' };
const load = { op: 'load', address: '0x89000000', file: 'vm.dtb' };
const create = { op: 'ioctl', name: 'CREATE_VM', vm: 'a' };
const lend = {
  op: 'ioctl',
  name: 'LEND_USER_MEM',
  vm: 'a',
  label: 0,
  flags: ['ALLOW_READ', 'ALLOW_WRITE', 'ALLOW_EXEC'],
  guest_phys_addr: '0x80000000',
  memory_size: '0x2000000',
  userspace_addr: '0x88000000',
};
const dtb = { op: 'ioctl', name: 'SET_DTB_CONFIG', vm: 'a', guest_phys_addr: '0x81000000', size: '0x100000' };
const start = { op: 'ioctl', name: 'START', vm: 'a' };
const close = { op: 'close', vm: 'a' };
const boot = [HOST, load, create, lend, dtb, start];

function play(lines: readonly object[], sink: PlayerSink = {}) {
  const steps: StepResult[] = [];
  const result = playScenario([{ scenario: 'test' }, ...lines], {
    file: () => exampleTree,
    check: true,
    sink: { ...sink, step: (step) => steps.push(step) },
  });
  return { ...result, steps, unmetSteps: steps.filter(({ unmet }) => unmet.length > 0) };
}

/** What was not as expected of the last step. */
function unmetOf(...lines: object[]) {
  const { unmetSteps } = play(lines);
  expect(unmetSteps.length).toBeLessThan(2);
  return unmetSteps[0]?.unmet;
}

/** The issue of a scenario that cannot be played. */
function refusal(...lines: object[]): Partial<WireError> {
  try {
    play(lines);
  } catch (error) {
    if (error instanceof WireError) return { code: error.code, path: error.path };
    throw error;
  }
  throw new Error('it was played');
}

describe('a host', () => {
  it('ends its ioctls with OK or an errno, and says so', () => {
    expect(unmetOf(...boot, { ...start, result: 'ENODEV' })).toEqual([
      { expected: 'START a: ENODEV', actual: 'START a: OK' },
    ]);
    const [unmet] = unmetOf(HOST, create, lend, lend) ?? [];
    expect(unmet?.expected).toBe('LEND_USER_MEM a: OK');
    expect(unmet?.actual).toContain('EEXIST (LEND_USER_MEM: EEXIST: label at region[label 0]');
    expect(unmetOf(HOST, create, { ...lend, flags: 64, result: 'EINVAL' })).toBeUndefined();
    expect(unmetOf(HOST, { ...create, arg: 1, result: 'EINVAL' })).toBeUndefined();
    const v9 = { ...HOST, generation: 'v9' };
    expect(unmetOf(v9, create, { ...lend, result: 'ENOTTY' })).toBeUndefined();
  });

  it('has no exit to tell of where an ioctl other than VCPU_RUN returns', () => {
    expect(unmetOf(HOST, { ...create, exit: { exit_reason: 'MMIO' } })).toEqual([
      { expected: '{"exit_reason":"MMIO"}', actual: '{}' },
    ]);
  });

  it('teaches the scenario VMIDs and handles', () => {
    const state = { from: 3, name: 'VM_GET_STATE', payload: { vmid: { $: 'a.vmid' } }, expect: 'OK' };
    const reclaim = {
      from: 3,
      name: 'MEM_RECLAIM',
      payload: { mem_handle: { $: 'a.handles.0' }, flags: [] },
    };
    expect(play([...boot, state, { ...reclaim, expect: 'MEM_INUSE' }, close]).unmetSteps).toEqual([]);
    expect(refusal(HOST, create, state)).toEqual({ code: 'scenario', path: 'payload.vmid' });
  });

  it('shares its queue with messages by hand, whose numbers are others', () => {
    const sequences: number[] = [];
    const sink: PlayerSink = { record: ({ type, seq }) => type === 'request' && sequences.push(seq ?? -1) };
    const ask = { from: 3, name: 'VM_GET_VMID', payload: {}, expect: 'OK' };
    const { unmetSteps } = play([...boot.slice(0, -1), start, { ...ask, after: 1500, times: 2 }], sink);
    expect(unmetSteps).toEqual([]);
    expect(sequences.filter((seq) => seq >= 0x8000)).toEqual([0x8000, 0x8001]);
    expect(sequences.filter((seq) => seq < 0x8000)).toEqual([0, 1, 2, 3, 4, 5]);
  });

  it('closes a VM once its ioctls have returned', () => {
    const names: string[] = [];
    const sink: PlayerSink = {
      record: ({ type, message }) => type === 'request' && names.push(message?.name ?? ''),
    };
    expect(play([...boot, { ...close, after: 1 }], sink).unmetSteps).toEqual([]);
    expect(names.slice(-5)).toEqual(['VM_START', 'VM_STOP', 'VM_RESET', 'MEM_RECLAIM', 'VM_DEALLOC_VMID']);
  });

  it('that is careful gives up when nothing happens any more, one that is faithful never does', () => {
    const lost = { op: 'fault', rule: { kind: 'drop', match: { to: 3, message: 'VM_INIT' }, limit: 1 } };
    const lines = [...boot.slice(1, -1), lost];
    const again = [{ op: 'faults_off' }, load, start, close];
    expect(play([HOST, ...lines, { ...start, result: 'ETIMEDOUT' }, ...again]).unmetSteps).toEqual([]);
    const faithful = [{ ...HOST, mode: 'faithful' }, ...lines, { ...start, result: 'WAITS' }];
    expect(play([...faithful, { ...close, result: 'WAITS' }]).unmetSteps).toEqual([]);
  });

  it('tells what its VM manager finds', () => {
    const firmware = { ...dtb, name: 'SET_FW_CONFIG', guest_phys_addr: '0x80000000' };
    const lines = [
      { ...HOST, mode: 'faithful' },
      ...boot.slice(1, -1),
      firmware,
      { ...start, result: 'EPERM' },
    ];
    const events: string[] = [];
    const sink: PlayerSink = { kernel: (event) => events.push(event.kind) };
    expect(play([...lines, { ...close, findings: ['vmid_lost'] }], sink).unmetSteps).toEqual([]);
    expect(events).toEqual(['hazard_report']);
    expect(unmetOf(...lines, close)).toEqual([{ expected: 'no findings', actual: 'findings vmid_lost' }]);
  });

  it('is gone after a reboot', () => {
    expect(refusal(...boot, { op: 'reboot' }, start)).toEqual({ code: 'scenario', path: 'op' });
    expect(play([...boot, { op: 'reboot' }, ...boot, close]).unmetSteps).toEqual([]);
  });
});

describe('guest memory', () => {
  const size = '0x800000';
  const file = {
    op: 'ioctl',
    name: 'CREATE_GUEST_MEM',
    file: 'm',
    size,
    flags: ['ALLOW_HUGEPAGE'],
    address: '0x88000000',
  };
  const all = { op: 'guest_mem', file: 'm', offset: 0, size };
  const lines = [{ ...HOST, generation: 'v17' }, file];

  it('is converted step by step, and whoever locks a page first wins', () => {
    const hide = { ...all, do: 'make_inaccessible' };
    const pin = { ...all, do: 'pin', offset: '0x600000', size: '0x200000' };
    const early = [
      { ...hide, result: 'EBUSY' },
      { ...pin, after: 50 },
    ];
    expect(play([...lines, ...early]).unmetSteps).toEqual([]);
    expect(play([...lines, hide, { ...pin, after: 350, result: 'EFAULT' }]).unmetSteps).toEqual([]);
  });

  it('is not given to a VM while it is being converted', () => {
    const map = {
      op: 'ioctl',
      name: 'MAP_MEM',
      vm: 'a',
      file: 'm',
      guest_addr: '0x80000000',
      flags: ['ALLOW_READ', 'ALLOW_WRITE'],
      offset: 0,
      size,
    };
    const tree = { ...dtb, guest_phys_addr: '0x80000000', size: '0x200000' };
    const pin = { ...all, do: 'pin', size: '0x200000' };
    const { unmetSteps } = play([
      ...[...lines, create, map, tree, pin],
      { ...start, after: 50, result: 'EBUSY' },
      { ...pin, do: 'unpin' },
      { ...start, result: 'EOPNOTSUPP' },
      close,
      { ...all, do: 'map' },
    ]);
    expect(unmetSteps).toEqual([]);
  });
});

describe('a guest', () => {
  const guest = (...does: string[]) => ({
    op: 'guest',
    vmid: { $: 'a.vmid' },
    ...(does.length > 0 ? { does } : {}),
  });
  const irq = [
    { from: 3, name: 'VM_IRQ_LEND', payload: { borrower: 128, virq: 100, label: 5 }, as: 'irq' },
    { from: 3, name: 'VM_IRQ_NOTIFY', payload: { virq_handle: { $: 'irq.virq_handle' }, flags: ['LENT'] } },
  ];
  const accepted = { to: 3, type: 'notification', name: 'VM_IRQ_ACCEPTED' };

  it('does what it is told to, and nothing else', () => {
    const [lent, told] = irq;
    const run = (...does: string[]) =>
      unmetOf(...boot, guest(...does), lent as object, { ...told, expect: accepted });
    expect(run('interrupts')).toBeUndefined();
    expect(run('memory', 'console')).toHaveLength(1);
  });

  it('says what it tried in vain, and goes on', () => {
    const failed: string[] = [];
    const sink: PlayerSink = {
      kernel: (event) => event.kind === 'failed' && failed.push(`${event.vmid} ${event.error.call}`),
    };
    const access = { acl_entries: [{ vmid: 128, rights: ['W', 'R'] }], attr_entries: [] };
    const parcel = { mem_type: 'NORMAL', flags: [], label: 9, ...access };
    const pages = [{ ipa: '0x90000000', size: '0x1000' }];
    const handle = { $: 'buffer.mem_handle' };
    const tell = { mem_handle: handle, flags: ['SHARED'], mem_info_tag: 1, vmid_entries: [{ vmid: 128 }] };
    const how = { mem_type: 'NORMAL', trans_type: 'LEND', flags: ['DONE'], label: 9, map_vmid: 0 };
    const accept = { mem_handle: handle, ...how, acl_entries: [], sgl_entries: [], attr_entries: [] };
    const { unmetSteps } = play(
      [
        ...boot,
        guest(),
        { from: 3, name: 'MEM_LEND', payload: { ...parcel, sgl_entries: pages }, as: 'buffer' },
        { from: 128, name: 'MEM_ACCEPT', payload: accept, expect: 'OK' },
        { from: 3, name: 'MEM_NOTIFY', payload: tell, expect: 'OK' },
        irq[0] as object,
        { ...irq[1], expect: accepted },
      ],
      sink,
    );
    expect(unmetSteps).toEqual([]);
    expect(failed).toEqual(['128 MEM_ACCEPT']);
  });

  it('is not there any more when its VM is another one', () => {
    const [lent, told] = irq;
    const again = [
      load,
      { ...create, vm: 'b' },
      { ...lend, vm: 'b' },
      { ...dtb, vm: 'b' },
      { ...start, vm: 'b' },
    ];
    const { unmetSteps } = play([
      ...[...boot, guest('interrupts'), close, ...again, lent as object],
      { ...told, expect: accepted },
    ]);
    expect(unmetSteps.map(({ unmet }) => unmet[0]?.actual)).toEqual(['nothing']);
  });
});

describe('what is no step', () => {
  it.each([
    [{ ...HOST, generation: 'a13' }, 'generation'],
    [{ ...HOST, mode: 'sloppy' }, 'mode'],
    [{ op: 'ioctl', name: 'VCPU_MMAP_SIZE', vm: 'a' }, 'name'],
    [{ op: 'guest_does', vmid: 128, steps: ['sleep'] }, 'steps[0]'],
    [{ op: 'guest_does', vmid: 128, steps: [{ jump: 0 }] }, 'steps[0]'],
    [{ ...lend, vm: undefined }, 'vm'],
    [{ ...lend, flags: ['ALLOW_ALL'] }, 'flags'],
    [{ ...lend, memory_size: -1 }, 'memory_size'],
    [{ ...lend, userspace_addr: 'high' }, 'userspace_addr'],
    [{ ...start, vm: 'b' }, 'vm'],
    [{ ...start, result: 5 }, 'result'],
    [{ op: 'ioctl', name: 'ADD_FUNCTION', vm: 'a', type: 'disk', arg: '' }, 'type'],
    [{ op: 'ioctl', name: 'ADD_FUNCTION', vm: 'a', type: 'vcpu', arg: '0' }, 'arg'],
    [{ op: 'guest_mem', file: 'm', do: 'eat', offset: 0, size: 0 }, 'do'],
    [{ op: 'guest_mem', file: 'm', do: 'pin', offset: 0, size: 0 }, 'file'],
    [{ op: 'guest', vmid: 128, does: ['nothing'] }, 'does'],
    [{ op: 'guest', does: [] }, 'vmid'],
    [{ ...close, vm: 'b' }, 'vm'],
    [{ ...lend, label: 2 ** 32 }, 'label'],
    [{ ...lend, guest_phys_addr: '0x10000000000000000' }, 'guest_phys_addr'],
    [{ ...create, times: 'often' }, 'times'],
    [{ ...create, times: 0 }, 'times'],
    [{ ...create, findings: [1] }, 'findings[0]'],
  ])('%j', (line, path) => {
    expect(refusal(HOST, create, line)).toEqual({ code: 'scenario', path });
  });

  it('is what a host does that was not booted', () => {
    expect(refusal(create)).toEqual({ code: 'scenario', path: 'op' });
  });
});
