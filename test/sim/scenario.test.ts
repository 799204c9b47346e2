import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { scenarioLines } from './lines.js';
import { play } from './play.js';

const FIRST = { scenario: 'test' };

/** The issue of a scenario that cannot be played. */
function refusal(...lines: unknown[]): { code: string; path: string; message: string } {
  try {
    play([FIRST, ...lines]);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  throw new Error('it was played');
}

const getVmid = { from: 3, name: 'VM_GET_VMID', payload: {} };

describe('the example scenarios', () => {
  it('give the same bytes with the same seed, others with another', () => {
    const run = (seed: number) => play(scenarioLines('share'), { seed }).bytes;
    expect(run(3)).toEqual(run(3));
    expect(run(3)).not.toEqual(run(4));
  });

  it('are told from ones in which something is different', () => {
    const text = JSON.stringify(scenarioLines('boot')).replace('"vm_status":"READY"', '"vm_status":"LOAD"');
    const { unmetSteps } = play(JSON.parse(text) as unknown[]);
    expect(unmetSteps).toHaveLength(1);
    expect(unmetSteps[0]?.unmet).toEqual([{ expected: expect.stringContaining('LOAD'), actual: 'nothing' }]);
  });
});

describe('recorded lines are steps', () => {
  it('whose bytes are compared', () => {
    const step = {
      from: 3,
      frame: '210100002400005600',
      out: [{ to: 3, frame: '21020000240000560000000003000000' }],
    };
    const good = { from: 3, frame: '2101000024000056', out: step.out };
    expect(play([FIRST, good]).unmet).toBe(0);
    expect(play([FIRST, step]).unmetSteps[0]?.unmet[0]?.actual).toContain('MSG_INVALID');
    expect(play([FIRST, { ...good, out: [] }]).unmetSteps[0]?.unmet[0]?.expected).toBe('nothing');
  });
});

describe('a scenario', () => {
  it('numbers requests, refers to what it learnt, and compares in part', () => {
    const { unmetSteps, bytes } = play([
      FIRST,
      { ...getVmid, as: 'me', expect: { error: 'OK', payload: { vmid: '0x3' } } },
      { ...getVmid, seq: 77, expect: { seq: 77, payload: { vmid: { $: 'me.vmid' } } } },
      { ...getVmid, expect: { seq: 1 } },
      { from: 3, name: 'VM_GET_STATE', payload: { vmid: { $: 'me.vmid' } }, expect: 'OK' },
    ]);
    expect(unmetSteps).toEqual([]);
    expect(bytes).toHaveLength(8);
  });

  it('is checked by rules that take every memory type but IO for normal memory', () => {
    const lists = { acl_entries: [{ vmid: 4, rights: ['W', 'R'] }], attr_entries: [] };
    const sgl_entries = [{ ipa: '0x90000000', size: '0x1000' }];
    const payload = { mem_type: 4, flags: [], label: 0, ...lists, sgl_entries };
    const lend = { from: 3, name: 'MEM_LEND', payload, expect: 'OK' };
    const alloc = { from: 3, name: 'VM_ALLOC_VMID', payload: { vmid: 4 }, expect: 'OK' };
    expect(play([FIRST, alloc, lend], { check: true })).toMatchObject({ unmet: 0, broken: 0 });
  });

  it('begins steps when told', () => {
    const { steps } = play([
      { ...FIRST, delays: { put_ns: 10, take_ns: 20 } },
      getVmid,
      { ...getVmid, after: 5 },
      { ...getVmid, at: 1000 },
      getVmid,
    ]);
    expect(steps.map(({ timeNs }) => timeNs)).toEqual([0, 5, 1000, 1030]);
    expect(steps.map(({ received }) => received.length)).toEqual([0, 2, 1, 1]);
  });

  it('says what was expected and what came instead', () => {
    const unmet = (step: object) => play([FIRST, step]).steps[0]?.unmet;
    expect(unmet({ ...getVmid, expect: 'DENIED' })).toEqual([
      {
        expected: 'to 3: {"type":"reply","error":"DENIED"}',
        actual: 'to 3: reply VM_GET_VMID seq 0 OK {"vmid":3}',
      },
    ]);
    expect(unmet({ ...getVmid, expect: { to: 4, name: 'VM_GET_VMID' } })).toEqual([
      { expected: 'to 4: {"type":"reply","name":"VM_GET_VMID"}', actual: 'nothing' },
    ]);
    const dealloc = { from: 3, name: 'VM_DEALLOC_VMID', payload: { vmid: 99 } };
    expect(unmet(dealloc)).toEqual([{ expected: 'no panic', actual: 'panic vm_dealloc_unknown_vmid' }]);
    expect(unmet({ ...dealloc, panic: 'vm_dealloc_unknown_vmid' })).toEqual([]);
    expect(unmet({ ...dealloc, panic: 'somewhere in the real one' })).toEqual([]);
    expect(unmet({ ...dealloc, panic: 'vm_exit_not_running' })).toHaveLength(1);
    expect(unmet({ ...getVmid, panic: 'vm_exit_not_running' })).toHaveLength(1);
    expect(unmet({ from: 44, frame: '2101000024000056' })?.[0]?.actual).toContain('refuses');
    expect(unmet({ from: 44, frame: '2101000024000056', refused: true })).toEqual([]);
  });

  it('goes on after a reboot, with other machines and careful managers', () => {
    const dealloc = { from: 3, name: 'VM_DEALLOC_VMID', payload: { vmid: 99 } };
    const dead = [{ ...dealloc, panic: 'vm_dealloc_unknown_vmid' }, getVmid, { op: 'reboot' }];
    expect(play([FIRST, ...dead, { ...getVmid, expect: 'OK' }]).unmetSteps).toEqual([]);
    expect(play([FIRST, { ...dealloc, expect: 'VMID_INVALID' }], { careful: true }).unmet).toBe(0);
    expect(
      play([
        { ...FIRST, careful: true },
        { ...dealloc, expect: 'VMID_INVALID' },
      ]).unmet,
    ).toBe(0);
    const lend = { from: 3, name: 'VM_IRQ_LEND', payload: { borrower: 4, virq: 100, label: 0 } };
    const handle = (profile: string, seed: number) =>
      play([{ ...FIRST, profile, seed }, lend])
        .bytes.at(-1)
        ?.split(' ')[3];
    expect(handle('native', 1)).toBe(handle('native', 2));
    expect(handle('qemu', 1)).not.toBe(handle('qemu', 2));
    expect(handle('qemu', 1)).toBe(handle('qemu', 1));
  });

  it('has faults that count what they did', () => {
    const drop = { kind: 'drop', match: { from: 3, message: 'VM_GET_VMID' }, limit: 1 };
    const { faults, steps, unmet } = play([
      FIRST,
      { op: 'fault', rule: drop },
      getVmid,
      { ...getVmid, expect: 'OK' },
      { op: 'fault', rule: { kind: 'drop' } },
      getVmid,
      { op: 'faults_off' },
      { ...getVmid, expect: 'OK' },
    ]);
    expect(unmet).toBe(0);
    expect(faults.map(({ matched, applied }) => [matched, applied])).toEqual([
      [1, 1],
      [1, 1],
    ]);
    expect(steps.map(({ received }) => received.length)).toEqual([0, 0, 1, 0, 0, 0, 1]);
  });

  it('stops where it says so', () => {
    expect(play([FIRST, getVmid, { op: 'end' }, { op: 'nonsense' }]).steps).toHaveLength(2);
  });

  it.each([
    [{ op: 'nonsense' }, 'op'],
    [{ from: 'x', name: 'VM_GET_VMID' }, 'from'],
    [{ ...getVmid, name: 'VM_GET_NOTHING' }, 'name'],
    [{ ...getVmid, payload: { vmid: 1 } }, 'payload'],
    [{ ...getVmid, wait: 1 }, 'wait'],
    [{ ...getVmid, at: -1 }, 'at'],
    [{ ...getVmid, at: 1, after: 1 }, 'after'],
    [{ from: 3, name: 'VM_GET_STATE', payload: { vmid: { $: 'nobody.vmid' } } }, 'payload.vmid'],
    [{ ...getVmid, expect: [3] }, 'expect[0]'],
    [{ op: 'fault', rule: { kind: 'bend' } }, 'kind'],
    [{ op: 'fault', rule: { kind: 'drop', match: { sender: 3 } } }, 'rule.match.sender'],
    [{ op: 'fault', rule: { kind: 'drop', match: { probability: 2 } } }, 'probability'],
    [{ op: 'fault', rule: { kind: 'drop', match: { message: 'VM_GO' } } }, 'message'],
    [{ op: 'hold' }, 'vmid'],
    [3, ''],
  ])('refuses %j', (line, path) => {
    const { path: at, message } = refusal(getVmid, line);
    expect(at.startsWith(path)).toBe(true);
    expect(message).toContain('step 2');
  });

  it('refuses a first line that is none', () => {
    expect(() => play([getVmid])).toThrow(WireError);
    expect(() => play([])).toThrow(WireError);
    expect(() => play([{ ...FIRST, profile: 'toaster' }])).toThrow(WireError);
  });
});
