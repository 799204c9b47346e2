import { type Codec, codecOf } from '../codec/index.js';
import type { Header, Protocol } from '../schema/index.js';

/** Size in bytes of the arrays that queue messages are parts of. */
const slabSize = 1 << 16;

/** The header fields that differ between queue messages. */
export type FrameHeader = Omit<Header, 'api_version' | 'header_words'>;

/** Makes queue messages: header and payload. */
export class FrameWriter {
  #slab = new Uint8Array(slabSize);
  #view = new DataView(this.#slab.buffer);
  #used = 0;
  readonly #headerSize: number;
  readonly #codec: Codec<Header, Readonly<Header>>;
  /** The header that is being written. One object for all: one for each queue message would be garbage. */
  readonly #words: { -readonly [K in keyof Header]: Header[K] };

  constructor(protocol: Protocol) {
    this.#headerSize = protocol.limits.header;
    const header_words = this.#headerSize / 4;
    this.#words = { api_version: 1, header_words, type: 0, fragments: 0, seq: 0, msg_id: 0 };
    this.#codec = codecOf(protocol.header);
  }

  /**
   * The queue message with the payload bytes [start, end). It is part of a larger array which is never written again,
   * because allocating an array for each queue message takes longer than filling it.
   */
  write(header: FrameHeader, payload: Uint8Array, start: number, end: number): Uint8Array {
    const size = this.append(header, payload, start, end);
    // Takes two thirds of the time of `subarray`.
    return new Uint8Array(this.#view.buffer, this.#used - size, size);
  }

  /**
   * Writes as {@link write}, but makes no array: the queue message is the last so many bytes of {@link slab} before
   * {@link used}.
   *
   * @returns its size.
   */
  append(header: FrameHeader, payload: Uint8Array, start: number, end: number): number {
    const size = this.#put(header, payload, start, end);
    this.#used += size;
    return size;
  }

  /** The array that is being filled. What has been written to it is never changed. */
  get slab(): Uint8Array {
    return this.#slab;
  }

  /** Bytes of the slab that are written. */
  get used(): number {
    return this.#used;
  }

  /** The same in an array of its own, which the receiver may transfer or keep for long. */
  copy(header: FrameHeader, payload: Uint8Array, start: number, end: number): Uint8Array {
    const size = this.#put(header, payload, start, end);
    return this.#slab.slice(this.#used, this.#used + size);
  }

  /** Writes behind the used part of the slab and returns the size. */
  #put(
    { type, fragments, seq, msg_id }: FrameHeader,
    payload: Uint8Array,
    start: number,
    end: number,
  ): number {
    const headerSize = this.#headerSize;
    const size = headerSize + end - start;
    if (this.#used + size > this.#slab.length) {
      this.#slab = new Uint8Array(Math.max(size, slabSize));
      this.#view = new DataView(this.#slab.buffer);
      this.#used = 0;
    }
    const words = this.#words;
    words.type = type;
    words.fragments = fragments;
    words.seq = seq;
    words.msg_id = msg_id;
    this.#codec.encode(words, this.#view, this.#used);
    // Byte by byte: for 232 bytes this is faster than `set` with a subarray.
    for (let from = start, to = this.#used + headerSize; from < end; from++, to++)
      this.#slab[to] = payload[from] as number;
    return size;
  }
}

const writers = new WeakMap<Protocol, FrameWriter>();

/** One queue message in an array of its own: header and payload bytes [start, end). */
export function writeFrame(
  protocol: Protocol,
  header: FrameHeader,
  payload: Uint8Array,
  start: number,
  end: number,
): Uint8Array {
  let writer = writers.get(protocol);
  if (writer === undefined) {
    writer = new FrameWriter(protocol);
    writers.set(protocol, writer);
  }
  return writer.copy(header, payload, start, end);
}
