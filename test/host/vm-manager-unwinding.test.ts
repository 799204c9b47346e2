import { describe, expect, it } from 'vitest';
import { HostError } from '../../src/host/index.js';
import type { VmGenerationName } from '../../src/host/vm-manager/index.js';
import { rpc, tree } from '../rm/vm-tree.js';
import { type Fault, Machine } from './vm-machine.js';
import { failureOf, IMAGE, prepare, RING, TREE } from './vm-setup.js';

const nothing = { vms: [], parcels: [], pagesElsewhere: 0 };

interface Case {
  readonly generation: VmGenerationName;
  /** Its place among all calls. */
  readonly call: number;
  readonly name: string;
  readonly kind: Fault;
}

const kinds = ['refused', 'request_lost', 'reply_lost', 'panic'] as const;

/** Every call that START makes in this generation, going wrong in each way. */
function startCases(generation: VmGenerationName): Case[] {
  const machine = new Machine(generation, 'careful');
  const { vm } = prepare(machine);
  const first = machine.calls.length;
  try {
    machine.run(vm.start());
  } catch (error) {
    // RM23 lacks what a15 asks for; the calls after that undo START.
    if (!(error instanceof HostError)) throw error;
  }
  const last = machine.calls.findIndex((name) => name === 'VM_START' || name === 'VM_SET_DEMAND_PAGING');
  return machine.calls
    .slice(first, last + 1)
    .flatMap((name, index) => kinds.map((kind) => ({ generation, name, kind, call: first + index })));
}

/** Every call that closing a running VM makes. */
function closeCases(generation: VmGenerationName): Case[] {
  const machine = new Machine(generation, 'careful');
  const { vm, descriptor } = prepare(machine);
  machine.run(vm.start());
  const first = machine.calls.length;
  machine.run(vm.close(descriptor));
  return machine.calls
    .slice(first)
    .flatMap((name, index) => kinds.map((kind) => ({ generation, name, kind, call: first + index })));
}

function titled(cases: readonly Case[]) {
  return cases.map((each) => [`${each.generation} ${each.name} ${each.kind}`, each] as const);
}

const starts = (['v9', 'v11', 'a14', 'a15'] as const).flatMap(startCases);
const closes = closeCases('a14');
const panics = ({ kind }: Case) => kind === 'panic';

describe('careful: a call of START goes wrong', () => {
  it('is tried for every call of every generation', () => {
    expect(starts).toHaveLength((7 + 7 + 7 + 4) * kinds.length);
  });

  it.each(titled(starts.filter((each) => !panics(each))))(
    '%s: RM and the hypervisor have nothing left, and START works then',
    (_, { generation, call, kind, name }) => {
      const machine = new Machine(generation, 'careful');
      const { vm, descriptor } = prepare(machine);
      machine.fault = { call, kind };
      const error = failureOf(() => machine.run(vm.start()));
      expect([error.call, error.path.includes(name)]).toEqual(['START', true]);
      expect(machine.remains).toEqual(nothing);
      expect(vm.reports).toEqual([]);
      // What RM has written into the devicetree of a VM that did start is not one it takes again.
      machine.write(TREE.page, tree({ rpc }));
      if (generation === 'a15') {
        expect(failureOf(() => machine.run(vm.start())).errno).toBe('EOPNOTSUPP');
        expect(machine.remains).toEqual(nothing);
      } else {
        machine.run(vm.start());
        expect(machine.remains.vms).toEqual(['128 in 3']);
      }
      machine.run(vm.close(descriptor));
      expect(machine.remains).toEqual(nothing);
      expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 0]);
    },
  );

  it.each(titled(starts.filter(panics)))(
    '%s: what RM may have died with stays pinned, and is named',
    (_, { generation, call }) => {
      const machine = new Machine(generation, 'careful');
      const { vm, descriptor } = prepare(machine);
      machine.fault = { call, kind: 'panic' };
      failureOf(() => machine.run(vm.start()));
      const given = machine.calls.slice(0, call + 1);
      machine.run(vm.close(descriptor));
      expect(machine.bench.panics).toHaveLength(1);
      const isEager = generation !== 'a15';
      const kept = [
        ...(given.includes('MEM_SHARE') ? [['region[label 2]', RING.pages, RING.page] as const] : []),
        ...(given.includes('MEM_LEND')
          ? [
              isEager
                ? (['region[label 1]', IMAGE.pages, IMAGE.page] as const)
                : (['dtb', TREE.pages, TREE.page] as const),
            ]
          : []),
      ];
      const [vmid, ...parcels] = vm.reports.map(({ hazard, issue }) => [
        hazard.name,
        issue.path,
        issue.expected,
      ]);
      expect(vmid?.[0]).toBe('vmid_lost');
      expect(parcels).toEqual(
        kept.map(([path, pages, page]) => [
          'handle_lost',
          path,
          `${pages} pages of vmm, from 0x${machine.page(page).toString(16)}`,
        ]),
      );
      expect(machine.process.pagesPinned).toBe(kept.reduce((sum, [, pages]) => sum + pages, 0));
      expect(machine.remains.pagesElsewhere).toBeLessThanOrEqual(machine.process.pagesPinned);
    },
  );
});

describe('careful: a call of closing goes wrong', () => {
  it.each(titled(closes.filter((each) => !panics(each))))(
    '%s: nothing is left',
    (_, { generation, call, kind }) => {
      const machine = new Machine(generation, 'careful');
      const { vm, descriptor } = prepare(machine);
      machine.fault = { call, kind };
      machine.run(vm.start());
      machine.run(vm.close(descriptor));
      expect(machine.remains).toEqual(nothing);
      expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 0]);
      expect(vm.reports).toEqual([]);
    },
  );

  it.each(titled(closes.filter(panics)))('%s: what RM had is named and stays pinned', (_, { call, name }) => {
    const machine = new Machine('a14', 'careful');
    const { vm, descriptor } = prepare(machine);
    machine.fault = { call, kind: 'panic' };
    machine.run(vm.start());
    machine.run(vm.close(descriptor));
    const { pagesElsewhere } = machine.remains;
    expect(machine.process.pagesPinned).toBe(pagesElsewhere);
    expect(vm.reports.filter(({ hazard }) => hazard.name === 'handle_lost')).toHaveLength(
      machine.remains.parcels.length,
    );
    expect(vm.reports[0]?.hazard.name).toBe('vmid_lost');
    expect(name).not.toBe('');
  });
});

describe('faithful: a call of START goes wrong', () => {
  /** What each generation leaves, by the call that RM refused (client.md, "Bad endings"). */
  const leaves: Readonly<Record<string, unknown>> = {
    'a14 VM_INIT': 'close never returns',
    'v9 VM_INIT': 'close never returns',
    'v11 VM_INIT': 'close never returns',
    'a15 MEM_LEND': { findings: ['pages_pinned'], pinned: TREE.pages, ...nothing },
    'a15 VM_SET_DEMAND_PAGING': { findings: ['vmid_lost'], pinned: 0, ...nothing, vms: ['128 in 1'] },
  };

  it.each(titled(starts.filter(({ kind }) => kind === 'refused')))(
    '%s',
    (_, { generation, call, kind, name }) => {
      const machine = new Machine(generation, 'faithful');
      const { vm, descriptor } = prepare(machine);
      machine.fault = { call, kind };
      expect(failureOf(() => machine.run(vm.start())).errno).toBe('EPERM');
      let left: unknown;
      try {
        machine.run(vm.close(descriptor));
        const findings = vm.reports.map(({ hazard }) => hazard.name);
        left = { findings, pinned: machine.process.pagesPinned, ...machine.remains };
      } catch (error) {
        expect(error).toMatchObject({ code: 'never_returns', hazard: { name: 'endless_wait' } });
        left = 'close never returns';
      }
      expect(left).toEqual(leaves[`${generation} ${name}`] ?? { findings: [], pinned: 0, ...nothing });
    },
  );

  it.each(titled(starts.filter(({ kind }) => kind !== 'refused')))(
    '%s: START never returns',
    (_, { generation, call, kind }) => {
      const machine = new Machine(generation, 'faithful');
      const { vm } = prepare(machine);
      machine.fault = { call, kind };
      expect(failureOf(() => machine.run(vm.start()))).toMatchObject({
        code: 'never_returns',
        hazard: { name: 'endless_wait' },
        expected: `reply to ${machine.calls.at(-1)}`,
      });
    },
  );
});
