import type { Link, ResourceManager } from '../rm/index.js';

/** A queue message as it was taken off a queue. */
export interface Taken {
  readonly to: number;
  readonly frame: Uint8Array;
}

interface Waiting {
  readonly link: Link;
  /** Place in the order in which the manager put messages on all queues. */
  readonly stamp: number;
}

/**
 * The receiving side of all VMs, as the recordings were taken (rm-internals.md, section 10): while the manager has
 * nothing to do, the oldest message over all queues is taken, one at a time, and the manager runs again before
 * the next.
 */
export class Taker {
  readonly #waiting = new Map<number, Waiting[]>();
  readonly #allowance = new Map<number, number>();
  #stamp = 0;

  /** @param executing whether a VM can take messages at all; on a real machine only one that runs can. */
  constructor(private readonly executing: (vmid: number) => boolean = () => true) {}

  /** To be called for every message that the manager puts on a queue. */
  sent(link: Link | undefined, vmid: number): void {
    if (link === undefined) return;
    let list = this.#waiting.get(vmid);
    if (list === undefined) {
      list = [];
      this.#waiting.set(vmid, list);
    }
    list.push({ link, stamp: this.#stamp++ });
  }

  /** From now on a VM takes only so many more messages. */
  limit(vmid: number, count: number): void {
    this.#allowance.set(vmid, count);
  }

  /** All VMs take everything again. */
  unlimit(): void {
    this.#allowance.clear();
  }

  /** Lets the manager run and the VMs take until neither has anything to do. */
  settle(manager: ResourceManager): Taken[] {
    const taken: Taken[] = [];
    for (;;) {
      manager.run();
      if (manager.panicked !== undefined) return taken;
      const vmid = this.#oldest(manager);
      if (vmid === undefined) return taken;
      const left = this.#allowance.get(vmid);
      if (left !== undefined) this.#allowance.set(vmid, left - 1);
      const frame = this.#waiting.get(vmid)?.shift()?.link.toVm.receive().message;
      if (frame !== undefined) taken.push({ to: vmid, frame });
    }
  }

  /** The VM with the oldest message that it may take; what was queued on links that are gone is forgotten. */
  #oldest(manager: ResourceManager): number | undefined {
    let oldest: number | undefined;
    let stamp = Number.POSITIVE_INFINITY;
    for (const [vmid, list] of this.#waiting) {
      const link = manager.link(vmid);
      while (list[0] !== undefined && list[0].link !== link) list.shift();
      const first = list[0];
      if (first === undefined || first.stamp >= stamp) continue;
      if ((this.#allowance.get(vmid) ?? 1) <= 0 || !this.executing(vmid)) continue;
      oldest = vmid;
      stamp = first.stamp;
    }
    return oldest;
  }
}
