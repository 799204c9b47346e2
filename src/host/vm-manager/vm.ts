import { authMech, constants, vmStatus } from '../../../schemas/index.js';
import type { Issue } from '../../base/error.js';
import type { MainlineCalls } from '../calls/mainline/index.js';
import type { Calling } from '../effect.js';
import { HostError } from '../error.js';
import type { Hazard } from '../hazard.js';
import type { ExitInfo, VmChange } from '../notifications/mainline.js';
import { type AddressRange, byAddress, contains, wraps } from './addresses.js';
import { type Backing, UserBacking } from './backing.js';
import { type FileBindings, type GuestMemoryBinding, type MapMemRequest, mapMem } from './bindings.js';
import { type BootContext, registerOf } from './boot-context.js';
import { releaseCarefully, startCarefully } from './careful.js';
import type { Running } from './effects.js';
import { type FunctionRequest, FunctionTable } from './functions.js';
import type { RegionRules, VmGeneration } from './generations.js';
import { type Finding, vmHazards } from './hazards.js';
import { hasIoctl, type IoctlName } from './ioctls.js';
import { Lock } from './lock.js';
import { PagedMemory } from './paged-memory.js';
import type { Parcel } from './parcel.js';
import { failureOf, refusal } from './refusal.js';
import { RegionTable } from './region.js';
import { addRegion, type UserMemRegion } from './region-ioctl.js';
import { ResourceTable } from './resources.js';
import type { UserProcess } from './user-memory.js';

/** One step of START or of taking a VM apart. */
export type Step = (vm: GunyahVm) => Running<void> | void;

/** What a VM gets from its manager. */
export interface VmSetup {
  readonly generation: VmGeneration;
  /** What its memory ioctls check. */
  readonly regionRules: RegionRules;
  /** Cleans up after every failure; else it does what the generation does, with all its leaks and waits. */
  readonly careful: boolean;
  /** The process that made it. */
  readonly userProcess: UserProcess;
  readonly calls: MainlineCalls;
  /** Whether the hypervisor has memory extents. */
  readonly hasMemoryExtents: boolean;
  /** Whether the kernel maps all memory by page, so that single pages can leave its mapping. */
  readonly mapsKernelPagewise: boolean;
  readonly fileBindings: FileBindings;
  readonly newDescriptor: () => number;
  /** VMIDs that the manager's other VMs have. */
  readonly isKnown: (vmid: number) => boolean;
  readonly tell: (event: VmEvent) => void;
  /** The VM is closed, and RM has nothing of it. */
  readonly onGone: () => void;
}

/** What happens to a VM besides the results of ioctls. */
export type VmEvent =
  | { readonly kind: 'finding'; readonly finding: Finding }
  /** A function was unbound; `type` as in ADD_FUNCTION. */
  | { readonly kind: 'unbind'; readonly type: number; readonly key: string };

/** What a hazard was found by. */
type Found = Pick<Issue, 'expected' | 'actual'> & { readonly offset?: number };

const leftovers: readonly Hazard[] = [vmHazards.vmid_lost, vmHazards.handle_lost];
const { NO_STATE, RUNNING } = vmStatus.values;
const VMID_NONE = constants.VMID_PEER_DEFAULT;

/**
 * One VM of a VM manager: the state that Linux keeps of it, and its ioctls. Ioctls that ask RM are {@link Running}
 * operations, which somebody has to run; the others act at once. All throw HostError; what an ioctl was about is in
 * its path (`region[label 2]`, `vm[128]`).
 *
 * Locks. `stateLock`: held by START over all its calls to RM, and waited for by SET_BOOT_CONTEXT and by notifications.
 * `memoryLock`: held by ioctls and faults about memory, and by START, so that what START gives to RM stays the same
 * while it does. START takes the state lock first. The closing of the last descriptor waits for both, since in Linux an
 * ioctl keeps the file open, and holds none: nobody is left who could ask for anything.
 *
 * Notifications ({@link notified}) come in a context of their own, and wait for the state lock if START has it: with
 * v9, v11 and a14 in a work item, which may; with v17 and a15 in the thread that receives replies, which START waits
 * for in turn (`receiver_waits`). The VM here takes the notification when START has done its steps.
 */
export class GunyahVm {
  readonly setup: VmSetup;
  /** As Linux keeps it: a value of `vm_status`. */
  status: number = NO_STATE;
  vmid: number = VMID_NONE;
  /** How the VM ended, once it has. */
  exit: ExitInfo | undefined;
  readonly stateLock = new Lock('state lock', () => this.path);
  readonly memoryLock = new Lock('memory lock', () => this.path);
  readonly regions = new RegionTable();
  readonly resources = new ResourceTable();
  readonly functions: FunctionTable;
  readonly paged: PagedMemory;
  readonly bootContext: BootContext = new Map();
  devicetree: AddressRange = { start: 0n, size: 0n };
  firmware: AddressRange | undefined;
  /** Parcels of their own that hold the devicetree and the firmware (v17, a15). */
  devicetreeParcel: Parcel | undefined;
  firmwareParcel: Parcel | undefined;
  /** Parts of guest memory files (v17). */
  bindings: readonly GuestMemoryBinding[] = [];
  /** RM has said OK to VM_CONFIG_IMAGE; undefined: no one knows. */
  configured: boolean | undefined = false;
  /** What the VM manager did that it should not have, and what it could not clean up, oldest first. */
  findings: readonly Finding[] = [];
  /** RM may have allocated a VMID: no reply told. */
  vmidUncertain = false;
  /** RM has something of the VM that the careful manager could not get back. */
  leftBehind = false;
  readonly #descriptors = new Set<number>();
  #starting = false;
  readonly #deferred: VmChange[] = [];

  constructor(setup: VmSetup, descriptor: number) {
    this.setup = setup;
    this.#descriptors.add(descriptor);
    this.functions = new FunctionTable(this.resources, ({ type, key }) =>
      setup.tell({ kind: 'unbind', type, key }),
    );
    this.paged = new PagedMemory(this);
  }

  get careful(): boolean {
    return this.setup.careful;
  }

  get generation(): VmGeneration {
    return this.setup.generation;
  }

  get calls(): MainlineCalls {
    return this.setup.calls;
  }

  get path(): string {
    return this.vmid === VMID_NONE ? 'vm' : `vm[${this.vmid}]`;
  }

  /** Value of `auth_mech` that RM is told. */
  get authentication(): number {
    return this.firmware === undefined ? authMech.values.NONE : authMech.values.QCOM_ANDROID_PVM;
  }

  get hasVmid(): boolean {
    return this.vmid !== VMID_NONE;
  }

  /** What ranges of guest addresses get their memory from when it is needed (v17, a15), by rising address. */
  get backings(): readonly Backing[] {
    if (this.generation.memory === 'guest_memory') return byAddress(this.bindings);
    return byAddress(this.regions.all).map((region) => new UserBacking(this.setup.userProcess, region));
  }

  /** Nobody has it open any more. */
  get isClosed(): boolean {
    return this.#descriptors.size === 0;
  }

  /** SET_USER_MEM_REGION. @param caller the process that asks. */
  setUserMemRegion(region: UserMemRegion, caller = this.setup.userProcess): Running<void> {
    return addRegion(this, 'SET_USER_MEM_REGION', region, caller);
  }

  /** LEND_USER_MEM: as SET_USER_MEM_REGION, but the host loses its access while the VM has the memory. */
  lendUserMem(region: UserMemRegion, caller = this.setup.userProcess): Running<void> {
    return addRegion(this, 'LEND_USER_MEM', region, caller);
  }

  /** MAP_MEM: see {@link mapMem}. */
  mapMem(request: MapMemRequest): void {
    this.#checkHas('MAP_MEM');
    mapMem(this, request);
  }

  /**
   * The VM has touched guest memory that it has not got yet, which VCPU_RUN finds out (v17, a15): see
   * {@link PagedMemory.fault}.
   */
  fault(guestAddress: bigint, isWrite: boolean): Running<void> {
    const page = { start: guestAddress, size: 1n };
    const backing = this.backings.find(({ range }) => contains(range, page));
    return this.memoryLock.with(() => this.paged.fault(backing, guestAddress, isWrite));
  }

  /**
   * SET_DTB_CONFIG: where in the guest's memory its devicetree is; the last one counts. EOVERFLOW when the range wraps,
   * which the generations but v9 do not notice.
   */
  setDtbConfig(range: AddressRange): void {
    this.#checkRange('SET_DTB_CONFIG', 'dtb', range);
    this.devicetree = range;
  }

  /** SET_FW_CONFIG: RM is to put firmware there, which authenticates the VM (QCOM_ANDROID_PVM). As SET_DTB_CONFIG. */
  setFwConfig(range: AddressRange): void {
    this.#checkRange('SET_FW_CONFIG', 'firmware', range);
    this.firmware = range;
  }

  /**
   * SET_BOOT_CONTEXT: a register that the boot vCPU starts with; a later value replaces. EINVAL for a register that does
   * not exist, and after START.
   *
   * @param register register file << 8 | index. @param value 64 bits.
   */
  *setBootContext(register: number, value: bigint): Running<void> {
    const call = 'SET_BOOT_CONTEXT';
    this.#checkHas(call);
    const checked = registerOf(register, this.careful || this.generation.checksRegisterBits);
    yield* this.stateLock.whenFree();
    if (this.status !== NO_STATE)
      throw refusal(call, 'EINVAL', {
        code: 'state',
        path: this.path,
        expected: NO_STATE,
        actual: this.status,
      });
    this.bootContext.set(register, { ...checked, value });
  }

  /** ADD_FUNCTION: see {@link FunctionTable.add}. @returns a descriptor for a vCPU, else 0. */
  addFunction(request: FunctionRequest): number {
    return this.functions.add(request, () => {
      const descriptor = this.setup.newDescriptor();
      this.#descriptors.add(descriptor);
      return descriptor;
    });
  }

  /** REMOVE_FUNCTION: see {@link FunctionTable.remove}. */
  removeFunction(request: FunctionRequest): void {
    this.functions.remove(request);
  }

  /**
   * START. Starts a VM that never was; then nothing if it runs, else ENODEV. Fails with the errno of the step that failed.
   * The careful manager then leaves nothing with RM that RM lets go of, and START may be tried again if nothing was
   * left; else only a failed VM_ALLOC_VMID may be.
   */
  start(): Running<void> {
    return this.stateLock.with(() => this.memoryLock.with(() => this.#ensureStarted()));
  }

  *#ensureStarted(): Running<void> {
    this.#checkHas('START');
    if (this.status === NO_STATE) {
      try {
        yield* this.careful ? startCarefully(this) : this.followStart();
      } catch (error) {
        if (!(error instanceof HostError) || error.call === 'START') throw error;
        throw failureOf('START', error, this.path);
      }
    }
    if (this.status !== RUNNING) {
      const issue = { code: 'state', path: this.path, expected: RUNNING, actual: this.status };
      throw refusal('START', 'ENODEV', issue);
    }
  }

  /**
   * Closes a descriptor of the VM or of one of its vCPUs. The last one stops the VM and takes it apart. Nothing to
   * return to anybody: what went wrong is in {@link findings}.
   *
   * @throws HostError (EBADF) for a descriptor that is not open.
   */
  *close(descriptor: number): Running<void> {
    if (!this.#descriptors.delete(descriptor))
      throw refusal('close', 'EBADF', {
        code: 'unknown',
        path: this.path,
        expected: 'open',
        actual: descriptor,
      });
    if (!this.isClosed) return;
    yield* this.stateLock.whenFree();
    yield* this.memoryLock.whenFree();
    yield* this.careful ? releaseCarefully(this) : this.follow(this.generation.teardown);
    if (!this.leftBehind) this.setup.onGone();
  }

  /** RM has told of this VM: that it has ended, or was reset. Every other state is the outcome of a call. */
  notified(change: VmChange): void {
    if (!this.#starting) {
      this.#change(change);
      return;
    }
    if (!this.careful && this.generation.notifiedIn === 'receiving_thread')
      this.find(vmHazards.receiver_waits, this.path, { expected: 'state lock free', actual: 'START has it' });
    this.#deferred.push(change);
  }

  #change({ status, exit }: VmChange): void {
    this.status = status;
    if (exit !== undefined) this.exit = exit;
  }

  /** Asks RM. In faithful mode a call that is never answered never returns, as in Linux. */
  *ask<T>(calling: Calling<T>): Running<T> {
    try {
      return yield* calling;
    } catch (error) {
      if (!this.careful && error instanceof HostError && error.code === 'no_answer')
        yield* this.waitFor(`reply to ${error.call}`, () => false);
      throw error;
    }
  }

  /** Waits; the careful manager can be told that it is in vain. */
  *waitFor(awaited: string, ready: () => boolean): Running<void> {
    yield { kind: 'wait', path: this.path, awaited, ready, bounded: this.careful };
  }

  /** The steps of START, after which notifications that came meanwhile are taken. */
  *followStart(): Running<void> {
    this.#starting = true;
    try {
      yield* this.follow(this.generation.start);
    } finally {
      this.#starting = false;
      for (const change of this.#deferred.splice(0)) this.#change(change);
    }
  }

  /** Does one step after the other. */
  *follow(steps: readonly Step[]): Running<void> {
    for (const step of steps) yield* step(this) ?? [];
  }

  /** Something that should not be. */
  find(hazard: Hazard, path: string, { offset = 0, expected, actual }: Found): void {
    const finding = { hazard, issue: { code: hazard.name, path, offset, expected, actual } };
    this.findings = [...this.findings, finding];
    this.setup.tell({ kind: 'finding', finding });
  }

  /** Something that RM keeps, for now: {@link close} tries again. */
  leave(hazard: Hazard, path: string, found: Found): void {
    this.leftBehind = true;
    this.find(hazard, path, found);
  }

  /** What was left behind is about to be looked at again. */
  forgetLeftovers(): void {
    this.leftBehind = false;
    this.findings = this.findings.filter(({ hazard }) => !leftovers.includes(hazard));
  }

  /** Nothing is left of a START. */
  beAsNew(): void {
    this.status = NO_STATE;
    this.vmid = VMID_NONE;
    this.configured = false;
    this.devicetreeParcel = undefined;
    this.firmwareParcel = undefined;
  }

  #checkRange(call: 'SET_DTB_CONFIG' | 'SET_FW_CONFIG', path: string, range: AddressRange): void {
    this.#checkHas(call);
    if (!wraps(range)) return;
    if (this.careful || this.setup.regionRules.wrap === 'EOVERFLOW')
      throw refusal(call, 'EOVERFLOW', {
        code: 'wrap',
        path,
        offset: range.start,
        expected: 2n ** 64n - range.start,
        actual: range.size,
      });
    this.find(vmHazards.wrap_accepted, path, { expected: 2n ** 64n - range.start, actual: range.size });
  }

  /** @throws HostError (ENOTTY) when the generation has no such ioctl. */
  #checkHas(name: IoctlName): void {
    const { name: generation } = this.generation;
    if (hasIoctl(generation, name)) return;
    throw refusal(name, 'ENOTTY', {
      code: 'unknown',
      path: this.path,
      expected: 'an ioctl',
      actual: generation,
    });
  }
}
