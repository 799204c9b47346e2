import { constants } from '../../schemas/index.js';
import { Machine, VmPort } from '../machine/index.js';
import { type ManagerProfile, managers, type PanicReason, type PlatformProfile } from '../rm/index.js';

const { VMID_HLOS, VMID_RM } = constants;

/** Where messages to a VM go: a connection, a socket. */
export interface Outlet {
  /**
   * Takes one queue message for a VM, whose bytes stay as they are. False when it cannot be taken now: the message
   * is kept, and offered again after {@link LiveManager.resume}.
   */
  send(vmid: number, message: Uint8Array): boolean;
  /** Ends the connection, if it is one. */
  close?(): void;
}

/** Bytes that are in physical memory when the manager boots. */
export interface MemoryContents {
  /** Physical address of the first byte. */
  readonly address: number;
  readonly bytes: Uint8Array;
}

/** Whom the peers of a server speak to: a manager, or a relay to one. */
export interface Counterpart {
  /** A VM, 0..65535, puts a message on its queue to another. */
  receive(outlet: Outlet, from: number, to: number, message: Uint8Array): void;
  /** An outlet has room again for messages to a VM, or, without a VM, to all that are its own. */
  resume(outlet: Outlet, vmid?: number): void;
  /** An outlet is gone. */
  leave(outlet: Outlet): void;
}

export interface LiveOptions {
  readonly platform: PlatformProfile;
  /** By default the public one of December 2023. */
  readonly manager?: ManagerProfile | undefined;
  /** Answers with an error where the public manager dies. */
  readonly careful: boolean;
  /** Loaded at each boot. */
  readonly memory: readonly MemoryContents[];
  /** Boots again after a panic. Otherwise the manager stays silent from then on. */
  readonly rebootOnPanic: boolean;
  /** Called when the manager dies, with the place in it. */
  readonly onPanic: (reason: PanicReason) => void;
  /** Called for every message. `refusal` says why it is on no queue; undefined when it is on one. */
  readonly onMessage: (from: number, to: number, message: Uint8Array, refusal: string | undefined) => void;
}

/** A VM whose messages an outlet takes. */
class OutletPort extends VmPort {
  /** A message that was taken off the queue and that the outlet refused. */
  refused: Uint8Array | undefined;
  /** Nobody takes messages for the VM until its outlet resumes or it gets another one. */
  blocked = false;
}

/**
 * A simulated manager whose VMs are elsewhere: a VM takes a message when its outlet does. A VM belongs to the outlet
 * that last sent as it, else to the fallback. One message that the outlet refuses is held here, as a VM would hold it
 * after taking it. The rest stays on the queue, where the manager's own limits apply, so an outlet that takes nothing
 * costs neither memory nor anyone else's progress.
 */
export class LiveManager implements Counterpart {
  /** Gets the messages to VMs that no other outlet has spoken for. */
  fallback: Outlet | undefined;
  /** A VM's RPC link now exists, perhaps in place of an earlier one, or no longer exists. */
  onLink: ((vmid: number, exists: boolean) => void) | undefined;
  readonly #options: LiveOptions;
  readonly #machine: Machine<OutletPort>;
  readonly #linked = new Set<number>([VMID_HLOS]);
  readonly #owners = new Map<number, Outlet>();

  constructor(options: LiveOptions) {
    this.#options = options;
    const { platform, manager, careful, onMessage, onPanic } = options;
    this.#machine = new Machine({
      manager: {
        platform,
        profile: manager ?? managers.rm23,
        careful,
        onLink: (vmid, exists) => this.#link(vmid, exists),
      },
      newPort: (vmid) => new OutletPort(vmid),
      onSent: (vmid, frame) => onMessage(VMID_RM, vmid, frame, undefined),
      onPanic,
    });
    this.#load();
  }

  /** VMs that have an RPC link. */
  get linked(): ReadonlySet<number> {
    return this.#linked;
  }

  /**
   * A VM, 0..65535, puts a message on its queue to another. A message that no queue takes is dropped. The VM now belongs
   * to this outlet, which gets everything that waits for it.
   */
  receive(outlet: Outlet, from: number, to: number, message: Uint8Array): void {
    const refusal = this.#put(from, to, message);
    this.#options.onMessage(from, to, message, refusal);
    if (this.#owners.get(from) !== outlet) {
      this.#owners.set(from, outlet);
      this.#unblock(this.#machine.vms.port(from));
    }
    this.#settle();
  }

  /** An outlet has room again for messages to a VM, or, without a VM, to all that are its own. */
  resume(outlet: Outlet, vmid?: number): void {
    for (const port of this.#machine.vms.ports)
      if ((vmid ?? port.vmid) === port.vmid && this.#outlet(port.vmid) === outlet) this.#unblock(port);
    this.#settle();
  }

  /** An outlet is gone: its VMs belong to the fallback. */
  leave(outlet: Outlet): void {
    for (const [vmid, owner] of this.#owners) {
      if (owner !== outlet) continue;
      this.#owners.delete(vmid);
      this.#unblock(this.#machine.vms.port(vmid));
    }
    this.#settle();
  }

  #outlet(vmid: number): Outlet | undefined {
    return this.#owners.get(vmid) ?? this.fallback;
  }

  /** @returns why the message is on no queue. */
  #put(from: number, to: number, message: Uint8Array): string | undefined {
    const { manager } = this.#machine;
    const queue = to === VMID_RM ? manager.link(from)?.toManager : undefined;
    if (queue === undefined) return 'not queued: no such queue';
    if (message.byteLength === 0 || message.byteLength > queue.messageSizeMax) return 'not queued: size';
    if (manager.panicked !== undefined) return 'not queued: the manager has died';
    this.#machine.put(from, message);
    return undefined;
  }

  /** Lets the manager and the outlets work until neither has anything to do. */
  #settle(): void {
    const { manager, vms } = this.#machine;
    for (;;) {
      // A message that was taken made room on the queue, which the manager may wait for.
      manager.run();
      const port = vms.oldest(({ blocked }) => !blocked);
      if (port === undefined) break;
      this.#deliver(port);
    }
    if (manager.panicked !== undefined && this.#options.rebootOnPanic) this.#reboot();
  }

  /** A VM takes its oldest message, when there is an outlet for it. */
  #deliver(port: OutletPort): void {
    const outlet = this.#outlet(port.vmid);
    if (outlet === undefined) port.blocked = true;
    else this.#offer(port, outlet, this.#machine.vms.take(port));
  }

  #offer(port: OutletPort, outlet: Outlet, message: Uint8Array | undefined): void {
    port.blocked = message !== undefined && !outlet.send(port.vmid, message);
    port.refused = port.blocked ? message : undefined;
  }

  /** Someone may take a VM's messages now: the one that was refused goes first. */
  #unblock(port: OutletPort): void {
    if (!port.blocked) return;
    const outlet = this.#outlet(port.vmid);
    if (outlet !== undefined) this.#offer(port, outlet, port.refused);
  }

  #link(vmid: number, exists: boolean): void {
    if (exists) this.#linked.add(vmid);
    else {
      this.#linked.delete(vmid);
      // What the VM had not taken is gone with the link.
      const port = this.#machine.vms.port(vmid);
      port.refused = undefined;
      port.blocked = false;
    }
    this.onLink?.(vmid, exists);
  }

  #load(): void {
    for (const { address, bytes } of this.#options.memory) this.#machine.load(address, bytes);
  }

  #reboot(): void {
    // The primary VM's link exists again at once, so its name stays bound for peers that know it.
    for (const vmid of [...this.#linked]) if (vmid !== VMID_HLOS) this.#link(vmid, false);
    this.#machine.reboot();
    this.#load();
  }
}
