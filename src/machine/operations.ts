import { formatHex } from '../base/hex.js';
import { type Line, lineReaders } from '../base/line-readers.js';
import { QueueError } from '../transport/index.js';
import type { Machine, VcpuHalt } from './machine.js';
import {
  formatWord,
  type MemoryOperation,
  type MemoryOperationName,
  memoryRows,
  performOnMemory,
} from './memory-operations.js';
import type { VmPort } from './vm-port.js';

const { refuse, natural, text, list, hex, u64, optional } = lineReaders('recording');

/** Contents of a file that a recording loads, by name; undefined when there is none. */
export type FileContents = (name: string) => Uint8Array | undefined;

/** A message that a VM puts on its queue to RM. */
interface Message {
  readonly from: number;
  readonly frame: Uint8Array;
}

/** Bytes for physical memory. */
interface Load {
  readonly address: number;
  readonly bytes: Uint8Array;
  /** Name of the file that has the bytes. */
  readonly file?: string | undefined;
}

/** From now on a VM takes only so many more messages. */
interface ReceiveLimit {
  readonly vmid: number;
  readonly count: number;
}

/** An operation: how a line says it (vectors/README.md) and what it does. */
interface Row<Fields> {
  /** Lines that show it, each with what it does, for people. */
  readonly help: readonly (readonly [example: string, does: string])[];
  readonly read: (line: Line, file: FileContents) => Fields;
  /** The keys of its line besides `op`, in order. */
  readonly write: (fields: Fields) => object;
  /** @returns true when the queue does not take the message. */
  readonly perform: (machine: Machine<VmPort>, fields: Fields) => unknown;
  /** Whether RM looks at its queues because of it. */
  readonly wakesManager: boolean;
}

const row = <Fields = unknown>(definition: Row<Fields>): Row<Fields> => definition;

const message = {
  read: (line: Line): Message => ({ from: natural(line.from, 'from'), frame: hex(line.frame, 'frame') }),
  write: ({ from, frame }: Message) => ({ from, frame: formatHex(frame) }),
  perform: (machine: Machine<VmPort>, { from, frame }: Message) => machine.put(from, frame) !== QueueError.OK,
};

const plain = { read: () => ({}), write: () => ({}) };

/** Everything that can be done to a machine, besides what is done to the hypervisor's memory. */
const ownRows = {
  frame: row<Message>({ ...message, help: [], wakesManager: true }),
  load: row<Load>({
    help: [
      [
        '{"op":"load","address":"0x89000000","file":"vm.dtb"}',
        'writes a file to physical memory; it is looked for beside the scenario, in dtb/ and in ../dtb/',
      ],
      ['{"op":"load","address":"0x89000000","data":"d00dfeed..."}', 'writes these bytes, given as hex'],
    ],
    read: ({ address, data, file: name }, file) => {
      const where = { address: Number(u64(address, 'address')) };
      if (data !== undefined) return { ...where, bytes: hex(data, 'data') };
      return { ...where, bytes: file(text(name, 'file')) ?? new Uint8Array(), file: text(name, 'file') };
    },
    write: ({ address, bytes, file }) => ({
      address: formatWord(address),
      ...(file === undefined ? { data: formatHex(bytes) } : { file }),
    }),
    perform: (machine, { address, bytes }) => machine.load(address, bytes),
    wakesManager: false,
  }),
  vcpu_halt: row<VcpuHalt>({
    help: [
      [
        '{"op":"vcpu_halt","vmid":128,"state":2,"data":["0x0","0x0"]}',
        'the first vCPU of a VM halts; state 2: powered off, 6: fault, 256: PSCI reset',
      ],
    ],
    read: readVcpu,
    write: ({ vmid, state, data }) => ({ vmid, state, data: data.map(formatWord) }),
    perform: (machine, halt) => machine.halt(halt),
    wakesManager: true,
  }),
  reboot: row({
    ...plain,
    help: [['{"op":"reboot"}', 'starts a fresh manager with empty memory']],
    perform: (machine) => machine.reboot(),
    wakesManager: false,
  }),
  receive_limit: row<ReceiveLimit>({
    help: [['{"op":"receive_limit","vmid":3,"count":2}', 'a VM takes only so many more messages']],
    read: ({ vmid, count }) => ({ vmid: natural(vmid, 'vmid'), count: natural(count, 'count') }),
    write: ({ vmid, count }) => ({ vmid, count }),
    perform: (machine, { vmid, count }) => machine.vms.limit(vmid, count),
    wakesManager: false,
  }),
  drain: row({
    ...plain,
    help: [['{"op":"drain"}', 'all VMs take everything again']],
    perform: (machine) => machine.vms.unlimit(),
    wakesManager: false,
  }),
  enqueue: row<Message>({
    ...message,
    help: [
      ['{"op":"enqueue","from":3,"frame":"..."}', 'puts a message on the queue; RM does not look at it yet'],
    ],
    wakesManager: false,
  }),
  run: row({
    ...plain,
    help: [['{"op":"run"}', 'RM looks at its queues']],
    perform: () => {},
    wakesManager: true,
  }),
};

type OwnName = keyof typeof ownRows;
type Fields<Name extends OwnName> = (typeof ownRows)[Name] extends Row<infer F> ? F : never;
export type OperationName = OwnName | MemoryOperationName;
type AnyOperation = { readonly [K in OwnName]: { readonly kind: K } & Fields<K> }[OwnName] | MemoryOperation;
/** Something that is done to a machine, as a value. */
export type Operation<Name extends OperationName = OperationName> = Extract<
  AnyOperation,
  { readonly kind: Name }
>;

const rowsOfMemory = Object.fromEntries(
  Object.entries(memoryRows).map(([kind, { help, read, write }]) => [
    kind,
    {
      help,
      read,
      write,
      perform: ({ manager }: Machine<VmPort>, fields: object) => {
        performOnMemory(manager.hypervisor, { kind, ...fields } as MemoryOperation);
      },
      wakesManager: false,
    },
  ]),
);
const rows = { ...ownRows, ...rowsOfMemory } as unknown as Readonly<Record<OperationName, Row<never>>>;

/** The row of each operation, for those that handle any of them. */
export const operations: Readonly<Record<OperationName, Omit<Row<never>, 'read'>>> = rows;

/**
 * Reads a line; one without `op` is a message.
 *
 * @throws WireError `recording` when it is none of the operations.
 */
export function readOperation(line: Line, file: FileContents): Operation {
  const { op = 'frame' } = line;
  if (typeof op !== 'string' || !Object.hasOwn(rows, op) || line.op === 'frame')
    return refuse('op', 'a known operation', op);
  const kind = op as OperationName;
  return { kind, ...(rows[kind].read(line, file) as object) } as Operation;
}

/** The line of an operation. */
export function writeOperation(operation: Operation): Line {
  const { kind } = operation;
  const keys = operations[kind].write(operation as never);
  return { ...(kind === 'frame' ? {} : { op: kind }), ...keys };
}

/**
 * Does an operation. The caller lets RM and the VMs work on it afterwards.
 *
 * @returns true when the queue does not take the message.
 */
export function perform(machine: Machine<VmPort>, operation: Operation): boolean {
  return operations[operation.kind].perform(machine, operation as never) === true;
}

/** Reads what is said of a vCPU. @throws WireError `recording` */
export function readVcpu(line: Line): VcpuHalt {
  const [first = '0', second = '0'] = optional(line, 'data', list) ?? [];
  return {
    vmid: natural(line.vmid, 'vmid'),
    state: natural(line.state, 'state'),
    data: [u64(first, 'data'), u64(second, 'data')],
  };
}
