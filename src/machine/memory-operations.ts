import { type Line, lineReaders } from '../base/line-readers.js';
import type {
  Hypervisor,
  MemoryHypercall,
  MemoryKind,
  MemorySlot,
  Refusal,
  TransitionStep,
} from '../hypervisor/index.js';

const { refuse, natural, text, oneOf, u64, optional } = lineReaders('recording');

/** A VM asks the hypervisor to move or map memory. */
interface HypercallOperation {
  readonly vmid: number;
  readonly call: MemoryHypercall;
}

/** Pages of a VM, at their physical address. Bytes. */
interface Pages {
  readonly address: number;
  readonly size: number;
}

/** The kernel of a VM maps or pins pages for somebody, or ends that. */
interface Use extends Pages {
  readonly vmid: number;
  /** For people: `mapped by vmm`. */
  readonly user: string;
}

/** Pages change hands between two components without RM. */
interface Move {
  readonly step: TransitionStep;
  readonly memory: MemoryKind;
  readonly from: number;
  /** In the source's address space. */
  readonly address: number;
  readonly to: number;
  /** In the target's address space; undefined: nowhere, for a donation. */
  readonly target: number | undefined;
  readonly size: number;
  /** Bits of Access for the target, where it has no others. */
  readonly rights: number;
}

interface InternalVmOperation {
  readonly vmid: number;
  /** It comes into being, or ends. */
  readonly exists: boolean;
}

type MemoryRegionOperation = { readonly vmid: number } & MemorySlot;

/** An operation on the hypervisor's memory: how a line says it and what it does. */
interface Row<Fields> {
  readonly help: readonly (readonly [example: string, does: string])[];
  readonly read: (line: Line) => Fields;
  readonly write: (fields: Fields) => object;
  readonly perform: (hypervisor: Hypervisor, fields: Fields) => Refusal | undefined;
}

const row = <Fields>(definition: Row<Fields>): Row<Fields> => definition;

const steps = ['donate', 'share', 'unshare', 'lend', 'reclaim'] as const;
const kinds = ['normal', 'io'] as const;
const RIGHTS = 7;

const address = (value: unknown, path: string) => Number(u64(value, path));

const readUse = (line: Line): Use => ({
  vmid: natural(line.vmid, 'vmid'),
  ...readPages(line),
  user: text(line.user, 'user'),
});
const writeUse = ({ vmid, address, size, user }: Use) => ({
  vmid,
  address: formatWord(address),
  size: formatWord(size),
  user,
});

export const memoryRows = {
  hypercall: row<HypercallOperation>({
    help: [
      [
        '{"op":"hypercall","vmid":3,"call":"memextent_donate","options":3,"from":"0x5","to":"0x9","address":"0x90000000","size":"0x1000"}',
        'a VM gives another one memory, or takes it back; also addrspace_map and addrspace_unmap',
      ],
    ],
    read: (line) => ({ vmid: natural(line.vmid, 'vmid'), call: readHypercall(line) }),
    write: ({ vmid, call: { name, ...words } }) => ({
      vmid,
      call: name,
      ...Object.fromEntries(
        Object.entries(words).map(([key, word]) => [key, typeof word === 'bigint' ? formatWord(word) : word]),
      ),
    }),
    perform: ({ extents }, { vmid, call }) => extents.perform(vmid, call).refusal,
  }),
  use: row<Use>({
    help: [
      [
        '{"op":"use","vmid":3,"address":"0x88000000","size":"0x1000","user":"mapped by vmm"}',
        'the kernel of a VM maps or pins pages; they can be neither lent nor shared nor donated until "end_use"',
      ],
    ],
    read: readUse,
    write: writeUse,
    perform: ({ memory }, { vmid, address, size, user }) => memory.use(vmid, address, size, user),
  }),
  end_use: row<Use>({
    help: [],
    read: readUse,
    write: writeUse,
    perform: ({ memory }, { address, size, user }) => {
      memory.endUse(address, size, user);
      return undefined;
    },
  }),
  clear: row<Pages>({
    help: [['{"op":"clear","address":"0x88000000","size":"0x1000"}', 'fills physical memory with zeros']],
    read: readPages,
    write: ({ address, size }) => ({ address: formatWord(address), size: formatWord(size) }),
    perform: (hypervisor, { address, size }) => {
      hypervisor.zeroMemory(address, size);
      return undefined;
    },
  }),
  move: row<Move>({
    help: [
      [
        '{"op":"move","step":"donate","from":3,"address":"0x88000000","to":0,"target":"0x88000000","size":"0x1000"}',
        'memory changes hands without RM: donate, share, unshare, lend, reclaim; VM 0 is the hypervisor',
      ],
    ],
    read: (line) => ({
      step: oneOf(steps, line.step, 'step'),
      memory: oneOf(kinds, line.memory ?? 'normal', 'memory'),
      from: natural(line.from, 'from'),
      address: address(line.address, 'address'),
      to: natural(line.to, 'to'),
      target: optional(line, 'target', address),
      size: address(line.size, 'size'),
      rights: optional(line, 'rights', natural) ?? RIGHTS,
    }),
    write: ({ step, memory, from, address, to, target, size, rights }) => ({
      step,
      memory,
      from,
      address: formatWord(address),
      to,
      ...(target === undefined ? {} : { target: formatWord(target) }),
      size: formatWord(size),
      rights,
    }),
    perform: ({ memory }, { step, memory: kind, from, address, to, target, size, rights }) =>
      memory[step](
        { kind, source: { owner: from, address }, target: { owner: to, address: target }, size },
        rights,
      ),
  }),
  internal_vm: row<InternalVmOperation>({
    help: [
      [
        '{"op":"internal_vm","vmid":200}',
        'a VM that a kernel makes without a process; with "exists":false it ends, and nobody owns its memory',
      ],
    ],
    read: ({ vmid, exists }) => ({ vmid: natural(vmid, 'vmid'), exists: exists !== false }),
    write: ({ vmid, exists }) => ({ vmid, exists }),
    perform: (hypervisor, { vmid, exists }) => {
      if (exists) hypervisor.internalVm(vmid);
      else hypervisor.endInternalVm(vmid);
      return undefined;
    },
  }),
  memory_region: row<MemoryRegionOperation>({
    help: [
      [
        '{"op":"memory_region","vmid":200,"slot":512,"flags":0,"guest_phys_addr":"0x88000000","memory_size":"0x200000"}',
        'a memory slot of an internal VM: created, moved, changed, or deleted with size 0',
      ],
    ],
    read: (line) => ({
      vmid: natural(line.vmid, 'vmid'),
      slot: natural(line.slot, 'slot'),
      flags: natural(line.flags, 'flags'),
      guestAddress: address(line.guest_phys_addr, 'guest_phys_addr'),
      size: address(line.memory_size, 'memory_size'),
      userspaceAddress: optional(line, 'userspace_addr', u64) ?? 0n,
    }),
    write: ({ vmid, slot, flags, guestAddress, size, userspaceAddress }) => ({
      vmid,
      slot,
      flags,
      guest_phys_addr: formatWord(guestAddress),
      memory_size: formatWord(size),
      userspace_addr: formatWord(userspaceAddress),
    }),
    perform: (hypervisor, { vmid, ...slot }) => hypervisor.internalVm(vmid).setMemoryRegion(slot),
  }),
};

export type MemoryOperationName = keyof typeof memoryRows;
type Fields<Name extends MemoryOperationName> = (typeof memoryRows)[Name] extends Row<infer F> ? F : never;
/** An operation on the hypervisor's memory, as a value. */
export type MemoryOperation<Name extends MemoryOperationName = MemoryOperationName> = {
  readonly [K in Name]: { readonly kind: K } & Fields<K>;
}[Name];

export function isMemoryOperation(operation: { readonly kind: string }): operation is MemoryOperation {
  return Object.hasOwn(memoryRows, operation.kind);
}

/** Does an operation on the hypervisor's memory. @returns why it was refused. */
export function performOnMemory(hypervisor: Hypervisor, operation: MemoryOperation): Refusal | undefined {
  const { perform } = memoryRows[operation.kind] as unknown as Row<never>;
  return perform(hypervisor, operation as never);
}

function readPages(line: Line): Pages {
  return { address: address(line.address, 'address'), size: address(line.size, 'size') };
}

function readHypercall(line: Line): MemoryHypercall {
  const word = (key: string) => u64(line[key], key);
  const run = { address: word('address'), size: word('size') };
  const { call } = line;
  if (call === 'memextent_donate')
    return {
      name: call,
      options: natural(line.options, 'options'),
      from: word('from'),
      to: word('to'),
      ...run,
    };
  if (call !== 'addrspace_map' && call !== 'addrspace_unmap')
    return refuse('call', 'memextent_donate, addrspace_map, addrspace_unmap', call);
  return {
    name: call,
    addrspace: word('addrspace'),
    extent: word('extent'),
    guestAddress: word('guestAddress'),
    attributes: natural(line.attributes, 'attributes'),
    flags: natural(line.flags, 'flags'),
    ...run,
  };
}

/** As lines say addresses and sizes: `0x88000000`. */
export function formatWord(word: number | bigint): string {
  return `0x${word.toString(16)}`;
}
