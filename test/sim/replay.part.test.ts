import { describe, expect, it } from 'vitest';
import { protocol, stopReason, VM_EXITED, VM_GET_VMID, VM_STATUS, VM_STOP } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { platforms } from '../../src/rm/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { type Comparison, type ReplayOptions, replay } from '../../src/sim/index.js';
import { partOf } from '../part.js';
import { deviceTree, type Scenario, scenarios } from './scenarios.js';

/** Steps of a scenario that differ. */
function differences(scenario: Scenario, options: Partial<ReplayOptions> = {}): Comparison[] {
  return [...replay(scenario.lines, { file: deviceTree, ...options })].filter(({ equal }) => !equal);
}

/** A difference as text for a failing test. */
function describeStep({ step, recorded, actual, panic, refused }: Comparison): string {
  const frames = (list: Comparison['actual']) =>
    list.map(({ to, frame }) => `${to}:${formatHex(frame)}`).join(' ');
  const expected = `${recorded.panic ?? ''} ${recorded.refused ?? ''} ${frames(recorded.out)}`;
  return `step ${step}\n  recorded ${expected}\n  simulated ${panic ?? ''} ${refused} ${frames(actual)}`;
}

function firstDifference(scenario: Scenario, options: Partial<ReplayOptions> = {}): string | undefined {
  const [first] = differences(scenario, options);
  return first === undefined ? undefined : describeStep(first);
}

describe('the recordings of the public manager', () => {
  const all = scenarios('rm23.ndjson');

  it('are all there', () => {
    expect(all).toHaveLength(243);
    expect(all.reduce((steps, { lines }) => steps + lines.length - 1, 0)).toBe(24_257);
  });

  it.each(partOf(all))('$name: every byte on every queue', (scenario) => {
    expect(firstDifference(scenario)).toBeUndefined();
  });

  it('can tell a difference', () => {
    const scenario = all.find(({ name }) => name === 'deep_000') as Scenario;
    expect(
      differences(scenario, { platform: { ...platforms.native, irqHandleBase: 0x20000000 } }),
    ).not.toEqual([]);
    const cut = { ...scenario, lines: scenario.lines.map((line) => withoutOutput(line)) };
    expect(differences(cut).length).toBeGreaterThan(100);
  });

  it('bring about the same bytes every time', () => {
    const scenario = all.find(({ name }) => name === 'deep_017') as Scenario;
    const run = () => [...replay(scenario.lines, { file: deviceTree })].map(describeStep);
    expect(run()).toEqual(run());
  });
});

describe('the recordings of the lives of VMs', () => {
  const all = scenarios('rm23-lives.ndjson');

  it('are all there', () => {
    expect(all).toHaveLength(35);
    expect(all.reduce((steps, { lines }) => steps + lines.length - 1, 0)).toBe(11927);
  });

  it.each(partOf(all))('$name: every byte on every queue', (scenario) => {
    expect(firstDifference(scenario)).toBeUndefined();
  });
});

function withoutOutput(line: unknown): unknown {
  const { out: _out, ...rest } = line as Record<string, unknown>;
  return rest;
}

describe('the recordings of the real machine', () => {
  const all = scenarios('rm23-qemu.ndjson');
  const options = { platform: platforms.qemu };
  const named = (name: string) => all.find((scenario) => scenario.name === name) as Scenario;
  /** A scenario with some lines changed; `undefined` leaves one out. */
  const changed = (name: string, change: (line: Line, step: number) => Line | undefined): Scenario => {
    const scenario = named(name);
    const lines = scenario.lines.map((line, step) => change(line as Line, step));
    return { ...scenario, lines: lines.filter((line) => line !== undefined) };
  };
  const steps = (scenario: Scenario) => differences(scenario, options).map(({ step }) => step);

  it('are all there', () => {
    expect(all).toHaveLength(243);
    expect(all.filter(({ identical }) => identical)).toHaveLength(165);
    expect(all.reduce((count, { lines }) => count + lines.length - 1, 0)).toBe(25_211);
  });

  // No scenario is left that differs; real-system.md has the rows that the profile follows.
  it.each(partOf(all))('$name: every byte on every queue', (scenario) => {
    expect(firstDifference(scenario, options)).toBeUndefined();
  });

  it('are not all those of the native manager', () => {
    const some = partOf(all);
    const different = some.filter((scenario) => differences(scenario).length > 0);
    expect(different.length / some.length).toBeGreaterThan(0.2);
  });

  it('can tell that a VM takes something else, something more or something less', () => {
    const ofVm = (line: Line) => line.out?.findIndex(({ to }) => to !== 3 && to !== 255) ?? -1;
    const step = named('deep_000').lines.findIndex((line) => ofVm(line as Line) >= 0);
    const edit = (edited: (out: readonly Out[], index: number) => readonly Out[]) =>
      changed('deep_000', (line, at) =>
        at === step ? { ...line, out: edited(line.out ?? [], ofVm(line)) } : line,
      );
    const flipped = ({ to, frame }: Out) => ({ to, frame: `${frame.slice(0, -2)}ff` });
    expect(steps(edit((out, at) => out.map((item, index) => (index === at ? flipped(item) : item))))[0]).toBe(
      step,
    );
    expect(steps(edit((out, at) => [...out, ...out.slice(at, at + 1)]))[0]).toBe(step);
    // Taken late is as good, but taken by nobody is not.
    expect(steps(edit((out, at) => out.filter((_, index) => index !== at)))).not.toEqual([]);
  });

  it('can tell a message that is never taken', () => {
    const { lines } = named('lifecycle_graceful_stop');
    const toVm = (line: Line) => line.out?.some(({ to }) => to === 128) === true;
    const last = lines.findLastIndex((line) => toVm(line as Line));
    const scenario = changed('lifecycle_graceful_stop', (line, at) =>
      at < last ? line : at === last ? { ...line, out: line.out?.filter(({ to }) => to !== 128) } : undefined,
    );
    expect(steps(scenario)).toEqual([last]);
  });

  it('can tell a notification number, but where a queue overflowed', () => {
    const renumber = (name: string, step: number) =>
      steps(
        changed(name, (line, at) =>
          at === step
            ? { ...line, out: line.out?.map(({ to, frame }) => ({ to, frame: renumbered(frame) })) }
            : line,
        ),
      );
    expect(renumber('config_lent_to_other', 11)).toEqual([11]);
    expect(renumber('queue_full_notifications', 287)).toEqual([]);
  });

  it('can tell a machine that did not stop', () => {
    const withoutEnd = changed('deep_048', (line) => (line.op === 'end' ? undefined : line));
    expect(steps(withoutEnd)).toEqual([withoutEnd.lines.length - 1]);
    const rebooted = changed('deep_048', (line) => (line.op === 'end' ? { op: 'reboot' } : line));
    expect(steps(rebooted)).toEqual([rebooted.lines.length - 1]);
    const ended = changed('deep_000', (line) => line);
    const lines = [...ended.lines, { op: 'end', why: 'the whole system stopped (see console log)' }];
    expect(steps({ ...ended, lines })).toEqual([lines.length - 1]);
  });

  it('need what the machine says about its VMs', () => {
    const without = (name: string, op: string) =>
      steps(changed(name, (line) => (line.op === op ? { op: 'remark', text: '' } : line)));
    // A fault of a guest and the cookie that a guest gave are known from running its vCPU only.
    expect(without('length_mem_release', 'vcpu_run_result')[0]).toBe(40);
    expect(without('deep_069', 'vcpu_run_result')[0]).toBe(97);
    // A VM_EXIT that was sent but stands in a remark.
    expect(without('dt_attr_guest_ram_dump', 'remark')[0]).toBe(94);
  });
});

describe('the recording of MEM_APPEND to a shared parcel, which fails and is sent again', () => {
  const [append] = scenarios('rm23-append.ndjson') as [Scenario];

  it('mem_append_share_retry: the ranges stay mapped in the address space of the owner', () => {
    expect(append.lines).toHaveLength(18);
    expect(firstDifference(append)).toBeUndefined();
  });
});

describe('the recording of the production build', () => {
  const [halts] = scenarios('rm23-production.ndjson') as [Scenario];
  const platform = platforms['qemu-production'];

  it('lifecycle_vcpu_halts: every byte on every queue', () => {
    expect(halts.lines).toHaveLength(143);
    expect(firstDifference(halts, { platform })).toBeUndefined();
  });

  it('differs from the debug build where a vCPU faults', () => {
    expect(differences(halts, { platform: platforms.qemu })[0]?.step).toBe(91);
  });

  it('ends by force only: the VM takes and sends nothing before', () => {
    const ask = (id: number) =>
      formatHex(encodeMessage(protocol, VM_GET_VMID, 'request', { seq: id, payload: {} })[0] as Uint8Array);
    const stop = { vmid: 128, flags: 1, stop_reason: stopReason.values.FORCE_STOP };
    const [stopFrame] = encodeMessage(protocol, VM_STOP, 'request', { seq: 9, payload: stop }) as [
      Uint8Array,
    ];
    const lines = [
      ...halts.lines.slice(0, 8),
      { from: 128, frame: ask(1) },
      { op: 'vcpu_halt', vmid: 128, state: 6 },
      { from: 128, frame: ask(2) },
      { op: 'vcpu_halt', vmid: 128, state: 2 },
      { from: 3, frame: formatHex(stopFrame), out: Array(4).fill({ to: 3, frame: '' }) },
    ];
    const [sent, fault, lost, halt, stopped] = [...replay(lines, { platform, file: deviceTree })].slice(7);
    expect([sent?.refused, lost?.refused]).toEqual([false, true]);
    expect([fault?.actual, halt?.actual]).toEqual([[], []]);
    const ids = stopped?.actual.map(({ frame }) =>
      new DataView(frame.buffer, frame.byteOffset).getUint32(4, true),
    );
    expect(ids).toEqual([VM_STATUS.id, VM_EXITED.id, VM_STOP.id]);
  });
});

interface Out {
  readonly to: number;
  readonly frame: string;
}

interface Line {
  readonly op?: string;
  readonly out?: readonly Out[] | undefined;
}

/** A notification's frame with another sequence number; anything else as it is. */
function renumbered(frame: string): string {
  return frame.startsWith('2103') ? `2103feff${frame.slice(8)}` : frame;
}

/** What a careful manager does better before the public one would have died. */
const betterCarefully: Readonly<Record<string, string>> = {
  deep_019: 'a second reset releases everything',
  deep_109: 'a second reset releases everything',
  lifecycle_second_boot: 'a second reset releases everything',
  lifecycle_second_reset_skipped: 'a second reset releases everything',
  mem_append_total_size_bug: 'a failed append does not count',
  mem_vm_owner: 'a VM that owns parcels is not forgotten',
};

describe('a careful manager', () => {
  it.each(partOf(scenarios('rm23.ndjson')))(
    '$name: survives, and answers alike until the other dies',
    ({ name, lines }) => {
      const different: string[] = [];
      let dead = false;
      for (const comparison of replay(lines, { file: deviceTree, careful: true })) {
        expect(comparison.panic).toBeUndefined();
        dead = comparison.recorded.panic !== undefined || (dead && comparison.recorded.kind !== 'reboot');
        if (!dead && !comparison.equal) different.push(describeStep(comparison));
      }
      if (name in betterCarefully) expect(different).not.toEqual([]);
      else expect(different).toEqual([]);
    },
  );
});
