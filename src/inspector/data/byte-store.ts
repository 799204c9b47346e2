/** Positions count words of this many bytes, so that 32 bits reach far enough. */
const wordSize = 4;
/** Bytes of a chunk; a longer run gets a chunk of its own. */
const chunkSize = 1 << 24;
const wordsPerChunk = chunkSize / wordSize;

/** Bytes in one stretch of memory: [start, end) of `view`. */
export interface Stored {
  readonly view: DataView;
  readonly start: number;
  readonly end: number;
}

/** Runs of bytes, kept in large pieces and found again by position (a 32-bit number). Holds up to 16 GiB. */
export class ByteStore {
  readonly #chunks: { readonly bytes: Uint8Array; readonly view: DataView }[] = [];
  #used = chunkSize;

  /** Keeps a copy of bytes [start, end) and returns its position. */
  add(source: Uint8Array, start: number, end: number): number {
    const size = end - start;
    if (size > chunkSize - this.#used) this.#addChunk(Math.max(size, chunkSize));
    const index = this.#chunks.length - 1;
    const at = this.#used;
    const { bytes } = this.#chunks[index] as { readonly bytes: Uint8Array };
    bytes.set(source.subarray(start, end), at);
    this.#used = Math.min(chunkSize, (at + size + wordSize - 1) & -wordSize);
    return index * wordsPerChunk + at / wordSize;
  }

  /** The `size` bytes at a position. */
  at(position: number, size: number): Stored {
    const { view } = this.#chunks[Math.floor(position / wordsPerChunk)] as { readonly view: DataView };
    const start = (position % wordsPerChunk) * wordSize;
    return { view, start, end: start + size };
  }

  #addChunk(size: number): void {
    const bytes = new Uint8Array(size);
    this.#chunks.push({ bytes, view: new DataView(bytes.buffer) });
    this.#used = 0;
  }
}
