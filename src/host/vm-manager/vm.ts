import { vmStatus } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import type { FileRange, GuestMemoryFile } from '../guest-memory/index.js';
import { failureOf, refuser } from '../refusal.js';
import { type AddressRange, wraps } from './addresses.js';
import { registerOf } from './boot-context.js';
import { releaseCarefully, startCarefully } from './careful.js';
import { follow, VmContext, type VmSetup } from './context.js';
import type { Running } from './effects.js';
import type { FunctionRequest } from './functions.js';
import type { VmGeneration } from './generations.js';
import type { HazardReport } from './hazard-log.js';
import { vmHazards } from './hazards.js';
import { checkHasIoctl, type IoctlName } from './ioctls.js';
import { Lock } from './lock.js';
import { type MapMemRequest, mapMem } from './map-mem.js';
import { type ExitInfo, type VmChange, vmChange } from './notifications.js';
import type { UserMemRegion } from './region.js';
import { type RegionIoctl, readUserMemRegion, regionIoctlOf } from './region-argument.js';
import { addRegion } from './region-ioctl.js';
import type { UserProcess } from './user-memory.js';
import { Vcpu } from './vcpu.js';

/** What the manager gives to a VM besides {@link VmSetup}. */
interface VmOwner {
  readonly generation: VmGeneration;
  readonly newDescriptor: () => number;
  /** The VM is closed, and RM has nothing of it. */
  readonly onGone: () => void;
}

const { NO_STATE, RUNNING } = vmStatus.values;
/** Entries of the form 4n + 2 up to this one mean errors in a kernel xarray. */
const XARRAY_ERRORS = 1026n;

/**
 * One VM of a VM manager and its ioctls. Ioctls that call RM are {@link Running} operations, which the caller has to run;
 * the others act at once. All throw HostError, whose path names what the ioctl was about (`region[label 2]`, `vm[128]`).
 *
 * Locks. START holds the state lock over all its calls to RM; SET_BOOT_CONTEXT waits for it. Ioctls and faults about
 * memory hold the memory lock, and so does START, so that what it gives to RM does not change meanwhile. START takes the
 * state lock first. Closing the last descriptor waits for both locks but takes none: in Linux an ioctl keeps the file
 * open, so no other ioctl can follow.
 *
 * Notifications wait for the state lock while START has it. In v9, v11 and a14 a work item waits. In v17 and a15 it is the
 * thread that receives replies, which START itself waits for (hazard `receiver_waits`). Here the VM takes such a
 * notification when START has done its steps.
 */
export class GunyahVm {
  /** How the VM ended; undefined as long as it has not. */
  exit: ExitInfo | undefined;
  /** No descriptor is open, but the VM is still being taken apart. */
  isClosing = false;
  readonly #context: VmContext;
  readonly #owner: VmOwner;
  readonly #stateLock = new Lock('state lock', () => this.path);
  readonly #memoryLock = new Lock('memory lock', () => this.path);
  readonly #descriptors = new Set<number>();
  #starting = false;
  readonly #deferred: VmChange[] = [];
  readonly #vcpus = new Map<number, Vcpu>();

  constructor(setup: VmSetup, owner: VmOwner, descriptor: number) {
    this.#context = new VmContext(setup);
    this.#owner = owner;
    this.#descriptors.add(descriptor);
  }

  /** What Linux keeps of the VM, to look at. */
  get state(): Readonly<Pick<VmContext, 'hasVmid' | 'regions' | 'bindings' | 'functions' | 'resources'>> {
    return this.#context;
  }

  /** As Linux keeps it: a value of `vm_status`. */
  get status(): number {
    return this.#context.status;
  }

  get vmid(): number {
    return this.#context.vmid;
  }

  get path(): string {
    return this.#context.path;
  }

  /** Faults that the VM manager has made, and what it could not clean up, oldest first. */
  get reports(): readonly HazardReport[] {
    return this.#context.hazards.reports;
  }

  /** Whether a parcel of the VM has this handle. @param but the VM that asks, which does not count. */
  hasHandle(handle: number, but: VmContext): boolean {
    return this.#context !== but && this.#context.parcels.some((parcel) => parcel.handle === handle);
  }

  /** No descriptor is open. */
  get isClosed(): boolean {
    return this.#descriptors.size === 0;
  }

  /** SET_USER_MEM_REGION: see `addRegion`. @param caller the process that calls. */
  setUserMemRegion(region: UserMemRegion, caller = this.#context.setup.userProcess): Running<void> {
    return this.#addRegion('SET_USER_MEM_REGION', region, caller);
  }

  /** LEND_USER_MEM: as SET_USER_MEM_REGION, but the host loses its access while the VM has the memory. */
  lendUserMem(region: UserMemRegion, caller = this.#context.setup.userProcess): Running<void> {
    return this.#addRegion('LEND_USER_MEM', region, caller);
  }

  #addRegion(call: RegionIoctl, region: UserMemRegion, caller: UserProcess): Running<void> {
    const { interruptible } = this.#context.setup.regionRules;
    const operation = () => addRegion(this.#context, call, region, caller);
    return this.#memoryLock.with(operation, interruptible ? call : undefined);
  }

  /**
   * SET_USER_MEM_REGION or LEND_USER_MEM as a process calls it.
   *
   * @param command number of the ioctl, see {@link regionCommand}.
   * @param argument what the process has from the address of the argument on.
   * @throws HostError: ENOTTY for another number, EFAULT when the argument cannot be copied, else as the ioctl.
   */
  *ioctl(command: number, argument: Uint8Array, caller = this.#context.setup.userProcess): Running<void> {
    const call = regionIoctlOf(command);
    if (call === undefined)
      throw refuser('ioctl', this.path)('ENOTTY', 'unknown', 'an ioctl about memory', command);
    this.#checkHas(call);
    yield* this.#addRegion(call, readUserMemRegion(call, argument), caller);
  }

  /** MAP_MEM: see {@link mapMem}. */
  mapMem(request: MapMemRequest): void {
    this.#checkHas('MAP_MEM');
    mapMem(this.#context, request);
  }

  /**
   * Takes from the VM what it has of a part of a guest memory file: fallocate with PUNCH_HOLE (v17).
   *
   * @param meant the part that the process wanted. @returns the error of a page that the VM keeps.
   */
  *takeFileBack(file: GuestMemoryFile, part: FileRange, meant: FileRange): Running<HostError | undefined> {
    const { bindings, hazards, paged } = this.#context;
    const bound = bindings.filter((binding) => binding.file === file);
    if (bound.length === 0 || (part.offset === meant.offset && part.size === meant.size)) return undefined;
    const said = ({ offset, size }: FileRange) => `${size} bytes from ${offset} on`;
    hazards.report(vmHazards.punches_elsewhere, this.path, { expected: said(meant), actual: said(part) });
    let failure: HostError | undefined;
    for (const { range, offset } of bound) {
      const start = range.start + BigInt(part.offset) - offset;
      const back = { start, size: BigInt(part.size) };
      failure = (yield* this.#memoryLock.with(() => paged.takeBack(back))) ?? failure;
    }
    return failure;
  }

  /** VCPU_RUN has found that the VM touches memory that it lacks (v17, a15): see `PagedMemory.fault`. */
  fault(guestAddress: bigint, isWrite: boolean): Running<void> {
    const { paged } = this.#context;
    const backing = this.#context.backingAt(guestAddress);
    return this.#memoryLock.with(() => paged.fault(backing, guestAddress, isWrite));
  }

  /**
   * The vCPU that ADD_FUNCTION has made, for VCPU_RUN and its run page.
   *
   * @throws HostError (ENODEV) when there is no such function.
   */
  vcpu(id: number): Vcpu {
    if (this.#context.functions.vcpu(id) === undefined)
      throw refuser('VCPU_RUN', `${this.path}.vcpu[${id}]`)('ENODEV', 'vcpu', 'a vCPU function', 'none');
    const vcpu = this.#vcpus.get(id) ?? new Vcpu(id, this.#vcpuPort());
    this.#vcpus.set(id, vcpu);
    return vcpu;
  }

  #vcpuPort(): ConstructorParameters<typeof Vcpu>[1] {
    const vm = this;
    const context = this.#context;
    return {
      get path() {
        return context.path;
      },
      get status() {
        return context.status;
      },
      get exit() {
        return vm.exit;
      },
      rules: context.rules,
      functions: context.functions,
      resources: context.resources,
      setup: context.setup,
      provide: (address, isWrite) => vm.fault(address, isWrite),
      started: () => vm.#stateLock.whenFree(),
    };
  }

  /** An interrupt for a vCPU. */
  wake(id: number): void {
    this.#vcpus.get(id)?.wake();
  }

  /**
   * SET_DTB_CONFIG: the range of guest addresses that holds the devicetree. The last call counts.
   *
   * @throws HostError (EOVERFLOW) when the range wraps at 2^64; of the faithful managers only v9 checks that.
   */
  setDtbConfig(range: AddressRange): void {
    this.#checkRange('SET_DTB_CONFIG', 'dtb', range);
    this.#context.devicetree = range;
  }

  /** SET_FW_CONFIG: RM shall put firmware there, which authenticates the VM (QCOM_ANDROID_PVM). As SET_DTB_CONFIG. */
  setFwConfig(range: AddressRange): void {
    this.#checkRange('SET_FW_CONFIG', 'firmware', range);
    this.#context.firmware = range;
  }

  /**
   * SET_BOOT_CONTEXT: the value with which the boot vCPU starts in one register. The last call for a register counts.
   *
   * @param register register file << 8 | index. @param value 64 bits.
   * @throws HostError (EINVAL) for a register that does not exist, and after START.
   */
  *setBootContext(register: number, value: bigint): Running<void> {
    const call = 'SET_BOOT_CONTEXT';
    this.#checkHas(call);
    const { careful, rules, bootContext, hazards } = this.#context;
    const checked = registerOf(register, careful || rules.checksRegisterBits);
    yield* this.#stateLock.whenFree();
    if (this.status !== NO_STATE) throw refuser(call, this.path)('EINVAL', 'state', NO_STATE, this.status);
    const isEntry = rules.bootValues === 'entries' && !careful;
    if (isEntry && value % 4n === 2n && value <= XARRAY_ERRORS)
      throw refuser(call, this.path)('EINVAL', 'value', 'another value than 4n + 2', value);
    if (isEntry && value === 0n) {
      const evidence = { expected: `register ${register} is 0`, actual: 'never sent' };
      hazards.report(vmHazards.boot_value_lost, this.path, evidence);
      bootContext.delete(register);
      return;
    }
    bootContext.set(register, { ...checked, value });
  }

  /** ADD_FUNCTION: see `FunctionTable.add`. @returns a descriptor for a vCPU, else 0. */
  addFunction(request: FunctionRequest): number {
    return this.#context.functions.add(request, () => {
      const descriptor = this.#owner.newDescriptor();
      this.#descriptors.add(descriptor);
      return descriptor;
    });
  }

  /** REMOVE_FUNCTION: see `FunctionTable.remove`. */
  removeFunction(request: FunctionRequest): void {
    const { functions } = this.#context;
    functions.remove(request);
    for (const [id, vcpu] of this.#vcpus)
      if (functions.vcpu(id) === undefined) {
        vcpu.remove();
        this.#vcpus.delete(id);
      }
  }

  /**
   * START. Does nothing if the VM runs. After a failure the careful manager leaves nothing with RM that RM gives back,
   * and START may be tried again if nothing is left. A faithful manager can repeat only a failed VM_ALLOC_VMID.
   *
   * @throws HostError: the errno of the step that failed; ENODEV if the VM was started before and does not run.
   */
  start(): Running<void> {
    return this.#stateLock.with(() => this.#memoryLock.with(() => this.#ensureStarted()));
  }

  *#ensureStarted(): Running<void> {
    this.#checkHas('START');
    if (this.status === NO_STATE) {
      try {
        const steps = this.#followStart();
        yield* this.#context.careful ? startCarefully(this.#context, steps) : steps;
      } catch (error) {
        if (!(error instanceof HostError) || error.call === 'START') throw error;
        throw failureOf('START', error, this.path);
      }
    }
    if (this.status !== RUNNING) throw refuser('START', this.path)('ENODEV', 'state', RUNNING, this.status);
  }

  /** Runs the steps of START, then takes the notifications that came meanwhile. */
  *#followStart(): Running<void> {
    this.#starting = true;
    try {
      yield* follow(this.#owner.generation.start, this.#context);
    } finally {
      this.#starting = false;
      for (const change of this.#deferred.splice(0)) this.#change(change);
    }
  }

  /**
   * Closes a descriptor of the VM or of one of its vCPUs. Closing the last one stops the VM and takes it apart; what goes
   * wrong then is in {@link reports}, as Linux returns no error.
   *
   * @throws HostError (EBADF) for a descriptor that is not open.
   */
  *close(descriptor: number): Running<void> {
    if (!this.#descriptors.delete(descriptor))
      throw refuser('close', this.path)('EBADF', 'unknown', 'open', descriptor);
    if (!this.isClosed) return;
    this.isClosing = true;
    try {
      yield* this.#stateLock.whenFree();
      yield* this.#memoryLock.whenFree();
      const { teardown } = this.#owner.generation;
      yield* this.#context.careful ? releaseCarefully(this.#context) : follow(teardown, this.#context);
    } finally {
      this.isClosing = false;
    }
    if (!this.#context.hazards.leftBehind) this.#owner.onGone();
  }

  /**
   * Takes a notification of RM, which changes the state if it is about this VM. The real handlers read past the end of a
   * notification that is too short; here it changes nothing and is a hazard report.
   */
  notified(id: number, payload: Uint8Array): void {
    const { hasVmid, careful, rules, hazards } = this.#context;
    if (!hasVmid) return;
    let change: VmChange | undefined;
    try {
      change = vmChange(id, payload, this.vmid, rules.knowsResetFailed);
    } catch (error) {
      if (!(error instanceof HostError) || error.hazard === undefined) throw error;
      hazards.report(error.hazard, error.call, error);
    }
    if (change === undefined) return;
    if (!this.#starting) {
      this.#change(change);
      return;
    }
    if (!careful && rules.notifiedIn === 'receiving_thread') {
      const evidence = { expected: 'state lock free', actual: 'START has it' };
      hazards.report(vmHazards.receiver_waits, this.path, evidence);
    }
    this.#deferred.push(change);
  }

  #change({ status, exit }: VmChange): void {
    this.#context.status = status;
    if (exit !== undefined) this.exit = exit;
  }

  #checkRange(call: 'SET_DTB_CONFIG' | 'SET_FW_CONFIG', path: string, range: AddressRange): void {
    this.#checkHas(call);
    if (!wraps(range)) return;
    const { careful, setup, hazards } = this.#context;
    const [expected, actual] = [2n ** 64n - range.start, range.size];
    if (careful || setup.regionRules.wrap === 'EOVERFLOW')
      throw refuser(call, path, range.start)('EOVERFLOW', 'wrap', expected, actual);
    hazards.report(vmHazards.wrap_accepted, path, { expected, actual });
  }

  #checkHas(name: IoctlName): void {
    checkHasIoctl(this.#owner.generation.name, name, this.path);
  }
}
