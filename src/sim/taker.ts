import { constants } from '../../schemas/index.js';
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
  #shares: Map<number, number> | undefined;
  #stamp = 0;
  /** Messages in all lists together. */
  #count = 0;

  /** To be called for every message that the manager puts on a queue. */
  sent(link: Link | undefined, vmid: number): void {
    if (link === undefined) return;
    let list = this.#waiting.get(vmid);
    if (list === undefined) {
      list = [];
      this.#waiting.set(vmid, list);
    }
    list.push({ link, stamp: this.#stamp++ });
    this.#count++;
  }

  /** From now on a VM takes only so many more messages. */
  limit(vmid: number, count: number): void {
    this.#allowance.set(vmid, count);
  }

  /**
   * From now on VMs other than HLOS take only so many messages each, those that are not named none: real VMs take
   * theirs when they come to run.
   */
  share(taken: readonly Taken[]): void {
    this.#shares = new Map();
    for (const { to } of taken) this.#shares.set(to, (this.#shares.get(to) ?? 0) + 1);
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
      countDown(this.#allowance, vmid);
      if (this.#shares !== undefined) countDown(this.#shares, vmid);
      const first = this.#shift(this.#waiting.get(vmid) ?? []);
      const frame = first?.link.toVm.receive().message;
      if (frame !== undefined) taken.push({ to: vmid, frame });
    }
  }

  /** The VM with the oldest message that it may take. */
  #oldest(manager: ResourceManager): number | undefined {
    if (this.#count === 0) return undefined;
    let oldest: number | undefined;
    let stamp = Number.POSITIVE_INFINITY;
    for (const [vmid, list] of this.#waiting) {
      const first = this.#first(manager, vmid, list);
      if (first === undefined || first.stamp >= stamp || !this.#mayTake(vmid)) continue;
      oldest = vmid;
      stamp = first.stamp;
    }
    return oldest;
  }

  #mayTake(vmid: number): boolean {
    if ((this.#allowance.get(vmid) ?? 1) <= 0) return false;
    return this.#shares === undefined || vmid === constants.VMID_HLOS || (this.#shares.get(vmid) ?? 0) > 0;
  }

  /** VMs for which messages wait. */
  *waitedFor(manager: ResourceManager): Generator<number> {
    for (const [vmid, list] of this.#waiting) if (this.#first(manager, vmid, list) !== undefined) yield vmid;
  }

  /** The oldest message that waits for a VM; what was queued on links that are gone is forgotten. */
  #first(manager: ResourceManager, vmid: number, list: Waiting[]): Waiting | undefined {
    const link = manager.link(vmid);
    while (list[0] !== undefined && list[0].link !== link) this.#shift(list);
    return list[0];
  }

  #shift(list: Waiting[]): Waiting | undefined {
    if (list.length > 0) this.#count--;
    return list.shift();
  }
}

function countDown(counts: Map<number, number>, vmid: number): void {
  const left = counts.get(vmid);
  if (left !== undefined) counts.set(vmid, left - 1);
}
