import { alignUp } from '../../hypervisor/index.js';

/** The physical memory of a guest memory file: from an address on, and what the file has given back. */
export class FileMemory {
  #next: number;
  readonly #end: number;
  /** Addresses by size, the latest last. */
  readonly #free = new Map<number, number[]>();

  /** @param start physical. @param end first address behind. */
  constructor(start: number, end: number) {
    this.#next = start;
    this.#end = end;
  }

  /** As a guest memory file wants it. */
  get port() {
    return {
      allocate: (size: number) => this.#allocate(size),
      free: (address: number, size: number) => {
        const free = this.#free.get(size) ?? [];
        free.push(address);
        this.#free.set(size, free);
      },
    };
  }

  #allocate(size: number): number | undefined {
    const used = this.#free.get(size)?.pop();
    if (used !== undefined) return used;
    const start = alignUp(this.#next, size);
    if (start + size > this.#end) return undefined;
    this.#next = start + size;
    return start;
  }
}
