/** Memory requests read without the codec, by the layouts of rpc.md and messages.md, so that codec mistakes show. */

export interface Range {
  readonly ipa: number;
  readonly size: number;
}

export interface CreateRequest {
  readonly memType: number;
  readonly targets: readonly number[];
  readonly ranges: readonly Range[];
}

export interface AcceptRequest {
  readonly handle: number;
  readonly done: boolean;
  readonly ranges: readonly Range[];
}

const LIST_HEADER_SIZE = 4;
const RANGE_SIZE = 16;
const DONE = 0x80;

class Lists {
  readonly #view: DataView;
  #at: number;

  constructor(view: DataView, at: number) {
    this.#view = view;
    this.#at = at;
  }

  /** Entries of the next list; a payload may end before its last lists. */
  next<T>(entrySize: number, read: (offset: number) => T): T[] {
    if (this.#at + LIST_HEADER_SIZE > this.#view.byteLength) return [];
    const count = this.#view.getUint16(this.#at, true);
    const first = this.#at + LIST_HEADER_SIZE;
    this.#at = first + count * entrySize;
    return Array.from({ length: count }, (_, index) => read(first + index * entrySize));
  }

  ranges(): Range[] {
    return this.next(RANGE_SIZE, (offset) => ({
      ipa: Number(this.#view.getBigUint64(offset, true)),
      size: Number(this.#view.getBigUint64(offset + 8, true)),
    }));
  }

  vmids(): number[] {
    return this.next(4, (offset) => this.#view.getUint16(offset, true));
  }
}

/** MEM_DONATE, MEM_LEND, MEM_SHARE. */
export function readCreate(view: DataView): CreateRequest {
  const lists = new Lists(view, 8);
  const targets = lists.vmids();
  return { memType: view.getUint8(0), targets, ranges: lists.ranges() };
}

/** MEM_APPEND. */
export function readAppend(view: DataView): { readonly handle: number; readonly ranges: readonly Range[] } {
  return { handle: readWord(view), ranges: new Lists(view, 8).ranges() };
}

/** MEM_ACCEPT. */
export function readAccept(view: DataView): AcceptRequest {
  const lists = new Lists(view, 12);
  lists.vmids();
  return { handle: readWord(view), done: (view.getUint8(6) & DONE) !== 0, ranges: lists.ranges() };
}

/** Addresses that RM chose: the reply of MEM_ACCEPT behind its error word. */
export function readAccepted(view: DataView): readonly Range[] {
  return new Lists(view, 0).ranges();
}

/** The first word: a handle, or a VMID in its low half. */
export function readWord(view: DataView): number {
  return view.getUint32(0, true);
}

/** FW_SET_VM_FIRMWARE: the parcel. */
export function readFirmware(view: DataView): number {
  return view.getUint32(4, true);
}
