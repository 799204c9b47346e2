import { constants } from '../../../schemas/index.js';
import { UsageError } from '../../base/error.js';
import {
  canGoOn,
  type FileRange,
  type GuestMemoryFile,
  type HoldKind,
  type HostPages,
  type Pause,
  pageElsewhere,
  type Steps,
} from '../../host/guest-memory/index.js';
import { HostError } from '../../host/index.js';
import {
  type FunctionRequest,
  type GunyahVm,
  type HazardReport,
  type MapMemRequest,
  type Running,
  type RunPage,
  UserProcess,
  type VcpuExit,
  VmManager,
  type VmManagerOptions,
  vmGenerations,
} from '../../host/vm-manager/index.js';
import { PAGE_SIZE, type PhysicalRange, type Refusal } from '../../hypervisor/index.js';
import type { MemoryOperation } from '../../machine/index.js';
import { FileMemory } from './file-memory.js';
import { type Outcome, RmClient, type RmClientPort } from './rm-client.js';

const { VMID_HLOS } = constants;
/** Virtual time of an atomic step of an operation on a guest memory file, in nanoseconds. */
const FILE_STEP_NS = 100;

export type HostMode = NonNullable<VmManagerOptions['mode']>;
export type HostGeneration = NonNullable<VmManagerOptions['generation']>;

export interface HostOptions {
  readonly generation: HostGeneration;
  readonly mode: HostMode;
  /** Physical memory of the VM: its one process has all of it, at the same addresses. */
  readonly memory: PhysicalRange;
}

export interface HostPort extends Pick<RmClientPort, 'send' | 'hazard' | 'hypercall'> {
  /** The VM manager has made a fault, or could not clean up. */
  readonly report: (report: HazardReport) => void;
  /** Something is done to the hypervisor's memory. @returns why it was refused. */
  readonly memory: (operation: MemoryOperation<'use' | 'end_use' | 'clear'>) => Refusal | undefined;
  /** Whether the host may access memory; else why not. */
  readonly accessible: (address: number, size: number) => Refusal | undefined;
  readonly schedule: (afterNs: number, action: () => void) => void;
}

/** A VM that the process has open. */
interface OpenVm {
  readonly vm: GunyahVm;
  readonly descriptors: Set<number>;
  /** Number of operations in progress. While there are any, the VM's file stays open. */
  busy: number;
}

/** What RM has of a VM. */
export interface KnownVm {
  readonly vmid: number;
  /** By label of the region. */
  readonly handles: Readonly<Record<string, number>>;
}

/** What to do with a part of a guest memory file. */
export type FileOperation =
  | { readonly kind: 'make_accessible' | 'make_inaccessible' | 'truncate' }
  | { readonly kind: 'hold' | 'drop'; readonly hold: HoldKind };

/**
 * Linux in the primary VM: RM's client, the VM manager, and one process that makes VMs. VMs and guest memory files go by
 * names; UsageError where nothing has a name. Operations are {@link Running}: {@link run} runs them in virtual time.
 */
export class LinuxHost {
  readonly #client: RmClient;
  readonly #manager: VmManager;
  readonly #mode: HostMode;
  readonly #port: HostPort;
  readonly #process: UserProcess;
  /** First physical address behind the VM's memory. */
  readonly #memoryEnd: number;
  readonly #vms = new Map<string, OpenVm>();
  readonly #files = new Map<string, GuestMemoryFile>();
  /** Number of operations on files in progress. No ioctl begins while there are any. */
  #fileOperations = 0;

  constructor({ generation, mode, memory }: HostOptions, port: HostPort) {
    this.#port = port;
    this.#mode = mode;
    this.#memoryEnd = memory.start + memory.size;
    const address = BigInt(memory.start);
    this.#process = new UserProcess('vmm', [{ address, pages: memory.size / PAGE_SIZE, physical: address }]);
    this.#manager = new VmManager({
      generation,
      mode,
      onEvent: (_, event) => {
        if (event.kind === 'hazard') port.report(event.report);
      },
    });
    this.#client = new RmClient(vmGenerations[generation].client, {
      ...port,
      notified: (id, payload) => this.#manager.notified(id, payload),
    });
  }

  /** Pages of the process that are pinned. */
  get pagesPinned(): number {
    const { pagesPinned } = this.#process;
    return pagesPinned;
  }

  received(frame: Uint8Array): void {
    this.#client.received(frame);
  }

  /** Must be called when no event is left. A careful host then stops waiting. @returns whether something goes on. */
  giveUp(): boolean {
    return this.#mode === 'careful' && this.#client.giveUp();
  }

  run<T>(operation: Running<T>, ended: (outcome: Outcome<T>) => void): void {
    this.#client.run(operation, ended);
  }

  /** What RM knows of a VM: its VMID, and the handles of its regions by label. Undefined while RM does not know it. */
  describe(name: string): KnownVm | undefined {
    const vm = this.#vms.get(name)?.vm;
    if (!vm?.state.hasVmid) return undefined;
    const handles = vm.state.regions.all.flatMap(({ request: { label }, parcel }) =>
      parcel?.handle === undefined ? [] : [[label, parcel.handle] as const],
    );
    return { vmid: vm.vmid, handles: Object.fromEntries(handles) };
  }

  createVm(name: string, argument: number): Running<void> {
    return this.#ioctl(() => {
      const { vm, descriptor } = this.#manager.createVm(this.#process, argument);
      this.#vms.set(name, { vm, descriptors: new Set([descriptor]), busy: 0 });
    });
  }

  /** An ioctl on a VM. */
  *on(name: string, ioctl: (vm: GunyahVm) => Running<void> | void): Running<void> {
    const open = this.#vm(name);
    open.busy++;
    try {
      yield* this.#ioctl(() => ioctl(open.vm));
    } finally {
      open.busy--;
    }
  }

  addFunction(name: string, request: FunctionRequest): Running<void> {
    return this.on(name, (vm) => {
      const descriptor = vm.addFunction(request);
      if (descriptor > 0) this.#vm(name).descriptors.add(descriptor);
    });
  }

  /** VCPU_RUN. @param said what the process writes to the run page before. @returns why it came back. */
  *runVcpu(
    name: string,
    id: number,
    said: Partial<Pick<RunPage, 'data' | 'resumeAction' | 'immediateExit'>>,
  ): Running<VcpuExit> {
    let exit: VcpuExit = { reason: 'UNKNOWN' };
    yield* this.on(name, function* (vm) {
      const vcpu = vm.vcpu(id);
      Object.assign(vcpu.page, said);
      yield* vcpu.run();
      exit = vcpu.page.exit;
    });
    return exit;
  }

  /** An interrupt for a vCPU. */
  wakeVcpu(name: string, id: number): void {
    this.#vm(name).vm.wake(id);
    this.#client.settle();
  }

  /** @param address from which on the file's physical memory is taken. */
  createGuestMem(name: string, size: number, flags: bigint, address: number): Running<void> {
    const memory = new FileMemory(address, this.#memoryEnd);
    const pages = this.#pages();
    return this.#ioctl(() => {
      const options = { size, flags, removeFromDirectMap: true, pages, ...memory.port };
      const file = this.#manager.createGuestMem(options);
      this.#files.set(name, file);
    });
  }

  /** fallocate(2) on a guest memory file. @param mode see `fallocateModes`. */
  fallocate(name: string, mode: number, range: FileRange): Running<void> {
    const file = this.#file(name);
    const { name: by } = this.#process;
    return this.#ioctl(() => this.#manager.fallocate(file, mode, range, by));
  }

  /** The process closes its descriptor of a guest memory file, and the file ends. */
  releaseGuestMem(name: string): Running<void> {
    const file = this.#file(name);
    const { name: by } = this.#process;
    return this.#ioctl(() => {
      this.#manager.releaseGuestMem(file, by);
      this.#files.delete(name);
    });
  }

  mapMem(name: string, fileName: string, request: Omit<MapMemRequest, 'file'>): Running<void> {
    const file = this.#file(fileName);
    return this.on(name, (vm) => vm.mapMem({ ...request, file }));
  }

  /** Closes all descriptors of a VM once no ioctl on it is under way. */
  *close(name: string): Running<void> {
    const open = this.#vm(name);
    yield* this.#wait('its ioctls to return', () => open.busy === 0);
    for (const descriptor of open.descriptors) yield* open.vm.close(descriptor);
    open.descriptors.clear();
  }

  /** Operates on a file in atomic steps of {@link FILE_STEP_NS} each, so that other operations can run between them. */
  changeFile(
    name: string,
    operation: FileOperation,
    holder: string,
    range: FileRange,
    ended: (outcome: Outcome<void>) => void,
  ): void {
    const file = this.#file(name);
    this.#fileOperations++;
    this.#stepFile(stepsOf(file, operation, holder, range), (outcome) => {
      this.#fileOperations--;
      ended(outcome);
      this.#client.settle();
    });
  }

  #stepFile(steps: Steps<void>, ended: (outcome: Outcome<void>) => void): void {
    const later = (pause: Pause) => this.#port.schedule(FILE_STEP_NS, () => resume(pause));
    const step = () => {
      try {
        const next = steps.next();
        if (next.done) ended({ value: undefined });
        else later(next.value);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        ended({ error });
      }
    };
    const resume = (pause: Pause) => {
      if (canGoOn(pause)) step();
      else later(pause);
    };
    step();
  }

  *#ioctl(ioctl: () => Running<void> | void): Running<void> {
    yield* this.#wait('operations on files to end', () => this.#fileOperations === 0);
    yield* ioctl() ?? [];
  }

  *#wait(awaited: string, ready: () => boolean): Running<void> {
    yield { kind: 'wait', path: '', awaited, ready, bounded: false };
  }

  /** The file's pages as the hypervisor has them. */
  #pages(): HostPages {
    const { memory, accessible } = this.#port;
    const vmid = VMID_HLOS;
    return {
      use: (address, size, user) => pageElsewhere(memory({ kind: 'use', vmid, address, size, user })),
      endUse: (address, size, user) => memory({ kind: 'end_use', vmid, address, size, user }),
      elsewhere: (address, size) => pageElsewhere(accessible(address, size)),
      clear: (address, size) => memory({ kind: 'clear', address, size }),
    };
  }

  #vm(name: string): OpenVm {
    const vm = this.#vms.get(name);
    if (vm === undefined) throw unknown('vm', name);
    return vm;
  }

  #file(name: string): GuestMemoryFile {
    const file = this.#files.get(name);
    if (file === undefined) throw unknown('file', name);
    return file;
  }
}

function unknown(path: string, actual: string): UsageError {
  return new UsageError({ code: 'unknown', path, expected: 'something that was created', actual });
}

function stepsOf(
  file: GuestMemoryFile,
  operation: FileOperation,
  holder: string,
  range: FileRange,
): Steps<void> {
  switch (operation.kind) {
    case 'make_accessible':
      return file.makeAccessible(holder, range);
    case 'truncate':
      return file.truncate(holder, range.size);
    case 'make_inaccessible':
      return file.makeInaccessible(holder, range);
    case 'hold':
      return file.hold(operation.hold, holder, range);
    case 'drop':
      return file.drop(operation.hold, holder, range);
  }
}
