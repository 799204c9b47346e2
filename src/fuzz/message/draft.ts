import {
  BYTES_MAX,
  ENTRY_WIDTH,
  type FieldShape,
  type ListShape,
  type MessageShape,
} from './message-shape.js';

/** Numbers that stand for no list length: the list has as many entries as it says. */
const AS_MANY = -1;
const ENTRIES_MAX = 600;
const SCALARS_MAX = 24;
const LISTS_MAX = 3;
/** A payload may be cut or grown after it was written. */
const PAYLOAD_MAX = 16_384;
const WORD = 2 ** 32;

/** One list of a draft: entries in one array, {@link ENTRY_WIDTH} numbers each. */
export class ListDraft {
  readonly numbers = new Float64Array(ENTRIES_MAX * ENTRY_WIDTH);
  count = 0;
  /** Count as written, where it is to be another one than that of the entries. */
  declared = AS_MANY;

  clear(): void {
    this.count = 0;
    this.declared = AS_MANY;
  }

  /** Adds an entry; those that are too many for any message are left out. */
  add(first: number, second = 0, third = 0, fourth = 0): void {
    if (this.count === ENTRIES_MAX) return;
    const at = this.count++ * ENTRY_WIDTH;
    this.numbers[at] = first;
    this.numbers[at + 1] = second;
    this.numbers[at + 2] = third;
    this.numbers[at + 3] = fourth;
  }

  get(entry: number, slot: number): number {
    return this.numbers[entry * ENTRY_WIDTH + slot] as number;
  }

  set(entry: number, slot: number, value: number): void {
    this.numbers[entry * ENTRY_WIDTH + slot] = value;
  }
}

/**
 * One request in the making: numbers in arrays that are used over and over, so that making a message allocates
 * nothing. Numbers are two's complement: -1 is all ones in a field of any width.
 */
export class Draft {
  shape!: MessageShape;
  /** VMID that sends it. */
  sender = 0;
  /** Message id as sent. */
  id = 0;
  readonly numbers = new Float64Array(SCALARS_MAX);
  readonly lists: readonly ListDraft[] = Array.from({ length: LISTS_MAX }, () => new ListDraft());
  readonly bytes = new Uint8Array(BYTES_MAX);
  byteCount = 0;
  /** Length as written, where it is to be another one than that of the bytes. */
  lengthDeclared = AS_MANY;
  /** What padding is filled with. */
  padding = 0;
  /** Parts that may be there and are not, and that are there against their condition; one bit each. */
  leftOut = 0;
  forced = 0;
  readonly payload = new Uint8Array(PAYLOAD_MAX);
  readonly #view = new DataView(this.payload.buffer);
  size = 0;

  /** Begins a request: all zeros, all lists empty. */
  begin(shape: MessageShape, sender: number): void {
    this.shape = shape;
    this.sender = sender;
    this.id = shape.id;
    this.numbers.fill(0, 0, shape.scalarCount);
    for (let index = 0; index < shape.lists.length; index++) this.list(index).clear();
    this.byteCount = 0;
    this.lengthDeclared = AS_MANY;
    this.padding = 0;
    this.leftOut = 0;
    this.forced = 0;
    this.size = 0;
  }

  list(index: number): ListDraft {
    return this.lists[index] as ListDraft;
  }

  /** Writes the payload as the draft says. */
  write(): void {
    let at = 0;
    const { parts } = this.shape;
    for (let index = 0; index < parts.length; index++) {
      const part = parts[index] as FieldShape;
      if (!this.#isThere(part, index)) continue;
      if (part.scalar !== undefined) {
        const { slot, width } = part.scalar;
        at = this.#put(at, width, this.#isLength(slot) ? this.#length() : (this.numbers[slot] as number));
      } else if (part.list !== undefined) at = this.#putList(at, part.list);
      else if (part.bytes !== undefined) at = this.#putBytes(at, part.bytes.padTo);
    }
    this.size = at;
  }

  #isThere({ when, trailing }: FieldShape, index: number): boolean {
    if ((this.forced & (1 << index)) !== 0) return true;
    if (trailing && (this.leftOut & (1 << index)) !== 0) return false;
    return when === undefined || ((this.numbers[when.slot] as number) & when.mask) !== 0;
  }

  #isLength(slot: number): boolean {
    return this.shape.lengthSlot === slot;
  }

  #length(): number {
    return this.lengthDeclared === AS_MANY ? this.byteCount : this.lengthDeclared;
  }

  #put(at: number, width: number, value: number): number {
    const view = this.#view;
    switch (width) {
      case 1:
        view.setUint8(at, value);
        break;
      case 2:
        view.setUint16(at, value, true);
        break;
      case 3:
        view.setUint16(at, value, true);
        view.setUint8(at + 2, value / 0x10000);
        break;
      case 4:
        view.setUint32(at, value, true);
        break;
      default:
        view.setUint32(at, value, true);
        view.setUint32(at + 4, Math.floor(value / WORD), true);
    }
    return at + width;
  }

  #putList(start: number, list: ListShape): number {
    const draft = this.list(list.index);
    let at = this.#put(start, list.countWidth, draft.declared === AS_MANY ? draft.count : draft.declared);
    for (const { slot, width } of list.seconds) at = this.#put(at, width, this.numbers[slot] as number);
    const scalars = this.entryOf(list);
    for (let entry = 0; entry < draft.count; entry++)
      for (let index = 0; index < scalars.length; index++) {
        const { slot, width } = scalars[index] as (typeof scalars)[number];
        at = this.#put(at, width, draft.get(entry, slot));
      }
    return at;
  }

  /** The scalars of a list's entries, as what the draft says so far decides. */
  entryOf({ selector, entries }: ListShape): readonly ListShape['seconds'][number][] {
    const chosen = selector < 0 ? entries.get(0) : entries.get(this.numbers[selector] as number);
    return chosen ?? (entries.values().next().value as ListShape['seconds']);
  }

  #putBytes(start: number, padTo: number): number {
    for (let index = 0; index < this.byteCount; index++)
      this.payload[start + index] = this.bytes[index] as number;
    let at = start + this.byteCount;
    for (; (at - start) % padTo !== 0; at++) this.payload[at] = this.padding;
    return at;
  }
}
