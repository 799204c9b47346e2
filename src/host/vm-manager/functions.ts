import { resourceType } from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import { field, type Infer, type Payload, reserved, s32, struct, u32, u64 } from '../../schema/index.js';
import { HostError } from '../error.js';
import { refuser } from '../refusal.js';
import { wraps } from './addresses.js';
import type { ResourceTable, Ticket } from './resources.js';

/** In bytes (client.md, section 9). */
const ARGUMENT_SIZE_MAX = 256;
const IRQFD_LEVEL = 1;
const IOEVENTFD_DATAMATCH = 1;
const IO_LENGTHS: readonly number[] = [0, 1, 2, 4, 8];

/** Arguments of ADD_FUNCTION and REMOVE_FUNCTION, by function type. */
export const functionArguments = {
  vcpu: struct(4, { id: field(u32, 'label of the vCPU resource') }),
  irqfd: struct(16, {
    fd: field(u32, 'eventfd that rings the doorbell'),
    label: field(u32, 'label of the doorbell'),
    flags: field(u32, 'bit 0: level'),
    padding: reserved(4),
  }),
  ioeventfd: struct(32, {
    datamatch: field(u64, 'value that must be written'),
    addr: field(u64, 'guest address'),
    len: field(u32, 'bytes: 0 (any), 1, 2, 4 or 8'),
    fd: field(s32, 'eventfd that is told'),
    flags: field(u32, 'bit 0: datamatch counts'),
    padding: reserved(4),
  }),
} as const;

export const functionTypes = { vcpu: 1, irqfd: 2, ioeventfd: 3 } as const;

/** Argument of ADD_FUNCTION and REMOVE_FUNCTION. */
export interface FunctionRequest {
  readonly type: number;
  /** Bytes of the function's own argument ({@link functionArguments}). */
  readonly argument: Uint8Array;
}

interface Binding {
  /** REMOVE_FUNCTION removes all functions with this type and key. */
  readonly key: string;
  /** The resource that the function needs. No other function may need it. */
  readonly ticket?: Ticket;
  /** The guest accesses that the function answers, as text. No other function may answer them. */
  readonly access?: string;
  /** For accesses of the guest: the eventfd is signalled instead of an exit to the process. */
  readonly ioevent?: IoEvent;
}

/** The writes that an ioeventfd answers. */
interface IoEvent {
  readonly address: bigint;
  /** Bytes; 0: any. */
  readonly length: number;
  /** Undefined: any. */
  readonly datamatch: bigint | undefined;
}

interface FunctionType {
  readonly number: number;
  /** @throws WireError when the size of the argument is not that of its struct. */
  bind(argument: Uint8Array): Binding;
}

export interface FunctionInstance extends Binding {
  readonly type: number;
  /** Of a vCPU; undefined for other types. */
  readonly descriptor: number | undefined;
}

function functionType<T extends Payload>(
  number: number,
  argument: T,
  bind: (value: Infer<T>) => Binding,
): FunctionType {
  return {
    number,
    bind: (bytes) => bind(codecOf(argument).decode(viewOf(bytes), 0, bytes.length)),
  };
}

const types: readonly FunctionType[] = [
  functionType(functionTypes.vcpu, functionArguments.vcpu, ({ id }) => ({
    key: `${id}`,
    ticket: { type: resourceType.values.VCPU, label: id },
  })),
  functionType(functionTypes.irqfd, functionArguments.irqfd, ({ label, flags }) => {
    checkFlags(flags, IRQFD_LEVEL);
    return { key: `${label}`, ticket: { type: resourceType.values.BELL_TX, label } };
  }),
  functionType(functionTypes.ioeventfd, functionArguments.ioeventfd, ({ addr, len, flags, datamatch }) => {
    checkFlags(flags, IOEVENTFD_DATAMATCH);
    if (!IO_LENGTHS.includes(len)) throw refused('len')('EINVAL', 'range', IO_LENGTHS.join(' '), len);
    if (wraps({ start: addr, size: BigInt(len) })) throw refused('addr')('EINVAL', 'range', 'no wrap', addr);
    const matches = flags === IOEVENTFD_DATAMATCH;
    if (matches && len === 0) throw refused('len')('EINVAL', 'range', '1 2 4 8 to match data', len);
    const ioevent = { address: addr, length: len, datamatch: matches ? datamatch : undefined };
    return { key: `${addr}`, access: `${addr}:${len}:${matches ? datamatch : 'any'}`, ioevent };
  }),
];

function checkFlags(flags: number, known: number): void {
  if ((flags & ~known) !== 0) throw refused('flags')('EINVAL', 'flags', known, flags);
}

/** The errors of ADD_FUNCTION about one member of its argument. */
const refused = (member: string) => refuser('ADD_FUNCTION', `function.${member}`);

/** The functions of one VM (client.md, section 9). No operation calls RM, so none needs a lock. */
export class FunctionTable {
  /** Newest first, the order in which they are unbound. */
  #instances: readonly FunctionInstance[] = [];

  readonly #resources: ResourceTable;
  readonly #onUnbind: (instance: FunctionInstance) => void;

  constructor(resources: ResourceTable, onUnbind: (instance: FunctionInstance) => void) {
    this.#resources = resources;
    this.#onUnbind = onUnbind;
  }

  get instances(): readonly FunctionInstance[] {
    return this.#instances;
  }

  /**
   * ADD_FUNCTION.
   *
   * @param newDescriptor opens the file descriptor of a vCPU.
   * @returns the descriptor of a vCPU, else 0.
   * @throws HostError: EINVAL for an argument above 256 bytes, of another size than its struct or with a wrong value;
   * ENOENT for an unknown type; EEXIST for a resource or an access that another function has.
   */
  add({ type, argument }: FunctionRequest, newDescriptor: () => number): number {
    if (argument.length > ARGUMENT_SIZE_MAX)
      throw refused('argument')('EINVAL', 'size', `0..${ARGUMENT_SIZE_MAX}`, argument.length);
    const known = types.find(({ number }) => number === type);
    if (known === undefined) throw refused('type')('ENOENT', 'unknown', '1..3', type);
    const binding = this.#bind(known, argument);
    const { ticket, access } = binding;
    if (access !== undefined && this.#instances.some((other) => other.access === access))
      throw refused('addr')('EEXIST', 'duplicate', 'an access of its own', access);
    if (ticket !== undefined && !this.#resources.addTicket(ticket))
      throw refused(`label ${ticket.label}`)('EEXIST', 'duplicate', 'a resource of its own', 'taken');
    const descriptor = type === functionTypes.vcpu ? newDescriptor() : undefined;
    this.#instances = [{ type, descriptor, ...binding }, ...this.#instances];
    return descriptor ?? 0;
  }

  /** REMOVE_FUNCTION. @throws HostError (ENOENT) when no function has this type and argument. */
  remove({ type, argument }: FunctionRequest): void {
    const known = types.find(({ number }) => number === type);
    const key = known === undefined ? undefined : this.#keyOf(known, argument);
    const found = this.#instances.filter((instance) => instance.type === type && instance.key === key);
    if (found.length === 0)
      throw refuser('REMOVE_FUNCTION', 'function')('ENOENT', 'unknown', 'a function that is there', type);
    for (const instance of found) this.#unbind(instance);
  }

  /** Whether an ioeventfd answers a write of the guest. @param length bytes. */
  answersWrite(address: bigint, length: number, data: bigint): boolean {
    return this.#instances.some(
      ({ ioevent }) =>
        ioevent?.address === address &&
        (ioevent.length === 0 || ioevent.length === length) &&
        (ioevent.datamatch === undefined || ioevent.datamatch === data),
    );
  }

  /** The vCPU with an id, as long as its function is there. */
  vcpu(id: number): FunctionInstance | undefined {
    return this.#instances.find(({ type, key }) => type === functionTypes.vcpu && key === `${id}`);
  }

  removeAll(): void {
    for (const instance of this.#instances) this.#unbind(instance);
  }

  #bind(type: FunctionType, argument: Uint8Array): Binding {
    try {
      return type.bind(argument);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      throw refused('argument')('EINVAL', 'size', `${error.expected} bytes`, argument.length);
    }
  }

  #keyOf(type: FunctionType, argument: Uint8Array): string | undefined {
    try {
      return this.#bind(type, argument).key;
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      return undefined;
    }
  }

  #unbind(instance: FunctionInstance): void {
    this.#instances = this.#instances.filter((other) => other !== instance);
    if (instance.ticket !== undefined) this.#resources.removeTicket(instance.ticket);
    this.#onUnbind(instance);
  }
}
