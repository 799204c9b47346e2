/** Bytes of a page. */
export const PAGE_SIZE = 4096;

/**
 * Contents of physical memory. Only pages that were written are stored, others read as zeros. Addresses and sizes are
 * bytes, below 2^53.
 */
export class PageContents {
  readonly #pages = new Map<number, Uint8Array>();

  write(address: number, bytes: Uint8Array): void {
    let done = 0;
    while (done < bytes.byteLength) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      const size = Math.min(PAGE_SIZE - offset, bytes.byteLength - done);
      const number = (at - offset) / PAGE_SIZE;
      let page = this.#pages.get(number);
      if (page === undefined) {
        page = new Uint8Array(PAGE_SIZE);
        this.#pages.set(number, page);
      }
      page.set(bytes.subarray(done, done + size), offset);
      done += size;
    }
  }

  /** Copies into `target`. Bytes of pages that were never written are left as they are there. */
  readInto(address: number, target: Uint8Array): void {
    let done = 0;
    while (done < target.byteLength) {
      const at = address + done;
      const offset = at % PAGE_SIZE;
      const size = Math.min(PAGE_SIZE - offset, target.byteLength - done);
      const page = this.#pages.get((at - offset) / PAGE_SIZE);
      if (page !== undefined) target.set(page.subarray(offset, offset + size), done);
      done += size;
    }
  }

  /** Zeroes whole pages. The cost grows with the pages in use, not with the size. */
  zero(address: number, size: number): void {
    const first = Math.floor(address / PAGE_SIZE);
    const last = Math.ceil((address + size) / PAGE_SIZE);
    if (last - first <= this.#pages.size)
      for (let page = first; page < last; page++) this.#pages.delete(page);
    else
      for (const page of [...this.#pages.keys()]) if (page >= first && page < last) this.#pages.delete(page);
  }
}
