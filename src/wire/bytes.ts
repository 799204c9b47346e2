import { kindOf, scopeOf } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { StructType } from './struct.js';
import type { WireType } from './type.js';

/** How tools print the bytes: as hex, as text, or as text unless field `select` of the same struct has a value of `raw`. */
export type Encoding = 'raw' | 'utf8' | { readonly select: string; readonly raw: readonly number[] };

export interface BytesOptions {
  /** Exact size in bytes, when it is always the same. */
  readonly size?: number;
  /** The earlier integer field that holds the length in bytes, padding not counted. */
  readonly lengthFrom?: string;
  /** Zero bytes follow up to a multiple of this. */
  readonly padTo?: 4;
  readonly encoding: Encoding;
  /** Layout of the content, for tools. The codec does not use it. */
  readonly inside?: StructType;
  /** The error that RM answers when the padding is not zero. */
  readonly padMustBeZero?: string;
}

/** A run of bytes of a fixed length, or of a length that an earlier field gives. Values are Uint8Array. */
export class BytesType implements WireType<Uint8Array> {
  readonly kind = 'bytes';
  readonly label: string;
  readonly fixedSize: number | undefined;
  readonly sizeMin: number;
  declare readonly types?: { readonly value: Uint8Array; readonly input: Uint8Array };

  constructor(readonly options: BytesOptions) {
    const { size, lengthFrom, padTo } = options;
    this.fixedSize = size;
    this.sizeMin = size ?? 0;
    this.label =
      size === undefined ? `bytes[${lengthFrom}${padTo ? `, padded to ${padTo}` : ''}]` : `bytes[${size}]`;
  }

  get lengthFrom(): string | undefined {
    return this.options.lengthFrom;
  }

  /** Bytes of padding behind `length` bytes. */
  padding(length: number): number {
    return this.options.padTo === undefined ? 0 : -length & 3;
  }

  decode(stream: ReadStream, parent?: unknown): Uint8Array {
    const scope = scopeOf(parent);
    const start = stream.pos;
    const length = this.fixedSize ?? (scope.sibling(this.options.lengthFrom as string) as number);
    const pad = this.padding(length);
    scope.need(stream, length + pad);
    const value = stream.readBuffer(length);
    if (length > 0) scope.mark('field', start, stream.pos, this.label, value);
    if (pad > 0) {
      const at = stream.pos;
      const zeros = stream.readBuffer(pad);
      scope.mark('padding', at, stream.pos, 'padding', undefined);
      const bad = zeros.findIndex((byte) => byte !== 0);
      if (bad >= 0) scope.fault('padding', at + bad, 0, zeros[bad] as number);
    }
    return value;
  }

  encode(stream: WriteStream, value: Uint8Array, parent?: unknown): void {
    const scope = scopeOf(parent);
    if (!(value instanceof Uint8Array)) scope.fail('type', stream.pos, 'bytes', kindOf(value));
    if (this.fixedSize !== undefined && value.length !== this.fixedSize) {
      scope.fail('length', stream.pos, this.fixedSize, value.length);
    }
    stream.writeBuffer(value);
    for (let pad = this.padding(value.length); pad > 0; pad--) stream.writeUInt8(0);
  }

  size(value: Uint8Array): number {
    if (this.fixedSize !== undefined) return this.fixedSize;
    return value instanceof Uint8Array ? value.length + this.padding(value.length) : 0;
  }
}
