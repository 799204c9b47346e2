import { constants } from '../../schemas/index.js';
import { type ManagerOptions, type PanicReason, ResourceManager, VmState } from '../rm/index.js';
import { QueueError } from '../transport/index.js';
import { ReceivingVms } from './receiving-vms.js';
import type { VmPort } from './vm-port.js';

/** Run states of a vCPU (Linux, `enum gunyah_vcpu_run_state`). */
export const VcpuState = { READY: 1, POWERED_OFF: 2, BLOCKED: 4, FAULT: 6 } as const;
const NOT_HALTED: readonly number[] = [VcpuState.READY, VcpuState.BLOCKED];

/** A VM's first vCPU halts. */
export interface VcpuHalt {
  readonly vmid: number;
  /** Run state as the hypervisor reports it, and its first two data words. */
  readonly state: number;
  readonly data: readonly [bigint, bigint];
}

/** A queue message that a VM took. */
export interface Taken {
  readonly to: number;
  readonly frame: Uint8Array;
}

/** What most operations begin with, and many end with. It is never changed. */
const none: Taken[] = [];
const takesAll = () => true;

export interface MachineOptions<Port extends VmPort> {
  readonly manager?: Omit<ManagerOptions, 'onSent' | 'onPanic'> | undefined;
  /** Makes the manager, when it is not the usual one. */
  readonly newManager?: ((options: ManagerOptions) => ResourceManager) | undefined;
  readonly newPort: (vmid: number) => Port;
  /** RM put a message on the queue to a VM. */
  readonly onSent?: (vmid: number, frame: Uint8Array) => void;
  /** That message waits for the VM now. */
  readonly onWaiting?: (port: Port) => void;
  /** Messages vanished from the queue to a VM because its link came to an end. */
  readonly onLost?: (vmid: number, count: number) => void;
  readonly onPanic?: (reason: PanicReason) => void;
}

/**
 * A simulated manager and the VMs that exchange messages with it. Everything that can be done to it is an operation
 * (operations.ts). Its owner decides when VMs take messages: it calls {@link settle}, or takes them itself.
 */
export class Machine<Port extends VmPort> {
  readonly manager: ResourceManager;
  readonly vms: ReceivingVms<Port>;
  /** VMs that have put something on a queue since the boot. Known on a real machine only. */
  #senders = new Set<number>();
  /** The lives of VMs whose vCPU spins after a fault. */
  readonly #spinning = new WeakSet<object>();

  constructor(options: MachineOptions<Port>) {
    this.vms = new ReceivingVms({
      newPort: options.newPort,
      linkOf: (vmid) => this.manager.link(vmid),
      onLost: (vmid, count) => options.onLost?.(vmid, count),
    });
    const managerOptions: ManagerOptions = {
      ...options.manager,
      onSent: (vmid, frame) => {
        options.onSent?.(vmid, frame);
        const port = this.vms.sent(vmid);
        if (port !== undefined) options.onWaiting?.(port);
      },
      ...(options.onPanic === undefined ? {} : { onPanic: options.onPanic }),
    };
    this.manager = options.newManager?.(managerOptions) ?? new ResourceManager(managerOptions);
  }

  /**
   * A VM puts a message on its queue to RM.
   *
   * @returns a QueueError; ARGUMENT_INVALID without a queue, or when the VM's vCPU spins.
   */
  put(vmid: number, frame: Uint8Array): number {
    if (this.#spins(vmid)) return QueueError.ARGUMENT_INVALID;
    const { manager } = this;
    if (manager.platform.realVms) this.#senders.add(vmid);
    const link = manager.link(vmid);
    return link?.toManager.sendRange(frame, 0, frame.length) ?? QueueError.ARGUMENT_INVALID;
  }

  /** Writes to physical memory, where a real machine would let the primary VM write. */
  load(address: number, bytes: Uint8Array): void {
    const { manager } = this;
    if (!manager.platform.realVms || this.#isLoadable(address, bytes.length))
      manager.hypervisor.writeMemory(address, bytes);
  }

  /** Whether a vCPU of a VM can halt with a run state. On a real machine only a running VM halts. */
  canHalt(vmid: number, state: number): boolean {
    return !this.manager.platform.realVms || (this.executes(vmid) && !NOT_HALTED.includes(state));
  }

  /** A vCPU halts if it can, and the manager is told unless the vCPU spins instead. */
  halt({ vmid, state, data }: VcpuHalt): void {
    if (!this.canHalt(vmid, state)) return;
    const { manager } = this;
    const life = manager.vm(vmid)?.life;
    if (life !== undefined && manager.platform.faultsSpin && state === VcpuState.FAULT)
      this.#spinning.add(life);
    else manager.vcpuHalt(vmid, state, data);
  }

  /** Whether a VM is RUNNING and its vCPU does not spin. */
  executes(vmid: number): boolean {
    return this.manager.vm(vmid)?.state === VmState.RUNNING && !this.#spins(vmid);
  }

  #spins(vmid: number): boolean {
    if (!this.manager.platform.faultsSpin) return false;
    const life = this.manager.vm(vmid)?.life;
    return life !== undefined && this.#spinning.has(life);
  }

  /** Boots again: memory and links are new, and nothing is left on a queue. */
  reboot(): void {
    this.manager.reboot();
    this.vms.clear();
    this.#senders = new Set();
  }

  /**
   * Lets RM run and VMs take until neither has anything to do. VMs take while RM is idle: the oldest message over all
   * queues, one at a time (rm-internals.md, section 10).
   *
   * @param shares how many messages each VM takes at most, 0 for a VM that is not named; counted down.
   */
  settle(shares?: Map<number, number>): readonly Taken[] {
    let taken = none;
    const mayTake = shares === undefined ? takesAll : ({ vmid }: Port) => (shares.get(vmid) ?? 0) > 0;
    for (;;) {
      this.manager.run();
      if (this.manager.panicked !== undefined) return taken;
      const port = this.vms.oldest(mayTake);
      if (port === undefined) return taken;
      const { vmid } = port;
      shares?.set(vmid, (shares.get(vmid) ?? 0) - 1);
      const frame = this.vms.take(port);
      if (frame === undefined) continue;
      if (taken === none) taken = [{ to: vmid, frame }];
      else taken.push({ to: vmid, frame });
    }
  }

  /**
   * Whether the primary VM's write to physical memory takes effect on a real machine. It does in memory that the VM has
   * given away (recordings config_lent_to_other, lifecycle_second_boot). It does not once a VM that got the memory has
   * run: a VM booted again from the same parcel finds the tree of the first VM_START, and its VM_START fails
   * (recordings deep_019, deep_109).
   */
  #isLoadable(address: number, size: number): boolean {
    const end = address + size;
    for (const vmid of this.#senders)
      for (const { owner, regions } of this.manager.parcels.namedFor(vmid))
        if (owner === constants.VMID_HLOS && vmid !== owner)
          if (regions.some(({ phys, size }) => phys < end && address < phys + size)) return false;
    return true;
  }
}
