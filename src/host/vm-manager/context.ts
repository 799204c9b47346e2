import { authMech, constants, vmStatus } from '../../../schemas/index.js';
import type { MainlineCalls } from '../calls/mainline/index.js';
import type { Calling } from '../effect.js';
import { HostError } from '../error.js';
import type { GenerationName } from '../generations.js';
import { type AddressRange, byAddress } from './addresses.js';
import { type Backing, UserBacking } from './backing.js';
import type { FileBindings, GuestMemoryBinding } from './bindings.js';
import type { BootContext } from './boot-context.js';
import type { Running } from './effects.js';
import { FunctionTable } from './functions.js';
import { HazardLog, type HazardReport } from './hazard-log.js';
import { PagedMemory } from './paged-memory.js';
import type { Parcel } from './parcel.js';
import { RegionTable } from './region.js';
import { ResourceTable } from './resources.js';
import type { RegionRules, VmRules } from './rules.js';
import type { UserProcess } from './user-memory.js';

export interface VmSetup {
  /** The client below, by whose name rules of `lint` tell hazards. */
  readonly client: GenerationName;
  readonly rules: VmRules;
  /** What its memory ioctls check. */
  readonly regionRules: RegionRules;
  /** Clean up after every failure; else do what the generation does, with its leaks and endless waits. */
  readonly careful: boolean;
  readonly userProcess: UserProcess;
  readonly calls: MainlineCalls;
  readonly hasMemoryExtents: boolean;
  /** Whether the kernel has memory for one more allocation. */
  readonly hasKernelMemory: () => boolean;
  /** Whether the kernel maps all memory by page, so that single pages can be removed from its mapping. */
  readonly mapsKernelPagewise: boolean;
  readonly fileBindings: FileBindings;
  /** Whether a VM of the manager has this VMID, open or closed with something left behind. */
  readonly isKnown: (vmid: number) => boolean;
  /** Whether a VM of the manager that is open, or being taken apart, has this VMID. */
  readonly isOpenVm: (vmid: number) => boolean;
  /** Whether a parcel of such a VM other than this one has this handle. */
  readonly isHandleTaken: (handle: number, but: VmContext) => boolean;
  readonly tell: (event: VmEvent) => void;
}

/** What happens to a VM besides the results of ioctls. */
export type VmEvent =
  | { readonly kind: 'hazard'; readonly report: HazardReport }
  /** A function was unbound; `type` as in ADD_FUNCTION. */
  | { readonly kind: 'unbind'; readonly type: number; readonly key: string };

/** One step of START or of closing the last descriptor. */
export type Step = (vm: VmContext) => Running<void> | void;

export function* follow(steps: readonly Step[], vm: VmContext): Running<void> {
  for (const step of steps) yield* step(vm) ?? [];
}

const { NO_STATE } = vmStatus.values;
const VMID_NONE = constants.VMID_PEER_DEFAULT;

/** The state that Linux keeps of a VM, as ioctls and the steps of START and closing use it. */
export class VmContext {
  /** A value of `vm_status`. */
  status: number = NO_STATE;
  vmid: number = VMID_NONE;
  /** RM may have allocated a VMID, but no reply told which. */
  vmidUncertain = false;
  /** Whether VM_CONFIG_IMAGE succeeded; undefined if no reply told. */
  configured: boolean | undefined = false;
  devicetree: AddressRange = { start: 0n, size: 0n };
  firmware: AddressRange | undefined;
  /** The parcels that hold just the devicetree and just the firmware (v17, a15). */
  devicetreeParcel: Parcel | undefined;
  firmwareParcel: Parcel | undefined;
  bindings: readonly GuestMemoryBinding[] = [];
  readonly bootContext: BootContext = new Map();
  readonly regions = new RegionTable();
  readonly resources = new ResourceTable();
  readonly functions: FunctionTable;
  readonly paged: PagedMemory;
  readonly hazards: HazardLog;
  readonly setup: VmSetup;
  readonly rules: VmRules;
  readonly calls: MainlineCalls;
  readonly careful: boolean;

  constructor(setup: VmSetup) {
    this.setup = setup;
    ({ rules: this.rules, calls: this.calls, careful: this.careful } = setup);
    this.hazards = new HazardLog(setup.client, (report) => setup.tell({ kind: 'hazard', report }));
    this.functions = new FunctionTable(this.resources, ({ type, key }) =>
      setup.tell({ kind: 'unbind', type, key }),
    );
    this.paged = new PagedMemory(this);
  }

  get path(): string {
    return this.hasVmid ? `vm[${this.vmid}]` : 'vm';
  }

  get hasVmid(): boolean {
    return this.vmid !== VMID_NONE;
  }

  /** The `auth_mech` for VM_CONFIG_IMAGE. */
  get authentication(): number {
    return this.firmware === undefined ? authMech.values.NONE : authMech.values.QCOM_ANDROID_PVM;
  }

  /** The parcels that START has given to RM or will give, those of regions newest first. */
  get parcels(): Parcel[] {
    const parcels = [
      ...this.regions.all.map(({ parcel }) => parcel),
      this.devicetreeParcel,
      this.firmwareParcel,
    ];
    return parcels.filter((parcel) => parcel !== undefined);
  }

  /** The sources of memory that is given on demand (v17, a15), in the order of guest addresses. */
  get backings(): readonly Backing[] {
    if (this.rules.memory === 'guest_memory') return byAddress(this.bindings);
    return byAddress(this.regions.all).map((region) => new UserBacking(this.setup.userProcess, region));
  }

  /** The source of the page at a guest address; undefined if there is none. */
  backingAt(address: bigint): Backing | undefined {
    const holds = ({ range: { start, size } }: { readonly range: AddressRange }) =>
      start <= address && address - start < size;
    if (this.rules.memory === 'guest_memory') return this.bindings.find(holds);
    const region = this.regions.all.find(holds);
    return region && new UserBacking(this.setup.userProcess, region);
  }

  /** Calls RM. In faithful mode a call without an answer never returns, as in Linux. */
  *ask<T>(calling: Calling<T>): Running<T> {
    try {
      return yield* calling;
    } catch (error) {
      if (!this.careful && error instanceof HostError && error.code === 'no_answer')
        yield* this.waitFor(`reply to ${error.call}`, () => false);
      throw error;
    }
  }

  /** Waits until `ready()`. In careful mode the wait can be ended by a HostError. */
  *waitFor(awaited: string, ready: () => boolean): Running<void> {
    yield { kind: 'wait', path: this.path, awaited, ready, bounded: this.careful };
  }

  /** Undoes what START has set. */
  reset(): void {
    this.status = NO_STATE;
    this.vmid = VMID_NONE;
    this.configured = false;
    this.devicetreeParcel = undefined;
    this.firmwareParcel = undefined;
  }
}
