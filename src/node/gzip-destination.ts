import type { Destination } from './destination.js';
import { zlib } from './zlib.js';

/** RFC 1952: magic, deflate, no flags, no time, no extra flags, unknown system. */
const HEADER = Uint8Array.of(0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 0xff);
/** An empty last block of deflate. */
const LAST_BLOCK = Uint8Array.of(3, 0);
/** Bytes that are compressed at once: smaller pieces compress badly. */
const blockSize = 256 * 1024;

/** Compresses what is written, as one member of gzip. */
export class GzipDestination implements Destination {
  readonly #file: Destination;
  #pending: Uint8Array[] = [];
  #pendingSize = 0;
  #crc = 0;
  #size = 0;
  #isOpen = true;

  constructor(file: Destination) {
    this.#file = file;
  }

  open(): void {
    this.#file.open();
  }

  write(bytes: Uint8Array): boolean {
    this.#pending.push(bytes.slice());
    this.#pendingSize += bytes.length;
    return this.#pendingSize < blockSize || this.#compress();
  }

  /** What was written so far can be read, but for the end of the member. */
  publish(): void {
    this.#compress();
    this.#file.publish();
  }

  complete(): void {
    this.#compress();
    const trailer = new Uint8Array(8);
    const view = new DataView(trailer.buffer);
    view.setUint32(0, this.#crc, true);
    view.setUint32(4, this.#size, true);
    this.#file.write(this.#size === 0 ? Buffer.concat([HEADER, LAST_BLOCK]) : LAST_BLOCK);
    this.#file.write(trailer);
    this.#isOpen = false;
    this.#file.complete();
  }

  discard(): void {
    if (this.#isOpen) this.#file.discard();
  }

  #compress(): boolean {
    if (this.#pendingSize === 0) return true;
    const bytes = Buffer.concat(this.#pending);
    this.#pending = [];
    this.#pendingSize = 0;
    const { constants, crc32, deflateRawSync } = zlib();
    const packed = deflateRawSync(bytes, { finishFlush: constants.Z_SYNC_FLUSH });
    const isFirst = this.#size === 0;
    this.#crc = crc32(bytes, this.#crc);
    this.#size = (this.#size + bytes.length) >>> 0;
    return this.#file.write(isFirst ? Buffer.concat([HEADER, packed]) : packed);
  }
}
