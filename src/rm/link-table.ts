import type { InferInput, Notification } from '../schema/index.js';
import { QUEUE_DEPTH_DEFAULT, type QueueOptions } from '../transport/index.js';
import { Link, type LinkOwner } from './link.js';
import { notificationBytes } from './payload.js';
import { VMID_COUNT } from './vm-table.js';

export interface LinkTableOptions {
  /** Depth of the primary VM's queues; another one than the usual depth replaces the depth of all queues. */
  readonly queueDepth: number;
  readonly rules: QueueOptions['rules'] & string;
  /** A notification is for a VM that has no link. */
  readonly noLink: () => void;
  /** A link comes or goes. */
  readonly onLink: ((vmid: number, exists: boolean) => void) | undefined;
}

/** The RPC links by VMID. */
export class LinkTable {
  readonly #links = new Array<Link | undefined>(VMID_COUNT).fill(undefined);
  readonly #owner: LinkOwner;
  readonly #options: LinkTableOptions;

  constructor(owner: LinkOwner, options: LinkTableOptions) {
    this.#owner = owner;
    this.#options = options;
  }

  get(vmid: number): Link | undefined {
    return this.#links[vmid];
  }

  /** Makes a VM's link. @returns false when one exists for that VMID. */
  add(vmid: number, depth?: number, messageSizeMax?: number): boolean {
    if (this.get(vmid) !== undefined) return false;
    const { queueDepth, rules } = this.#options;
    const link = new Link(vmid, this.#owner, {
      depth: queueDepth === QUEUE_DEPTH_DEFAULT ? (depth ?? queueDepth) : queueDepth,
      ...(messageSizeMax === undefined ? {} : { messageSizeMax }),
      rules,
    });
    this.#links[vmid] = link;
    this.#options.onLink?.(vmid, true);
    return true;
  }

  /** Closes a VM's link. @returns false when there is none. */
  remove(vmid: number): boolean {
    const link = this.get(vmid);
    if (link === undefined) return false;
    link.close();
    this.#links[vmid] = undefined;
    this.#options.onLink?.(vmid, false);
    return true;
  }

  /** Sends a VM a notification. */
  notify<N extends Notification>(vmid: number, message: N, value: InferInput<N['payload']>): void {
    const link = this.get(vmid);
    if (link === undefined) this.#options.noLink();
    else link.notify(message.id, notificationBytes(message.payload, value));
  }
}
