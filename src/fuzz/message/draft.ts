import {
  BYTES_MAX,
  ENTRIES_MAX,
  ENTRY_WIDTH,
  type FieldShape,
  type ListShape,
  type MessageShape,
  type ScalarShape,
} from './message-shape.js';

const SCALARS_MAX = 24;
const LISTS_MAX = 3;
/** Room for payloads that mutations make longer than RM takes, bytes. */
const PAYLOAD_MAX = 16_384;
const WORD = 2 ** 32;

/** One list of a draft: {@link ENTRY_WIDTH} numbers for each entry. */
export class ListDraft {
  readonly numbers = new Float64Array(ENTRIES_MAX * ENTRY_WIDTH);
  count = 0;
  /** Count as written, when it is not {@link count}. */
  declared: number | undefined;

  clear(): void {
    this.count = 0;
    this.declared = undefined;
  }

  /** Adds an entry, if there is room. */
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
 * The request that is being built. Its arrays are used again for the next one, so that a message costs no allocation.
 * Numbers are two's complement: -1 is all ones in a field of any width.
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
  /** Length of the bytes as written, when it is not {@link byteCount}. */
  lengthDeclared: number | undefined;
  /** Value of padding bytes. */
  padding = 0;
  /** Trailing fields that are left out, one bit each. */
  leftOut = 0;
  /** Conditional fields that are present against their condition, one bit each. */
  forced = 0;
  readonly payload = new Uint8Array(PAYLOAD_MAX);
  readonly #view = new DataView(this.payload.buffer);
  size = 0;

  /** Begins a request: all numbers are zero, all lists are empty. */
  begin(shape: MessageShape, sender: number): void {
    this.shape = shape;
    this.sender = sender;
    this.id = shape.id;
    // A loop: most requests have a few numbers, for which a call of `fill` takes longer.
    for (let slot = 0; slot < shape.scalarCount; slot++) this.numbers[slot] = 0;
    for (let index = 0; index < shape.lists.length; index++) (this.lists[index] as ListDraft).clear();
    this.byteCount = 0;
    this.lengthDeclared = undefined;
    this.padding = 0;
    this.leftOut = 0;
    this.forced = 0;
    this.size = 0;
  }

  /** @throws UsageError for an unknown name. */
  set(name: string, value: number): void {
    this.numbers[this.shape.slot(name)] = value;
  }

  list(index: number): ListDraft {
    return this.lists[index] as ListDraft;
  }

  /** The list with one entry of zeros, if it was empty. */
  filledList({ index }: ListShape): ListDraft {
    const list = this.list(index);
    if (list.count === 0) list.add(0);
    return list;
  }

  /** Writes the payload. */
  write(): void {
    let at = 0;
    const { fields, lengthSlot } = this.shape;
    for (let index = 0; index < fields.length; index++) {
      const field = fields[index] as FieldShape;
      if (field.isConditional && !this.#isPresent(field, index)) continue;
      if (field.scalar !== undefined) {
        const { slot, width } = field.scalar;
        const isLength = slot === lengthSlot;
        at = this.#put(
          at,
          width,
          isLength ? (this.lengthDeclared ?? this.byteCount) : (this.numbers[slot] as number),
        );
      } else if (field.list !== undefined) at = this.#putList(at, field.list);
      else if (field.bytes !== undefined) at = this.#putBytes(at, field.bytes.padTo);
    }
    this.size = at;
  }

  #isPresent({ when, trailing }: FieldShape, index: number): boolean {
    if ((this.forced & (1 << index)) !== 0) return true;
    if (trailing && (this.leftOut & (1 << index)) !== 0) return false;
    return when === undefined || ((this.numbers[when.slot] as number) & when.mask) !== 0;
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
    const { count, declared, numbers } = this.list(list.index);
    let at = this.#put(start, list.countWidth, declared ?? count);
    for (const { slot, width } of list.headerWords) at = this.#put(at, width, this.numbers[slot] as number);
    const scalars = this.entryOf(list);
    for (let entry = 0; entry < count; entry++)
      for (let index = 0; index < scalars.length; index++) {
        const { slot, width } = scalars[index] as ScalarShape;
        at = this.#put(at, width, numbers[entry * ENTRY_WIDTH + slot] as number);
      }
    return at;
  }

  /** The scalars of a list's entries. The draft's selector chooses the layout; the first one if its value has none. */
  entryOf({ selector, entries }: ListShape): readonly ScalarShape[] {
    const chosen = entries.get(selector < 0 ? 0 : (this.numbers[selector] as number));
    return chosen ?? (entries.values().next().value as readonly ScalarShape[]);
  }

  #putBytes(start: number, padTo: number): number {
    for (let index = 0; index < this.byteCount; index++)
      this.payload[start + index] = this.bytes[index] as number;
    let at = start + this.byteCount;
    for (; (at - start) % padTo !== 0; at++) this.payload[at] = this.padding;
    return at;
  }
}
