import { type Interval, IntervalMap } from './interval-map.js';
import { NOBODY, type Owner } from './owner.js';
import {
  type MemoryKind,
  type PageRecord,
  recordAt,
  recordContinues,
  withoutBorrower,
} from './page-record.js';

/** A part of a range that lies in one range of physical memory. */
export interface Piece {
  /** Bytes from the start of the range. */
  readonly offset: number;
  readonly size: number;
  readonly phys: number;
  /** Of the piece's first page. Undefined: nothing is mapped there, or there is no memory. */
  readonly record: PageRecord | undefined;
}

/** A piece of a range where nothing is. */
export function hole(offset: number, size: number): Piece {
  return { offset, size, phys: 0, record: undefined };
}

/** The state of each range of physical memory. Addresses and sizes are bytes, whole pages. */
export class PageRecords {
  readonly #records = new IntervalMap<PageRecord>(recordContinues, recordAt);

  add(start: number, size: number, record: PageRecord): void {
    this.#records.set(start, start + size, record);
  }

  /** All ranges, in order. Neighbours with the same state are one range. */
  entries(): readonly Interval<PageRecord>[] {
    return this.#records.entries();
  }

  /** The record of the page at an address, and where its range ends. Undefined: there is no memory. */
  at(phys: number): { readonly record: PageRecord; readonly end: number } | undefined {
    const found = this.#records.at(phys);
    return found && { record: recordAt(found.value, phys - found.start), end: found.end };
  }

  /** The range that holds an address, with the record of its first page. Undefined: there is no memory. */
  rangeAt(phys: number): Interval<PageRecord> | undefined {
    return this.#records.at(phys);
  }

  /** The owner of each range, in order. Neighbours of one owner are one range. */
  owners(kind: MemoryKind): readonly Interval<Owner>[] {
    const owners: Interval<Owner>[] = [];
    for (const { start, end, value } of this.#records.entries()) {
      if (value.kind !== kind) continue;
      const last = owners[owners.length - 1];
      if (last?.end === start && last.value === value.owner)
        owners[owners.length - 1] = { start: last.start, end, value: value.owner };
      else owners.push({ start, end, value: value.owner });
    }
    return owners;
  }

  /** A range that lies in one range of physical memory, as its only piece; undefined if there are more pieces. */
  onlyPiece(phys: number, size: number): Piece | undefined {
    const found = this.#records.at(phys);
    if (found === undefined || found.end < phys + size) return undefined;
    return { offset: 0, size, phys, record: recordAt(found.value, phys - found.start) };
  }

  /** Adds what is in a range to a list, in order. @param offset of the first piece. */
  addPieces(pieces: Piece[], start: number, size: number, offset: number): void {
    const end = start + size;
    let at = start;
    for (const found of this.#records.overlapping(start, end)) {
      if (found.start > at) pieces.push(hole(offset + at - start, found.start - at));
      at = Math.max(found.start, start);
      const to = Math.min(found.end, end);
      const record = recordAt(found.value, at - found.start);
      pieces.push({ offset: offset + at - start, size: to - at, phys: at, record });
      at = to;
    }
    if (at < end) pieces.push(hole(offset + at - start, end - at));
  }

  /** Changes what the pages of pieces are. @param change of a piece's first page, by the piece's offset. */
  change(pieces: readonly Piece[], change: (record: PageRecord, offset: number) => PageRecord): void {
    for (const { offset, phys, size, record } of pieces)
      if (record !== undefined) this.#records.set(phys, phys + size, change(record, offset));
  }

  /**
   * Ends a component: nobody owns its pages now, and the pages that it had borrowed go back to their owners.
   *
   * @param loanEnds is told of each range that was lent to it.
   */
  abandon(owner: Owner, loanEnds: (loan: Interval<PageRecord>) => void): void {
    this.#records.replaceValues((range) => {
      const { value } = range;
      if (value.lent && value.borrowers[0]?.owner === owner) loanEnds(range);
      const record = withoutBorrower(value, owner);
      return record.owner === owner ? { ...record, owner: NOBODY, address: undefined } : record;
    });
  }
}
