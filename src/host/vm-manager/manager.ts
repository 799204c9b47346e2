import { type MainlineCalls, mainlineCalls } from '../calls/mainline/index.js';
import { HostError } from '../error.js';
import { GuestMemoryFile, type GuestMemoryOptions } from '../guest-memory/index.js';
import { vmChange } from '../notifications/mainline.js';
import { FileBindings } from './bindings.js';
import { carefulRegions, type RegionRules, type VmGeneration, vmGenerations } from './generations.js';
import { hasIoctl, type VmGenerationName } from './ioctls.js';
import { refusal } from './refusal.js';
import type { UserProcess } from './user-memory.js';
import { GunyahVm, type VmEvent } from './vm.js';

export interface VmManagerOptions {
  /** android14-6.1 unless told: RM23 has everything it asks for. */
  readonly generation?: VmGenerationName;
  /**
   * `careful` (default): checks what the reviews of the series asked for, and cleans up after every failure. `faithful`:
   * does what the generation does, with its leaks and endless waits, and says so.
   */
  readonly mode?: 'careful' | 'faithful';
  /** Whether the hypervisor has memory extents; it has unless told. */
  readonly hasMemoryExtents?: boolean;
  /** Whether the kernel maps all memory by page (v17: lending guest memory needs it); it does unless told. */
  readonly mapsKernelPagewise?: boolean;
  /** Told of what happens to VMs besides the results of ioctls. */
  readonly onEvent?: (vm: GunyahVm, event: VmEvent) => void;
}

/** What CREATE_VM gives. */
export interface CreatedVm {
  readonly vm: GunyahVm;
  /** File descriptor of the VM. */
  readonly descriptor: number;
}

/** Standard streams and the device have the first ones. */
const FIRST_DESCRIPTOR = 4;

/**
 * The VM manager of one kernel: makes VMs, and hands them the notifications that are about them. It asks RM for nothing
 * by itself; the operations of its VMs do, when somebody runs them.
 */
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
    this.#calls = mainlineCalls(generation);
  }

  /** VMs that are open, or closed with something left of them. */
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
    if (argument !== 0)
      throw refusal('CREATE_VM', 'EINVAL', { code: 'argument', path: 'arg', expected: 0, actual: argument });
    const { hasMemoryExtents = true, mapsKernelPagewise = true, onEvent = () => {} } = this.#options;
    const descriptor = this.#newDescriptor();
    const vm: GunyahVm = new GunyahVm(
      {
        generation: this.generation,
        regionRules: this.#regionRules(),
        careful: this.#careful,
        userProcess,
        calls: this.#calls,
        hasMemoryExtents,
        mapsKernelPagewise,
        fileBindings: this.#fileBindings,
        newDescriptor: () => this.#newDescriptor(),
        isKnown: (vmid) => [...this.#vms].some((other) => other.vmid === vmid),
        tell: (event) => onEvent(vm, event),
        onGone: () => this.#vms.delete(vm),
      },
      descriptor,
    );
    this.#vms.add(vm);
    return { vm, descriptor };
  }

  /** CREATE_GUEST_MEM (v17). HostError: ENOTTY in other generations, EINVAL as {@link GuestMemoryFile} says. */
  createGuestMem(options: GuestMemoryOptions): GuestMemoryFile {
    const { name } = this.generation;
    const call = 'CREATE_GUEST_MEM';
    if (!hasIoctl(name, call))
      throw refusal(call, 'ENOTTY', { code: 'unknown', path: '', expected: 'an ioctl', actual: name });
    return new GuestMemoryFile(options);
  }

  /**
   * RM has told something; what is not about one of the VMs changes nothing. One that the real handlers would read
   * behind the end of changes nothing either, and is a finding.
   *
   * @param id of the message. @param payload as on the wire.
   */
  notified(id: number, payload: Uint8Array): void {
    for (const vm of this.#vms) {
      if (!vm.hasVmid) continue;
      try {
        const change = vmChange(id, payload, vm.vmid);
        if (change !== undefined) vm.notified(change);
      } catch (error) {
        if (!(error instanceof HostError) || error.hazard === undefined) throw error;
        vm.find(error.hazard, error.call, error);
      }
    }
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
      // Page faults find a region of v17 and a15 at any time.
      afterStart: memory === 'regions' ? 'EBUSY' : 'accepted',
      lentFlag: !hasIoctl(name, 'LEND_USER_MEM'),
    };
  }
}
