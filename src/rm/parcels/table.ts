import type { Parcel } from './parcel.js';

/** The one handle that is never given out. */
const HANDLE_INVALID = 0xffffffff;

/** Handles that end in the same bits share a list. A power of two. */
const LISTS = 64;
/** Parcels in such a list. */
const LIST_MAX = 64;

/** Removes an element, which usually is one of the last. */
function removeLate<T>(list: T[], element: T): void {
  const index = list.lastIndexOf(element);
  if (index === list.length - 1) list.pop();
  else list.splice(index, 1);
}

/** The parcels of a VM, by its VMID, each list oldest first. */
class ParcelsByVm {
  readonly #lists = new Map<number, Parcel[]>();

  get(vmid: number): readonly Parcel[] | undefined {
    return this.#lists.get(vmid);
  }

  add(vmid: number, parcel: Parcel): void {
    const list = this.#lists.get(vmid);
    if (list === undefined) this.#lists.set(vmid, [parcel]);
    else list.push(parcel);
  }

  delete(vmid: number, parcel: Parcel): void {
    removeLate(this.#lists.get(vmid) as Parcel[], parcel);
  }
}

/**
 * Parcels by handle, by owner, and by the VMs in their ACLs, oldest first. They are in lists, because V8 copies the table of
 * a map or a set every so many changes. A map has what is too much for short lists: parcels of VMs that were deallocated may
 * stay for ever.
 */
export class ParcelTable {
  /** By the last bits of the handle. */
  readonly #byHandle: (Parcel[] | undefined)[] = new Array(LISTS).fill(undefined);
  /** By handle: those whose list was full. */
  readonly #further = new Map<number, Parcel>();
  readonly #owned = new ParcelsByVm();
  readonly #named = new ParcelsByVm();
  #oldest: Parcel | undefined;
  #newest: Parcel | undefined;
  #next = 0;

  get(handle: number): Parcel | undefined {
    const list = this.#byHandle[handle & (LISTS - 1)];
    if (list !== undefined) for (const parcel of list) if (parcel.handle === handle) return parcel;
    return this.#further.size === 0 ? undefined : this.#further.get(handle);
  }

  /** The next handle: 0, 1, 2, ... It is used up even if the parcel cannot be made. */
  takeHandle(): number {
    for (;;) {
      const handle = this.#next;
      this.#next = (handle + 1) >>> 0;
      if (handle !== HANDLE_INVALID && this.get(handle) === undefined) return handle;
    }
  }

  /** Has the next parcel get this handle, since a manager that is followed was seen to give it out. */
  set nextHandle(handle: number) {
    this.#next = handle;
  }

  add(parcel: Parcel): void {
    const place = parcel.handle & (LISTS - 1);
    const list = this.#byHandle[place];
    if (list === undefined) this.#byHandle[place] = [parcel];
    else if (list.length < LIST_MAX) list.push(parcel);
    else this.#further.set(parcel.handle, parcel);
    parcel.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = parcel;
    else this.#newest.newer = parcel;
    this.#newest = parcel;
    this.#owned.add(parcel.owner, parcel);
    for (const { vmid } of parcel.participants) this.#named.add(vmid, parcel);
  }

  delete(parcel: Parcel): void {
    if (this.#further.size === 0 || !this.#further.delete(parcel.handle))
      removeLate(this.#byHandle[parcel.handle & (LISTS - 1)] as Parcel[], parcel);
    const { older, newer } = parcel;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    this.#owned.delete(parcel.owner, parcel);
    for (const { vmid } of parcel.participants) this.#named.delete(vmid, parcel);
  }

  /** Parcels whose ACL names a VM, oldest first; a copy, so the caller may delete from the table. */
  namedFor(vmid: number): readonly Parcel[] {
    return this.#named.get(vmid)?.slice() ?? [];
  }

  /** Parcels of one owner, oldest first, those of its earlier lives included. A list that the table changes. */
  ownedBy(vmid: number): readonly Parcel[] {
    return this.#owned.get(vmid) ?? [];
  }

  /** All parcels, oldest first. */
  *all(): Generator<Parcel> {
    for (let parcel = this.#oldest; parcel !== undefined; parcel = parcel.newer) yield parcel;
  }
}
