import type { Buffers } from '../../base/byte-writer.js';

/** The smallest buffer, bytes. Buffers have sizes that are powers of two. */
const LEAST = 64;

/**
 * The buffers of the cells of several tables, which are used again. V8 collects garbage each time some twenty
 * megabytes of new buffers were made: that took a quarter of the time of writing tables.
 */
export class CellMemory implements Buffers {
  /** Bytes of the buffers that are in use, and of the objects around them. */
  bytes = 0;
  /** Unused buffers by the logarithm of their size. */
  readonly #unused: ArrayBufferLike[][] = Array.from({ length: 32 }, () => []);

  /** A buffer of at least so many bytes, with whatever lay in it. */
  take(size: number): ArrayBufferLike {
    const power = 32 - Math.clz32(Math.max(LEAST, size) - 1);
    const buffer = this.#unused[power]?.pop() ?? new ArrayBuffer(2 ** power);
    this.bytes += buffer.byteLength;
    return buffer;
  }

  /** The buffer is used no more. */
  give(buffer: ArrayBufferLike): void {
    this.bytes -= buffer.byteLength;
    if (buffer.byteLength >= LEAST) this.#unused[31 - Math.clz32(buffer.byteLength)]?.push(buffer);
  }
}
