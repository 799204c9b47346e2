import type { Link } from '../rm/index.js';
import type { VmPort } from './vm-port.js';

/** More messages than any VM takes. */
export const UNLIMITED = 0x7fffffff;

export interface ReceivingVmsOptions<Port extends VmPort> {
  readonly newPort: (vmid: number) => Port;
  /** The link of a VM at the moment. */
  readonly linkOf: (vmid: number) => Link | undefined;
  /** Messages vanished from the queue to a VM because its link came to an end. */
  readonly onLost: (vmid: number, count: number) => void;
}

/** The receiving side of all VMs: which messages wait for whom, and in which order RM sent them. */
export class ReceivingVms<Port extends VmPort = VmPort> {
  readonly #options: ReceivingVmsOptions<Port>;
  /** By VMID. */
  #ports = new Map<number, Port>();
  /** The same in the order in which the VMs first used a queue. */
  #inOrder: Port[] = [];
  #nextPlace = 0;
  /** Messages that wait on all queues together. */
  #count = 0;

  constructor(options: ReceivingVmsOptions<Port>) {
    this.#options = options;
  }

  /** The port of a VM, made when it is asked for first. */
  port(vmid: number): Port {
    let port = this.#ports.get(vmid);
    if (port === undefined) {
      port = this.#options.newPort(vmid);
      this.#ports.set(vmid, port);
      this.#inOrder.push(port);
    }
    return port;
  }

  /** All ports, in the order in which the VMs first used a queue. */
  get ports(): readonly Port[] {
    return this.#inOrder;
  }

  /** RM has put a message on the queue to a VM. @returns undefined when the VM has no link any more. */
  sent(vmid: number): Port | undefined {
    const link = this.#options.linkOf(vmid);
    if (link === undefined) return undefined;
    const port = this.port(vmid);
    if (port.link !== link) this.forgetLost(port);
    port.link = link;
    port.waiting.push(this.#nextPlace++);
    this.#count++;
    return port;
  }

  /** The VM with the oldest message among those that may take one. */
  oldest(mayTake: (port: Port) => boolean): Port | undefined {
    if (this.#count === 0) return undefined;
    let oldest: Port | undefined;
    let place = Number.POSITIVE_INFINITY;
    for (const port of this.#inOrder) {
      if (port.waiting.length === 0) continue;
      this.forgetLost(port);
      const first = port.waiting[0];
      if (first === undefined || first >= place || port.allowance <= 0 || !mayTake(port)) continue;
      oldest = port;
      place = first;
    }
    return oldest;
  }

  /** A VM takes its oldest message. @returns undefined when its queue is empty. */
  take(port: Port): Uint8Array | undefined {
    const message = port.link?.toVm.receive().message;
    if (port.waiting.shift() !== undefined) this.#count--;
    port.allowance--;
    return message;
  }

  /** VMs for which messages wait. */
  *waitedFor(): Generator<number> {
    for (const port of this.#inOrder) {
      this.forgetLost(port);
      if (port.waiting.length > 0) yield port.vmid;
    }
  }

  /** Forgets messages whose link is gone: they vanished with its queue. */
  forgetLost(port: Port): void {
    if (port.link === undefined || port.link === this.#options.linkOf(port.vmid)) return;
    const count = port.waiting.length;
    if (count > 0) this.#options.onLost(port.vmid, count);
    this.#count -= count;
    port.waiting.length = 0;
    port.link = undefined;
  }

  /** From now on a VM takes only so many more messages. */
  limit(vmid: number, count: number): void {
    this.port(vmid).allowance = count;
  }

  /** All VMs take everything again. */
  unlimit(): void {
    for (const port of this.#inOrder) port.allowance = UNLIMITED;
  }

  /** The machine boots: there are no VMs yet. */
  clear(): void {
    // New ones: a map that is emptied keeps in V8 its former table, and with it the links, until all is collected.
    this.#ports = new Map();
    this.#inOrder = [];
    this.#count = 0;
  }
}
