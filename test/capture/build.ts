/** Builds capture files byte by byte, independently of the project's writer. */

export interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/** Little helper around one byte order. */
export class Bytes {
  readonly #parts: number[] = [];
  readonly #little: boolean;

  constructor(little: boolean) {
    this.#little = little;
  }

  uint(value: number | bigint, size: number): this {
    const digits: number[] = [];
    let rest = BigInt.asUintN(size * 8, BigInt(value));
    for (let index = 0; index < size; index += 1) {
      digits.push(Number(rest & 0xffn));
      rest >>= 8n;
    }
    this.#parts.push(...(this.#little ? digits : digits.reverse()));
    return this;
  }

  raw(bytes: Uint8Array | readonly number[]): this {
    for (const byte of bytes) this.#parts.push(byte);
    return this;
  }

  pad(): this {
    while (this.#parts.length % 4 !== 0) this.#parts.push(0);
    return this;
  }

  done(): Uint8Array {
    return Uint8Array.from(this.#parts);
  }
}

export function concat(...parts: readonly Uint8Array[]): Uint8Array {
  const out = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  let at = 0;
  for (const part of parts) {
    out.set(part, at);
    at += part.length;
  }
  return out;
}

export const ascii = (text: string): Uint8Array => new TextEncoder().encode(text);

/** Pseudo-header and message. */
export function user0(from: number, to: number, message: Uint8Array): Uint8Array {
  return new Bytes(true).uint(from, 2).uint(to, 2).raw(message).done();
}

/** One link-252 tag, its value padded to a multiple of 4. */
export function tag(number: number, value: Uint8Array): Uint8Array {
  const padded = new Bytes(false).raw(value).pad().done();
  return new Bytes(false).uint(number, 2).uint(padded.length, 2).raw(padded).done();
}

export function upperPdu(from: number, to: number, message: Uint8Array, name = 'gunyah_rm'): Uint8Array {
  return concat(tag(12, ascii(name)), tag(0, new Uint8Array(0)), user0(from, to, message));
}

/** The blocks of one section, all in one byte order. */
export class PcapngBuilder {
  readonly #little: boolean;
  readonly #blocks: Uint8Array[] = [];

  constructor(little = true) {
    this.#little = little;
    this.block(0x0a0d0d0a, this.#bytes().uint(0x1a2b3c4d, 4).uint(1, 2).uint(0, 2).uint(-1n, 8).done());
  }

  block(type: number, body: Uint8Array): this {
    const size = body.length + 12;
    this.#blocks.push(this.#bytes().uint(type, 4).uint(size, 4).raw(body).uint(size, 4).done());
    return this;
  }

  raw(bytes: Uint8Array): this {
    this.#blocks.push(bytes);
    return this;
  }

  interface(linkType: number, options: readonly Option[] = [], snaplen = 0): this {
    const body = this.#bytes().uint(linkType, 2).uint(0, 2).uint(snaplen, 4).raw(this.#options(options));
    return this.block(1, body.done());
  }

  /** Type 6; `original` defaults to the length of `data`. */
  enhanced(
    index: number,
    ticks: bigint,
    data: Uint8Array,
    options: readonly Option[] = [],
    original = data.length,
  ): this {
    const body = this.#bytes()
      .uint(index, 4)
      .uint(ticks >> 32n, 4)
      .uint(ticks, 4)
      .uint(data.length, 4);
    return this.block(6, body.uint(original, 4).raw(data).pad().raw(this.#options(options)).done());
  }

  /** Type 2, the obsolete one. */
  obsolete(index: number, ticks: bigint, data: Uint8Array): this {
    const body = this.#bytes()
      .uint(index, 2)
      .uint(7, 2)
      .uint(ticks >> 32n, 4)
      .uint(ticks, 4);
    return this.block(2, body.uint(data.length, 4).uint(data.length, 4).raw(data).pad().done());
  }

  simple(data: Uint8Array, original = data.length): this {
    return this.block(3, this.#bytes().uint(original, 4).raw(data).pad().done());
  }

  /** An option with an integer value in the section's byte order. */
  option(code: number, value: number | bigint, size: number): Option {
    return { code, value: this.#bytes().uint(value, size).done() };
  }

  done(): Uint8Array {
    return concat(...this.#blocks);
  }

  #bytes(): Bytes {
    return new Bytes(this.#little);
  }

  #options(options: readonly Option[]): Uint8Array {
    const out = this.#bytes();
    for (const { code, value } of options) out.uint(code, 2).uint(value.length, 2).raw(value).pad();
    if (options.length > 0) out.uint(0, 4);
    return out.done();
  }
}

export interface PcapRecord {
  readonly second: number;
  readonly fraction: number;
  readonly data: Uint8Array;
  readonly original?: number;
}

export function pcapFile(
  little: boolean,
  magic: number,
  linkType: number,
  records: readonly PcapRecord[],
): Uint8Array {
  const out = new Bytes(little)
    .uint(magic, 4)
    .uint(2, 2)
    .uint(4, 2)
    .uint(0, 8)
    .uint(262144, 4)
    .uint(linkType, 4);
  for (const { second, fraction, data, original } of records) {
    out
      .uint(second, 4)
      .uint(fraction, 4)
      .uint(data.length, 4)
      .uint(original ?? data.length, 4)
      .raw(data);
  }
  return out.done();
}
