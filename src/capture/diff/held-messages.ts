import { messageTypeNames } from '../../schema/index.js';
import type { CaptureRecord, RecordType } from '../records/index.js';
import { PayloadWords } from './payload-words.js';

/** Places to begin with. Doubled five times there is room for two windows and what is read at once. */
const CAPACITY = 3 << 10;
/** Bytes of memory. What is above this counts as this: a window has room for far less. */
const MEMORY_MAX = 1 << 30;

/** The numbers of a row. */
const Column = {
  no: 0,
  from: 1,
  to: 2,
  type: 3,
  seq: 4,
  hasId: 5,
  id: 6,
  hash: 7,
  memory: 8,
  size: 9,
  /** Index of the first word of the payload, if it has a size. */
  payload: 10,
} as const;
const ROW_SIZE = Object.keys(Column).length;

/** What of two messages need not be equal, so that they count as the same sort. */
export interface AnyOf {
  readonly from: boolean;
  readonly to: boolean;
  readonly type: boolean;
  readonly id: boolean;
}

/** What stands for an undefined sequence number. */
const NO_SEQ = -1;

/**
 * The messages of both captures that are in memory, each at a place that another one takes when it has been compared.
 * They are rows of one array of numbers. As objects, thousands would live long enough to be moved to V8's old
 * generation, where they take memory long after they were dropped.
 */
export class HeldMessages {
  /** A type is stored as its index. */
  readonly #types: RecordType[] = [...messageTypeNames];
  #rows = new Int32Array(CAPACITY * ROW_SIZE);
  readonly #payloads = new PayloadWords();
  readonly #special: (CaptureRecord | undefined)[] = [];
  readonly #free: number[] = [];
  #count = 0;

  /** @param sizeMax bytes of a payload up to which it is held here. */
  constructor(readonly sizeMax: number) {}

  /**
   * Takes a message and leaves its payload empty.
   *
   * @param memory bytes that it takes, about. @returns its place.
   */
  add({ no, from, to, type, seq, id }: CaptureRecord, memory: number): number {
    const place = this.#free.pop() ?? this.#another();
    const rows = this.#rows;
    const row = place * ROW_SIZE;
    rows[row + Column.no] = no;
    rows[row + Column.from] = from;
    rows[row + Column.to] = to;
    rows[row + Column.type] = this.#codeOf(type);
    rows[row + Column.seq] = seq ?? NO_SEQ;
    rows[row + Column.hasId] = id === undefined ? 0 : 1;
    rows[row + Column.id] = id ?? 0;
    rows[row + Column.hash] = 0;
    rows[row + Column.memory] = Math.min(memory, MEMORY_MAX);
    rows[row + Column.size] = 0;
    rows[row + Column.payload] = 0;
    this.#special[place] = undefined;
    return place;
  }

  /** Another message may take the place. */
  release(place: number): void {
    this.#special[place] = undefined;
    const size = this.size(place);
    if (size > 0) this.#payloads.release(this.#at(place, Column.payload), size);
    this.#free.push(place);
  }

  /**
   * Makes room for the payload of a message that has none yet: `size` bytes, at most `sizeMax`, which are to be written
   * from `payloadStart` on.
   *
   * @returns where to write.
   */
  payload(place: number, size: number): DataView {
    const row = place * ROW_SIZE;
    this.#rows[row + Column.size] = size;
    if (size > 0) this.#rows[row + Column.payload] = this.#payloads.add(size);
    return this.#payloads.view;
  }

  /** The bytes of all payloads. Another array when one more message was added. */
  get view(): DataView {
    return this.#payloads.view;
  }

  payloadStart(place: number): number {
    return 4 * this.#at(place, Column.payload);
  }

  size(place: number): number {
    return this.#at(place, Column.size);
  }

  no(place: number): number {
    return this.#at(place, Column.no);
  }

  from(place: number): number {
    return this.#at(place, Column.from);
  }

  to(place: number): number {
    return this.#at(place, Column.to);
  }

  /** Index of the type among those of headers, and above for others. */
  typeCode(place: number): number {
    return this.#at(place, Column.type);
  }

  /** -1: it has none. */
  seq(place: number): number {
    return this.#at(place, Column.seq);
  }

  /** 0 if it has none. */
  id(place: number): number {
    return this.#at(place, Column.id) >>> 0;
  }

  memory(place: number): number {
    return this.#at(place, Column.memory);
  }

  /** Of the contents besides the sequence number. */
  hash(place: number): number {
    return this.#at(place, Column.hash);
  }

  setHash(place: number, hash: number): void {
    this.#rows[place * ROW_SIZE + Column.hash] = hash;
  }

  /** The record of a message that is more than its bytes: in several packets, with a comment or issues, or large. */
  special(place: number): CaptureRecord | undefined {
    return this.#special[place];
  }

  setSpecial(place: number, record: CaptureRecord): void {
    this.#special[place] = record;
  }

  /** Messages with equal payloads have equal hashes. @param start the hash of what they are besides */
  payloadHash(place: number, start: number): number {
    const { words } = this.#payloads;
    const first = this.#at(place, Column.payload);
    const end = first + ((this.size(place) + 3) >> 2);
    let hash = start;
    for (let at = first; at < end; at++) {
      hash = Math.imul(hash ^ (words[at] as number), 0x9e3779b1);
      hash ^= hash >>> 15;
    }
    return hash;
  }

  /** Whether sender, receiver, type and id are equal. */
  isSameKind(a: number, b: number): boolean {
    const rows = this.#rows;
    const one = a * ROW_SIZE;
    const other = b * ROW_SIZE;
    return (
      rows[one + Column.id] === rows[other + Column.id] &&
      rows[one + Column.from] === rows[other + Column.from] &&
      rows[one + Column.to] === rows[other + Column.to] &&
      rows[one + Column.type] === rows[other + Column.type] &&
      rows[one + Column.hasId] === rows[other + Column.hasId]
    );
  }

  /** As {@link isSameKind}, but for what may be any. */
  isSimilarKind(a: number, b: number, any: AnyOf): boolean {
    return (
      (any.from || this.from(a) === this.from(b)) &&
      (any.to || this.to(a) === this.to(b)) &&
      (any.type || this.typeCode(a) === this.typeCode(b)) &&
      (any.id || (this.id(a) === this.id(b) && this.#at(a, Column.hasId) === this.#at(b, Column.hasId)))
    );
  }

  isSamePayload(a: number, b: number): boolean {
    const { words } = this.#payloads;
    const size = this.size(a);
    if (size !== this.size(b)) return false;
    const start = this.#at(a, Column.payload);
    const end = start + ((size + 3) >> 2);
    const apart = this.#at(b, Column.payload) - start;
    for (let at = start; at < end; at++) if (words[at] !== words[at + apart]) return false;
    return true;
  }

  #at(place: number, column: number): number {
    return this.#rows[place * ROW_SIZE + column] as number;
  }

  #codeOf(type: RecordType): number {
    const code = this.#types.indexOf(type);
    return code >= 0 ? code : this.#types.push(type) - 1;
  }

  #another(): number {
    if (ROW_SIZE * (this.#count + 1) > this.#rows.length) {
      const rows = new Int32Array(2 * this.#rows.length);
      rows.set(this.#rows);
      this.#rows = rows;
    }
    return this.#count++;
  }
}
