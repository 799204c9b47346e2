import { PAGE_SIZE } from '../../hypervisor/index.js';
import { type MainlineCalls, mainlineCalls } from '../calls/mainline/index.js';
import {
  checkFallocate,
  type FileRange,
  fallocateModes,
  finish,
  GuestMemoryFile,
  type GuestMemoryOptions,
} from '../guest-memory/index.js';
import { shielded } from '../listener.js';
import { refuser } from '../refusal.js';
import { FileBindings } from './bindings.js';
import type { VmEvent, VmSetup } from './context.js';
import type { Running } from './effects.js';
import { type VmGeneration, vmGenerations } from './generations.js';
import { checkHasIoctl, hasIoctl, type VmGenerationName } from './ioctls.js';
import { carefulRegions, type RegionRules } from './rules.js';
import type { UserProcess } from './user-memory.js';
import { GunyahVm } from './vm.js';

export interface VmManagerOptions {
  /** Default: a14 (android14-6.1), for which RM23 implements every call. */
  readonly generation?: VmGenerationName;
  /**
   * `careful` (default) checks what the reviews of the series asked for, and cleans up after every failure. `faithful`
   * does what the generation does, with its leaks and endless waits, and reports them.
   */
  readonly mode?: 'careful' | 'faithful';
  /** Whether the hypervisor has memory extents; default true. */
  readonly hasMemoryExtents?: boolean;
  /** Whether the kernel maps all memory by page, which lending guest memory needs (v17); default true. */
  readonly mapsKernelPagewise?: boolean;
  /** Whether the kernel has memory for something that SET_USER_MEM_REGION allocates; asked for each. Default: yes. */
  readonly hasKernelMemory?: () => boolean;
  /** Called for what happens to VMs besides the results of ioctls. What it throws is dropped. */
  readonly onEvent?: (vm: GunyahVm, event: VmEvent) => void;
}

export interface CreatedVm {
  readonly vm: GunyahVm;
  /** File descriptor of the VM. */
  readonly descriptor: number;
}

/** The standard streams and the device have descriptors 0 to 3. */
const FIRST_DESCRIPTOR = 4;

/** The VM manager of one kernel. It creates VMs and passes notifications to them. It makes no calls to RM itself. */
export class VmManager {
  readonly generation: VmGeneration;
  readonly #options: VmManagerOptions;
  readonly #careful: boolean;
  readonly #calls: MainlineCalls;
  readonly #vms = new Set<GunyahVm>();
  readonly #fileBindings = new FileBindings();
  #nextDescriptor = FIRST_DESCRIPTOR;

  constructor(options: VmManagerOptions = {}) {
    const { generation = 'a14', mode = 'careful' } = options;
    this.generation = vmGenerations[generation];
    this.#options = options;
    this.#careful = mode === 'careful';
    this.#calls = mainlineCalls(this.generation.client);
  }

  /** VMs that are open, and closed VMs of which RM still has something. */
  get vms(): Iterable<GunyahVm> {
    return this.#vms;
  }

  /**
   * CREATE_VM. RM learns of the VM at START.
   *
   * @param argument reserved.
   * @throws HostError (EINVAL) for an argument other than 0.
   */
  createVm(userProcess: UserProcess, argument = 0): CreatedVm {
    if (argument !== 0) throw refuser('CREATE_VM', 'arg')('EINVAL', 'argument', 0, argument);
    const { hasMemoryExtents = true, mapsKernelPagewise = true, onEvent = () => {} } = this.#options;
    const { hasKernelMemory = () => true } = this.#options;
    const descriptor = this.#newDescriptor();
    const setup: VmSetup = {
      client: this.generation.client,
      rules: this.generation,
      regionRules: this.#regionRules(),
      careful: this.#careful,
      userProcess,
      calls: this.#calls,
      hasMemoryExtents,
      hasKernelMemory,
      mapsKernelPagewise,
      fileBindings: this.#fileBindings,
      isKnown: (vmid) => [...this.#vms].some((other) => other.vmid === vmid),
      isOpenVm: (vmid) => this.#liveVms().some((other) => other.vmid === vmid),
      isHandleTaken: (handle, but) => this.#liveVms().some((other) => other.hasHandle(handle, but)),
      tell: shielded((event) => onEvent(vm, event)),
    };
    const owner = {
      generation: this.generation,
      newDescriptor: () => this.#newDescriptor(),
      onGone: () => this.#vms.delete(vm),
    };
    const vm: GunyahVm = new GunyahVm(setup, owner, descriptor);
    this.#vms.add(vm);
    return { vm, descriptor };
  }

  /** CREATE_GUEST_MEM (v17). @throws HostError: ENOTTY in other generations, EINVAL as {@link GuestMemoryFile} says. */
  createGuestMem(options: GuestMemoryOptions): GuestMemoryFile {
    checkHasIoctl(this.generation.name, 'CREATE_GUEST_MEM', '');
    return new GuestMemoryFile(options);
  }

  /**
   * fallocate(2) on a guest memory file. v17 passes byte offsets of PUNCH_HOLE where page numbers are meant, takes those
   * pages from VMs, and frees what it can. The careful manager frees the range that was meant, or nothing.
   *
   * @throws HostError as {@link GuestMemoryFile.fallocate}.
   */
  *fallocate(file: GuestMemoryFile, mode: number, range: FileRange, by: string): Running<void> {
    const isPunch = (mode & fallocateModes.PUNCH_HOLE) !== 0;
    if (this.#careful || !isPunch) {
      file.fallocate(by, mode, range);
      return;
    }
    checkFallocate(mode, range);
    const start = Math.min(range.offset * PAGE_SIZE, file.size);
    const wrong = { offset: start, size: Math.min(range.size * PAGE_SIZE, file.size - start) };
    const failures: unknown[] = [];
    for (const vm of this.#vms) failures.push(yield* vm.takeFileBack(file, wrong, range));
    const failure = failures.find((error) => error !== undefined) ?? file.punchEach(by, wrong);
    if (failure !== undefined) throw failure;
  }

  /** The last descriptor of a guest memory file is closed. @throws HostError (EBUSY) while it is bound, or held. */
  releaseGuestMem(file: GuestMemoryFile, by: string): void {
    const [bound] = this.#fileBindings.of(file);
    if (bound !== undefined) {
      const page = Number(bound.offset) / PAGE_SIZE;
      throw refuser('release', `page[${page}]`, bound.offset)('EBUSY', 'bound', 'no binding', bound.holder);
    }
    finish(file.release(by));
  }

  /** Passes a notification of RM to the VMs. @param id of the message. @param payload as on the wire. */
  notified(id: number, payload: Uint8Array): void {
    for (const vm of this.#vms) vm.notified(id, payload);
  }

  #liveVms(): GunyahVm[] {
    return [...this.#vms].filter(({ isClosed, isClosing }) => !isClosed || isClosing);
  }

  #newDescriptor(): number {
    this.#nextDescriptor++;
    return this.#nextDescriptor - 1;
  }

  #regionRules(): RegionRules {
    const { regions, memory, name } = this.generation;
    if (!this.#careful) return regions;
    return {
      ...carefulRegions,
      // In v17 and a15 page faults find regions that are added after START.
      afterStart: memory === 'regions' ? 'EBUSY' : 'accepted',
      lentFlag: !hasIoctl(name, 'LEND_USER_MEM'),
    };
  }
}
