import { constants } from '../../schemas/index.js';
import { type PanicReason, type PlatformProfile, ResourceManager } from '../rm/index.js';

const { VMID_HLOS, VMID_RM } = constants;

/** Where messages to a VM go: a connection, a socket. */
export interface Outlet {
  /**
   * Takes one queue message for a VM, whose bytes stay as they are. False when it cannot be taken now: the message
   * is kept, and offered again after {@link LiveManager.resume}.
   */
  send(vmid: number, message: Uint8Array): boolean;
}

/** Bytes to be in physical memory before the manager boots. */
export interface MemoryContents {
  readonly address: number;
  readonly bytes: Uint8Array;
}

export interface LiveOptions {
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  readonly memory: readonly MemoryContents[];
  /** Otherwise a manager that has died stays silent. */
  readonly rebootOnPanic: boolean;
  readonly onPanic: (reason: PanicReason) => void;
  /** Every message: put on a queue, or not, and then why. */
  readonly onMessage: (from: number, to: number, message: Uint8Array, refusal: string | undefined) => void;
}

/**
 * A simulated manager and the outlets of its VMs. A VM belongs to the outlet that last sent as it, else to the
 * fallback. A message that no outlet takes stays where it would on the real machine: one is held here like one in the
 * receiver's hands, the rest on the manager's queue, and then the manager's own limits apply. So an outlet that takes
 * nothing costs neither memory nor anyone else's progress.
 */
export class LiveManager {
  /** Gets the messages to VMs that no other outlet has spoken for. */
  fallback: Outlet | undefined;
  /** A VM's RPC link has come into being, possibly in place of one before, or is gone. */
  onLink: ((vmid: number, exists: boolean) => void) | undefined;
  readonly #options: LiveOptions;
  readonly #manager: ResourceManager;
  readonly #linked = new Set<number>([VMID_HLOS]);
  readonly #owners = new Map<number, Outlet>();
  /** Messages that were taken off a queue and refused by the outlet. */
  readonly #held = new Map<number, Uint8Array>();
  /** VMs whose outlet has refused and not resumed. */
  readonly #blocked = new Set<number>();
  /** One entry for every message put on a queue to a VM: the oldest over all queues goes first. */
  #order: number[] = [];
  #panicTold = false;

  constructor(options: LiveOptions) {
    this.#options = options;
    this.#manager = new ResourceManager({
      platform: options.platform,
      careful: options.careful,
      onSent: (vmid, frame) => {
        options.onMessage(VMID_RM, vmid, frame, undefined);
        this.#order.push(vmid);
      },
      onLink: (vmid, exists) => this.#link(vmid, exists),
    });
    this.#load();
  }

  /** VMs that have an RPC link. */
  get linked(): ReadonlySet<number> {
    return this.#linked;
  }

  /**
   * A VM, 0..65535, puts a message on its queue to another; what no queue takes is dropped. The VM now belongs to
   * this outlet, which gets everything that waits for it.
   */
  receive(outlet: Outlet, from: number, to: number, message: Uint8Array): void {
    const refusal = this.#put(from, to, message);
    this.#options.onMessage(from, to, message, refusal);
    if (this.#owners.get(from) !== outlet) {
      this.#owners.set(from, outlet);
      this.#unblock(from);
    }
    this.#settle();
  }

  /** An outlet has room again for messages to a VM, or, without a VM, to all that are its own. */
  resume(outlet: Outlet, vmid?: number): void {
    for (const blocked of vmid === undefined ? [...this.#blocked] : [vmid])
      if (this.#outlet(blocked) === outlet) this.#unblock(blocked);
    this.#settle();
  }

  /** An outlet is gone: its VMs fall back. */
  leave(outlet: Outlet): void {
    for (const [vmid, owner] of this.#owners) {
      if (owner !== outlet) continue;
      this.#owners.delete(vmid);
      this.#unblock(vmid);
    }
    this.#settle();
  }

  #outlet(vmid: number): Outlet | undefined {
    return this.#owners.get(vmid) ?? this.fallback;
  }

  /** @returns why the message is on no queue. */
  #put(from: number, to: number, message: Uint8Array): string | undefined {
    const queue = to === VMID_RM ? this.#manager.link(from)?.toManager : undefined;
    if (queue === undefined) return 'not queued: no such queue';
    if (message.byteLength === 0 || message.byteLength > queue.messageSizeMax) return 'not queued: size';
    if (this.#manager.panicked !== undefined) return 'not queued: the manager has died';
    queue.send(message);
    return undefined;
  }

  /** Lets the manager and the outlets work until neither has anything to do. */
  #settle(): void {
    this.#run();
    for (let at = 0; at < this.#order.length; at++) {
      if (!this.#deliver(this.#order[at] as number)) continue;
      // There is room on the queue now, which the manager may have waited for.
      this.#run();
    }
    this.#order = [];
    if (this.#manager.panicked !== undefined && this.#options.rebootOnPanic) this.#reboot();
  }

  #run(): void {
    this.#manager.run();
    const { panicked } = this.#manager;
    if (panicked === undefined || this.#panicTold) return;
    this.#panicTold = true;
    this.#options.onPanic(panicked);
  }

  /** Hands one message over. @returns whether there was one and it was taken. */
  #deliver(vmid: number): boolean {
    const outlet = this.#outlet(vmid);
    const link = this.#manager.link(vmid);
    if (outlet === undefined || link === undefined || this.#blocked.has(vmid)) {
      this.#blocked.add(vmid);
      return false;
    }
    const message = this.#held.get(vmid) ?? link.toVm.receive().message;
    if (message === undefined) return false;
    if (!outlet.send(vmid, message)) {
      this.#held.set(vmid, message);
      this.#blocked.add(vmid);
      return false;
    }
    this.#held.delete(vmid);
    return true;
  }

  /** Everything that waits for a VM is due again. */
  #unblock(vmid: number): void {
    if (!this.#blocked.delete(vmid)) return;
    const waiting = (this.#manager.link(vmid)?.toVm.count ?? 0) + (this.#held.has(vmid) ? 1 : 0);
    for (let index = 0; index < waiting; index++) this.#order.push(vmid);
  }

  #link(vmid: number, exists: boolean): void {
    if (exists) this.#linked.add(vmid);
    else this.#linked.delete(vmid);
    // What the old link's queue held is gone with it.
    this.#held.delete(vmid);
    this.#blocked.delete(vmid);
    this.onLink?.(vmid, exists);
  }

  #load(): void {
    for (const { address, bytes } of this.#options.memory)
      this.#manager.hypervisor.writeMemory(address, bytes);
  }

  #reboot(): void {
    // The primary VM's link is there again at once: peers that know its name need not notice.
    for (const vmid of [...this.#linked]) if (vmid !== VMID_HLOS) this.#link(vmid, false);
    this.#manager.reboot();
    this.#panicTold = false;
    this.#load();
  }
}
