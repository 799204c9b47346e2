import type { Parcel } from './parcel.js';

/** The one handle that is never given out. */
const HANDLE_INVALID = 0xffffffff;

/** Parcels by handle, and by the VMs in their ACLs, oldest first. */
export class ParcelTable {
  readonly #parcels = new Map<number, Parcel>();
  /** By VMID. Lists, because a set that changes all the time is made anew again and again. */
  readonly #byVm = new Map<number, Parcel[]>();
  #next = 0;

  get(handle: number): Parcel | undefined {
    return this.#parcels.get(handle);
  }

  /** The next handle: 0, 1, 2, ... It is used up even if the parcel cannot be made. */
  takeHandle(): number {
    for (;;) {
      const handle = this.#next;
      this.#next = (handle + 1) >>> 0;
      if (handle !== HANDLE_INVALID && !this.#parcels.has(handle)) return handle;
    }
  }

  /** Has the next parcel get this handle, since a manager that is followed was seen to give it out. */
  set nextHandle(handle: number) {
    this.#next = handle;
  }

  add(parcel: Parcel): void {
    this.#parcels.set(parcel.handle, parcel);
    for (const { vmid } of parcel.participants) {
      let list = this.#byVm.get(vmid);
      if (list === undefined) {
        list = [];
        this.#byVm.set(vmid, list);
      }
      list.push(parcel);
    }
  }

  delete(parcel: Parcel): void {
    this.#parcels.delete(parcel.handle);
    for (const { vmid } of parcel.participants) {
      const list = this.#byVm.get(vmid) ?? [];
      const index = list.lastIndexOf(parcel);
      if (index === list.length - 1) list.pop();
      else list.splice(index, 1);
    }
  }

  /** Parcels whose ACL names a VM, oldest first; a copy, so the caller may delete from the table. */
  namedFor(vmid: number): readonly Parcel[] {
    return this.#byVm.get(vmid)?.slice() ?? [];
  }

  /** Parcels of one owner, oldest first. */
  *ownedBy(vmid: number): Generator<Parcel> {
    for (const parcel of this.#parcels.values()) if (parcel.owner === vmid) yield parcel;
  }

  /** All parcels, oldest first. */
  all(): Iterable<Parcel> {
    return this.#parcels.values();
  }
}
