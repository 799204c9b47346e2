import { limits, protocol } from '../../schemas/index.js';
import { codecOf } from '../codec/index.js';
import type { Header } from '../schema/index.js';

const SLAB_SIZE = 1 << 16;
const API_VERSION = 1;

/**
 * Makes queue messages. They are parts of larger buffers that are never written to again, since an array of its
 * own for each costs more than everything else about it.
 */
export class FrameWriter {
  #slab = new Uint8Array(SLAB_SIZE);
  #view = new DataView(this.#slab.buffer);
  #used = 0;
  readonly #codec = codecOf(protocol.header);

  /** One queue message: header and payload [start, end). */
  write(
    header: Omit<Header, 'api_version' | 'header_words'>,
    payload: Uint8Array,
    start: number,
    end: number,
  ): Uint8Array {
    const size = limits.header + end - start;
    if (this.#used + size > SLAB_SIZE) {
      this.#slab = new Uint8Array(SLAB_SIZE);
      this.#view = new DataView(this.#slab.buffer);
      this.#used = 0;
    }
    const at = this.#used;
    const { type, fragments, seq, msg_id } = header;
    const words = { api_version: API_VERSION, header_words: limits.header / 4, type, fragments, seq, msg_id };
    this.#codec.encode(words, this.#view, at);
    // Byte by byte: a message is so short that setting one array from a part of another costs more.
    for (let from = start, to = at + limits.header; from < end; from++, to++)
      this.#slab[to] = payload[from] as number;
    this.#used = at + size;
    return this.#slab.subarray(at, at + size);
  }
}
