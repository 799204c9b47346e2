/** A record of a ring buffer, or the number of events that the kernel lost before the next one. */
export type RingItem =
  | { readonly kind: 'record'; readonly ns: bigint; readonly data: Uint8Array }
  | { readonly kind: 'lost'; readonly ns: bigint; readonly count: number | undefined };

/** Bits of the field `commit` of a page (kernel/trace/ring_buffer.c). */
const MISSED_EVENTS = 2 ** 31;
const MISSED_STORED = 2 ** 30;
const SIZE_MASK = 0xfffff;

/** Values of type_len with a meaning of their own; 1..28 are a size in words. */
const PADDING = 29;
const TIME_EXTEND = 30;
const TIME_STAMP = 31;
const DELTA_BITS = 27n;

/**
 * The records of the pages of one processor. A page has its time and how many bytes are used, then records: 5 bits of
 * type or size and 27 bits of time since the one before, then the bytes.
 *
 * @param longSize bytes of a `long` of the machine: 4 or 8.
 */
export function* ringItems(
  pages: Uint8Array,
  pageSize: number,
  longSize: number,
  little: boolean,
): Generator<RingItem> {
  for (let page = 0; page + 8 + longSize <= pages.length; page += pageSize)
    yield* pageItems(pages.subarray(page, Math.min(pages.length, page + pageSize)), longSize, little);
}

function* pageItems(page: Uint8Array, longSize: number, little: boolean): Generator<RingItem> {
  const view = new DataView(page.buffer, page.byteOffset, page.byteLength);
  let ns = view.getBigUint64(0, little);
  const commit =
    longSize === 8 ? Number(view.getBigUint64(8, little) & 0xffff_ffffn) : view.getUint32(8, little);
  const start = 8 + longSize;
  const end = Math.min(page.length, start + (commit & SIZE_MASK));
  if (commit >= MISSED_EVENTS) {
    const isStored = commit % MISSED_EVENTS >= MISSED_STORED && end + longSize <= page.length;
    const stored = longSize === 8 ? 8 : 4;
    yield { kind: 'lost', ns, count: isStored ? Number(readLong(view, end, stored, little)) : undefined };
  }
  let at = start;
  while (at + 4 <= end) {
    const word = view.getUint32(at, little);
    const type = little ? word & 0x1f : word >>> 27;
    const delta = BigInt(little ? word >>> 5 : word & 0x7ffffff);
    at += 4;
    if (type === PADDING && delta === 0n) return;
    if (type === 0 || type >= PADDING) {
      if (at + 4 > end) return;
      const next = view.getUint32(at, little);
      if (type === TIME_EXTEND) ns += delta + (BigInt(next) << DELTA_BITS);
      else if (type === TIME_STAMP) ns = delta + (BigInt(next) << DELTA_BITS);
      if (type >= TIME_EXTEND) {
        at += 4;
        continue;
      }
      ns += delta;
      if (next < 4 || at + next > end) return;
      if (type === 0) yield { kind: 'record', ns, data: page.subarray(at + 4, at + next) };
      at += (next + 3) & ~3;
      continue;
    }
    ns += delta;
    const size = type * 4;
    if (at + size > end) return;
    yield { kind: 'record', ns, data: page.subarray(at, at + size) };
    at += size;
  }
}

function readLong(view: DataView, at: number, size: number, little: boolean): bigint {
  return size === 8 ? view.getBigUint64(at, little) : BigInt(view.getUint32(at, little));
}
