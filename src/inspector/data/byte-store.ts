/** Positions count words of this many bytes, so that 32 bits suffice for 16 GiB. */
const wordSize = 4;
/** Bytes of a chunk. A longer run gets its own chunk. */
const chunkSize = 1 << 24;
const wordsPerChunk = chunkSize / wordSize;

/** Contiguous bytes: [start, end) of `data`. `view` is a view of all of `data`. */
export interface Stored {
  readonly data: Uint8Array;
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** Stores runs of bytes in large chunks and finds them by position (a 32-bit number). Holds up to 16 GiB. */
export class ByteStore {
  readonly #chunks: Pick<Stored, 'data' | 'view'>[] = [];
  #used = chunkSize;

  /** Keeps a copy of bytes [start, end) and returns its position. */
  add(source: Uint8Array, start: number, end: number): number {
    const size = end - start;
    if (size > chunkSize - this.#used) this.#addChunk(Math.max(size, chunkSize));
    const index = this.#chunks.length - 1;
    const at = this.#used;
    this.#chunks[index]?.data.set(source.subarray(start, end), at);
    this.#used = Math.min(chunkSize, (at + size + wordSize - 1) & -wordSize);
    return index * wordsPerChunk + at / wordSize;
  }

  at(position: number, size: number): Stored {
    const { data, view } = this.#chunks[Math.floor(position / wordsPerChunk)] as Stored;
    const start = (position % wordsPerChunk) * wordSize;
    return { data, view, start, end: start + size };
  }

  #addChunk(size: number): void {
    const data = new Uint8Array(size);
    this.#chunks.push({ data, view: new DataView(data.buffer) });
    this.#used = 0;
  }
}
