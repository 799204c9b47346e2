import type { HypResource } from '../../../schemas/index.js';

/** A claim of a function, or of the manager's own paging, to one resource of a VM (`gunyah_vm_resource_ticket`). */
export interface Ticket {
  /** A value of `resource_type`. */
  readonly type: number;
  readonly label: number;
}

/** The resources that VM_GET_HYP_RESOURCES has listed and the tickets for them, matched by type and label. */
export class ResourceTable {
  readonly #tickets = new Map<string, HypResource | undefined>();
  /** Resources without a ticket. */
  readonly #spare = new Map<string, HypResource[]>();

  /** @returns false when there is such a ticket already. */
  addTicket(ticket: Ticket): boolean {
    const key = keyOf(ticket);
    if (this.#tickets.has(key)) return false;
    this.#tickets.set(key, this.#spare.get(key)?.shift());
    return true;
  }

  removeTicket(ticket: Ticket): void {
    const key = keyOf(ticket);
    const resource = this.#tickets.get(key);
    this.#tickets.delete(key);
    if (resource !== undefined) this.#addSpare(key, resource);
  }

  /** A second resource of the same type and label stays spare. */
  add(resource: HypResource): void {
    const key = keyOf({ type: resource.type, label: resource.resource_label });
    if (this.#tickets.has(key) && this.#tickets.get(key) === undefined) this.#tickets.set(key, resource);
    else this.#addSpare(key, resource);
  }

  of(ticket: Ticket): HypResource | undefined {
    return this.#tickets.get(keyOf(ticket));
  }

  clear(): void {
    this.#spare.clear();
    for (const key of this.#tickets.keys()) this.#tickets.set(key, undefined);
  }

  #addSpare(key: string, resource: HypResource): void {
    const list = this.#spare.get(key);
    if (list === undefined) this.#spare.set(key, [resource]);
    else list.push(resource);
  }
}

function keyOf({ type, label }: Ticket): string {
  return `${type}:${label}`;
}
