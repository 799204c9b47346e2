import { protocol } from '../../schemas/index.js';
import type { Hypervisor } from '../hypervisor/index.js';
import { FrameWriter } from '../rpc/index.js';
import { Boot, type Lasting, type ManagerOptions } from './boot.js';
import { respondersOf } from './handlers/responder.js';
import type { HandlerRow } from './handlers/row.js';
import type { Link } from './link.js';
import { managers } from './managers.js';
import type { PanicReason } from './panics.js';
import type { ParcelTable } from './parcels/table.js';
import { type PlatformProfile, platforms } from './platform.js';
import type { Vm } from './vm.js';

/** Made once, as their codecs are. */
const respondersByRows = new WeakMap<readonly HandlerRow[], ReturnType<typeof respondersOf>>();

function respondersFor(rows: readonly HandlerRow[]): ReturnType<typeof respondersOf> {
  const responders = respondersByRows.get(rows) ?? respondersOf(rows);
  respondersByRows.set(rows, responders);
  return responders;
}

/**
 * The simulated resource manager: messages in through queues, messages out through queues. It does nothing on
 * its own: its holder calls {@link run} after putting or taking a message. No clock, no randomness.
 */
export class ResourceManager {
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  readonly #options: ManagerOptions;
  readonly #lasting: Omit<Lasting, 'irqHandleBase'>;
  #boot: Boot;

  constructor(options: ManagerOptions = {}) {
    this.#options = options;
    this.platform = options.platform ?? platforms.native;
    this.careful = options.careful ?? false;
    const responders = respondersFor((options.profile ?? managers.rm23).rows);
    this.#lasting = { responders, frames: new FrameWriter(protocol) };
    this.#boot = this.#newBoot(this.platform.irqHandleBase);
  }

  #newBoot(irqHandleBase: number): Boot {
    return new Boot(this.#options, { ...this.#lasting, irqHandleBase });
  }

  /** Handles everything that waits in the queues, and what follows from it. */
  run(): void {
    this.#boot.run();
  }

  /**
   * A VM's vCPU halts.
   *
   * @param state run state as the hypervisor reports it. @param data its two data words.
   */
  vcpuHalt(vmid: number, state: number, data: readonly [bigint, bigint]): void {
    this.#boot.vcpuHalt(vmid, state, data);
  }

  /** Fresh state, everything forgotten, memory contents included. */
  reboot(): void {
    this.#boot = this.#newBoot(this.irqHandleBase);
  }

  /** Why it stopped, undefined while it runs. Only {@link reboot} makes it run again. */
  get panicked(): PanicReason | undefined {
    return this.#boot.panicked;
  }

  /** IRQ lend handles count from here; a platform with a random base has it set from outside, like any randomness. */
  get irqHandleBase(): number {
    return this.#boot.interrupts.handleBase;
  }

  set irqHandleBase(base: number) {
    this.#boot.interrupts.handleBase = base;
  }

  // What it knows at the moment, to look at. A reboot replaces all of it.

  /** Has the next VM whose VMID RM chooses get this one, if it is a free dynamic one. */
  set nextVmid(vmid: number) {
    this.#boot.vms.nextVmid = vmid;
  }

  get hypervisor(): Hypervisor {
    return this.#boot.hypervisor;
  }

  get parcels(): ParcelTable {
    return this.#boot.parcels;
  }

  vm(vmid: number): Vm | undefined {
    return this.#boot.vms.get(vmid);
  }

  /** All VMs by rising VMID, the manager included; a list that later calls do not change. */
  vms(): readonly Vm[] {
    return this.#boot.vms.all();
  }

  /** The two queues between a VM and the manager. */
  link(vmid: number): Link | undefined {
    return this.#boot.links.get(vmid);
  }
}
