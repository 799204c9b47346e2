import { WireError } from '../../../base/error.js';

/** Reads the numbers and texts of a trace.dat one after the other. */
export class DatBytes {
  at: number;
  readonly #view: DataView;

  /** @param offset that `data` has in the file, for errors. */
  constructor(
    readonly data: Uint8Array,
    readonly little: boolean,
    at = 0,
    readonly offset = 0,
  ) {
    this.at = at;
    this.#view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  }

  get left(): number {
    return this.data.length - this.at;
  }

  u16(): number {
    return this.#view.getUint16(this.#take(2), this.little);
  }

  u32(): number {
    return this.#view.getUint32(this.#take(4), this.little);
  }

  u64(): bigint {
    return this.#view.getBigUint64(this.#take(8), this.little);
  }

  /** A size or place, which no file has above 2^53. */
  size(): number {
    return Number(this.u64());
  }

  bytes(size: number): Uint8Array {
    const start = this.#take(size);
    return this.data.subarray(start, start + size);
  }

  /** A text up to a zero. */
  text(): string {
    const end = this.data.indexOf(0, this.at);
    if (end < 0) this.#refuse(1);
    const start = this.#take(end + 1 - this.at);
    return latin1(this.data.subarray(start, end));
  }

  /** @throws WireError `truncated`. */
  #take(size: number): number {
    if (!(size >= 0 && size <= this.left)) this.#refuse(size);
    const start = this.at;
    this.at += size;
    return start;
  }

  #refuse(expected: number): never {
    const { left: actual } = this;
    throw new WireError({
      code: 'truncated',
      path: 'trace.dat',
      offset: this.offset + this.at,
      expected,
      actual,
    });
  }
}

export function latin1(bytes: Uint8Array): string {
  return new TextDecoder('latin1').decode(bytes);
}
