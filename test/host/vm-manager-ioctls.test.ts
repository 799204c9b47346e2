import { describe, expect, it } from 'vitest';
import { codecOf } from '../../src/codec/index.js';
import { HostError } from '../../src/host/index.js';
import {
  type CreatedVm,
  functionArguments,
  functionTypes,
  regionFlags,
  type UserMemRegion,
  UserProcess,
  type VmGenerationName,
} from '../../src/host/vm-manager/index.js';
import { StubMachine } from './stub-machine.js';

const TOP = 2n ** 64n;
const RWX = 7;
const region: UserMemRegion = {
  label: 1,
  flags: RWX,
  guestPhysAddr: 0x8000_0000n,
  memorySize: 0x4000n,
  userspaceAddr: 0n,
};
/** A second one, which breaks no rule. */
const other: UserMemRegion = { ...region, label: 2, guestPhysAddr: 0xa000_0000n, userspaceAddr: 0x10_0000n };

function machineOf(generation: VmGenerationName, mode: 'careful' | 'faithful', hasMemoryExtents = true) {
  const machine = new StubMachine({ generation, mode, hasMemoryExtents });
  machine.process.map({ address: 0n, pages: 0x1000, physical: 0x9000_0000n });
  return { machine, ...(machine.manager.createVm(machine.process) as CreatedVm) };
}

/** `0`, or the errno. */
function resultOf(run: () => unknown): string {
  try {
    run();
  } catch (error) {
    if (error instanceof HostError) return error.errno;
    throw error;
  }
  return '0';
}

type Mode = `${VmGenerationName} faithful` | `${VmGenerationName} careful`;
const faithful = ['v9 faithful', 'v11 faithful', 'a14 faithful', 'a15 faithful'] as const;
const careful = ['v9 careful', 'v11 careful', 'a14 careful', 'a15 careful'] as const;
const everyone: readonly Mode[] = [...faithful, ...careful];

interface Rule {
  readonly rule: string;
  readonly request: UserMemRegion;
  /** The process that asks, if another. */
  readonly caller?: UserProcess;
  readonly noExtents?: true;
  /** By manager; the other ones accept it. */
  readonly refused: Partial<Readonly<Record<Mode, string>>>;
}

const by = (modes: readonly Mode[], errno: string) => Object.fromEntries(modes.map((mode) => [mode, errno]));
const eager = everyone.filter((mode) => !mode.startsWith('a15'));

/** What SET_USER_MEM_REGION does with a second region beside {@link region} (client.md, section 7; the issue). */
const rules: readonly Rule[] = [
  { rule: 'nothing against it', request: other, refused: {} },
  { rule: 'flags 0', request: { ...other, flags: 0 }, refused: {} },
  { rule: 'reserved flag', request: { ...other, flags: 16 }, refused: by(everyone, 'EINVAL') },
  {
    rule: 'flag LENT',
    request: { ...other, flags: RWX | regionFlags.LENT },
    refused: by([...faithful.slice(1), 'a14 careful', 'a15 careful'], 'EINVAL'),
  },
  {
    rule: 'size not aligned',
    request: { ...other, memorySize: 0x1800n },
    refused: by(everyone, 'EINVAL'),
  },
  {
    rule: 'guest address not aligned',
    request: { ...other, guestPhysAddr: 0xa000_0800n },
    refused: by([...faithful.slice(1), ...careful], 'EINVAL'),
  },
  {
    rule: 'user address not aligned',
    request: { ...other, userspaceAddr: 1n },
    refused: by(everyone, 'EINVAL'),
  },
  {
    rule: 'size 0, label unknown',
    request: { ...other, memorySize: 0n },
    refused: { ...by(faithful.slice(1), 'EINVAL'), ...by(['v9 faithful', ...careful], 'ENODEV') },
  },
  {
    rule: 'size 0, label known',
    request: { ...other, label: 1, memorySize: 0n },
    refused: by(faithful.slice(1), 'EINVAL'),
  },
  {
    rule: 'wraps',
    request: { ...other, guestPhysAddr: TOP - 0x1000n },
    refused: { 'v9 faithful': 'EOVERFLOW', 'a15 faithful': 'EINVAL', ...by(careful, 'EOVERFLOW') },
  },
  {
    rule: 'ends at the top',
    request: { ...other, guestPhysAddr: TOP - 0x4000n },
    refused: {},
  },
  {
    rule: 'same label',
    request: { ...other, label: 1 },
    refused: by([...eager, 'a15 careful'], 'EEXIST'),
  },
  {
    rule: 'overlap',
    request: { ...other, guestPhysAddr: 0x8000_3000n },
    refused: by(everyone, 'EEXIST'),
  },
  {
    rule: 'behind the other',
    request: { ...other, guestPhysAddr: 0x8000_4000n },
    refused: {},
  },
  {
    rule: 'another process',
    request: other,
    caller: new UserProcess('another'),
    refused: by(
      everyone.filter((mode) => mode !== 'v9 faithful'),
      'EPERM',
    ),
  },
  {
    rule: 'fewer pages',
    request: { ...other, userspaceAddr: 0xfff_000n },
    refused: by(eager, 'EFAULT'),
  },
  {
    rule: 'no memory extents',
    request: other,
    noExtents: true,
    refused: by(['v9 faithful', ...careful], 'EOPNOTSUPP'),
  },
  {
    rule: 'no memory extents, and everything else wrong',
    request: { ...other, flags: 16, memorySize: 1n },
    noExtents: true,
    refused: { ...by(faithful, 'EINVAL'), ...by(careful, 'EOPNOTSUPP') },
  },
];

describe('SET_USER_MEM_REGION', () => {
  it.each(rules.map((each) => [each.rule, each] as const))(
    '%s',
    (_, { request, caller, noExtents, refused }) => {
      for (const mode of everyone) {
        const [generation, manner] = mode.split(' ') as [VmGenerationName, 'careful' | 'faithful'];
        const { machine, vm, descriptor } = machineOf(generation, manner, noExtents !== true);
        if (noExtents === undefined) machine.run(vm.setUserMemRegion(region));
        const result = resultOf(() => machine.run(vm.setUserMemRegion(request, caller ?? machine.process)));
        expect([mode, result]).toEqual([mode, refused[mode] ?? '0']);
        machine.run(vm.close(descriptor));
        expect(machine.process.pagesPinned).toBe(0);
      }
    },
  );

  it('says which region, label, page and owner an error is about', () => {
    const { machine, vm } = machineOf('a14', 'careful');
    machine.run(vm.lendUserMem(region));
    const errors = [
      { ...other, guestPhysAddr: 0x8000_3000n },
      { ...other, label: 1 },
      { ...other, userspaceAddr: 0xfff_000n },
    ].map((request) => {
      try {
        machine.run(vm.lendUserMem(request));
      } catch (error) {
        if (error instanceof HostError) return `${error.call} ${error.path} ${error.offset}: ${error.actual}`;
        throw error;
      }
      return '';
    });
    expect(errors).toEqual([
      'LEND_USER_MEM region[label 2] 2147495936: region[label 1] at 0x80000000',
      'LEND_USER_MEM region[label 1] 2684354560: that of the region at 0x80000000',
      'LEND_USER_MEM region[label 2] 16777216: 1',
    ]);
  });

  it('after START: accepted and never sent, or refused', () => {
    for (const [manner, result] of [
      ['faithful', '0'],
      ['careful', 'EBUSY'],
    ] as const) {
      const { machine, vm, descriptor } = machineOf('a14', manner);
      machine.run(vm.lendUserMem(region));
      vm.setDtbConfig({ start: region.guestPhysAddr, size: 0x1000n });
      machine.run(vm.start());
      expect(resultOf(() => machine.run(vm.lendUserMem(other)))).toBe(result);
      expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(result === '0' ? ['never_sent'] : []);
      machine.run(vm.close(descriptor));
      expect(machine.process.pagesPinned).toBe(0);
    }
  });

  it('keeps what it never pinned on the count of locked pages in v11 and a14', () => {
    const { machine, vm } = machineOf('a14', 'faithful');
    expect(resultOf(() => machine.run(vm.lendUserMem({ ...region, userspaceAddr: 0xfff_000n })))).toBe(
      'EFAULT',
    );
    expect([machine.process.pagesPinned, machine.process.lockedVm]).toEqual([0, 3]);
    expect(vm.reports.map(({ hazard }) => hazard.name)).toEqual(['locked_vm_counted']);
  });
});

describe('other ioctls', () => {
  it('are ENOTTY where a generation lacks them', () => {
    const { vm, machine } = machineOf('v11', 'careful');
    expect(resultOf(() => machine.run(vm.lendUserMem(region)))).toBe('ENOTTY');
    expect(resultOf(() => vm.setFwConfig({ start: 0n, size: 0n }))).toBe('ENOTTY');
    expect(resultOf(() => machine.run(vm.setBootContext(0, 0n)))).toBe('ENOTTY');
    expect(
      resultOf(() => vm.mapMem({ guestAddress: 0n, flags: 0, file: undefined, offset: 0n, size: 0n })),
    ).toBe('ENOTTY');
  });

  it('SET_DTB_CONFIG and SET_FW_CONFIG: a range that wraps', () => {
    const range = { start: TOP - 0x1000n, size: 0x2000n };
    for (const [generation, manner, result] of [
      ['v9', 'faithful', 'EOVERFLOW'],
      ['a14', 'faithful', '0'],
      ['a14', 'careful', 'EOVERFLOW'],
      ['a15', 'careful', 'EOVERFLOW'],
    ] as const) {
      const { vm } = machineOf(generation, manner);
      expect([generation, manner, resultOf(() => vm.setDtbConfig(range))]).toEqual([
        generation,
        manner,
        result,
      ]);
    }
  });

  it('SET_BOOT_CONTEXT: X0..X31, PC, SP0..2; bits beside them count in a15, not in v17', () => {
    for (const [register, a15, v17] of [
      [0x1f, '0', '0'],
      [0x20, 'EINVAL', 'EINVAL'],
      [0x100, '0', '0'],
      [0x101, 'EINVAL', 'EINVAL'],
      [0x202, '0', '0'],
      [0x203, 'EINVAL', 'EINVAL'],
      [0x300, 'EINVAL', 'EINVAL'],
      [0x1_0000, 'EINVAL', '0'],
    ] as const)
      for (const [generation, result] of [
        ['a15', a15],
        ['v17', v17],
      ] as const) {
        const { machine, vm } = machineOf(generation, 'faithful');
        const actual = resultOf(() => machine.run(vm.setBootContext(register, 1n)));
        expect([generation, register, actual]).toEqual([generation, register, result]);
      }
  });

  it('close: EBADF for what is not open, and nothing happens before the last one', () => {
    const { machine, vm, descriptor } = machineOf('a14', 'careful');
    const vcpu = vm.addFunction({ type: functionTypes.vcpu, argument: vcpuArgument(0) });
    machine.run(vm.lendUserMem(region));
    machine.run(vm.close(descriptor));
    expect(machine.process.pagesPinned).toBe(4);
    expect(resultOf(() => machine.run(vm.close(descriptor)))).toBe('EBADF');
    machine.run(vm.close(vcpu));
    expect([machine.process.pagesPinned, vm.isClosed]).toEqual([0, true]);
  });
});

const vcpuArgument = (id: number) => codecOf(functionArguments.vcpu).toBytes({ id });
const irqfdArgument = (label: number, flags = 0) =>
  codecOf(functionArguments.irqfd).toBytes({ fd: 9, label, flags });
const ioeventfdArgument = (addr: bigint, len: number, flags = 0, datamatch = 0n) =>
  codecOf(functionArguments.ioeventfd).toBytes({ datamatch, addr, len, fd: 9, flags });

describe('ADD_FUNCTION and REMOVE_FUNCTION (client.md, section 9)', () => {
  const { vcpu, irqfd, ioeventfd } = functionTypes;

  it.each([
    ['a vCPU', vcpu, vcpuArgument(1), '0'],
    ['the same vCPU', vcpu, vcpuArgument(0), 'EEXIST'],
    ['an argument of another size', vcpu, new Uint8Array(8), 'EINVAL'],
    ['no argument', irqfd, new Uint8Array(), 'EINVAL'],
    ['an argument above 256 bytes', vcpu, new Uint8Array(257), 'EINVAL'],
    ['an unknown type', 9, new Uint8Array(4), 'ENOENT'],
    ['an irqfd', irqfd, irqfdArgument(1, 1), '0'],
    ['an irqfd with other flags', irqfd, irqfdArgument(1, 2), 'EINVAL'],
    ['the same bell', irqfd, irqfdArgument(7), 'EEXIST'],
    ['an ioeventfd', ioeventfd, ioeventfdArgument(0x1000n, 4), '0'],
    ['an ioeventfd of 3 bytes', ioeventfd, ioeventfdArgument(0x1000n, 3), 'EINVAL'],
    ['an ioeventfd that wraps', ioeventfd, ioeventfdArgument(TOP - 2n, 4), 'EINVAL'],
    ['an ioeventfd with other flags', ioeventfd, ioeventfdArgument(0x1000n, 4, 2), 'EINVAL'],
    ['an ioeventfd for data of no length', ioeventfd, ioeventfdArgument(0x1000n, 0, 1), 'EINVAL'],
    ['the same ioeventfd', ioeventfd, ioeventfdArgument(0x9000n, 4), 'EEXIST'],
  ] as const)('%s', (_, type, argument, result) => {
    const { vm } = machineOf('a14', 'careful');
    vm.addFunction({ type: vcpu, argument: vcpuArgument(0) });
    vm.addFunction({ type: irqfd, argument: irqfdArgument(7) });
    vm.addFunction({ type: ioeventfd, argument: ioeventfdArgument(0x9000n, 4) });
    expect(resultOf(() => vm.addFunction({ type, argument }))).toBe(result);
    expect(vm.state.functions.instances).toHaveLength(result === '0' ? 4 : 3);
  });

  it('removes what is there, and says ENOENT of what is not', () => {
    const { machine, vm } = machineOf('a14', 'careful');
    vm.addFunction({ type: irqfd, argument: irqfdArgument(7) });
    expect(resultOf(() => vm.removeFunction({ type: irqfd, argument: irqfdArgument(8) }))).toBe('ENOENT');
    expect(resultOf(() => vm.removeFunction({ type: irqfd, argument: irqfdArgument(7, 1) }))).toBe('0');
    expect(machine.log).toEqual(['unbind function type 2']);
    expect(resultOf(() => vm.removeFunction({ type: irqfd, argument: irqfdArgument(7) }))).toBe('ENOENT');
    expect(resultOf(() => vm.removeFunction({ type: 9, argument: irqfdArgument(7) }))).toBe('ENOENT');
  });
});
