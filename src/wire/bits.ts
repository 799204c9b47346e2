import type { EnumType } from './integer.js';
import { kindOf, scopeOf } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { WireType } from './type.js';

/**
 * Some bits of one byte as a field (the RPC header has two fields in each of its first two bytes). The fields of a byte
 * are declared from bit 0 up. The field that ends at bit 7 moves the stream to the next byte.
 */
export class BitsType implements WireType<number> {
  readonly kind = 'bits';
  readonly label: string;
  declare readonly types?: { readonly value: number; readonly input: number };

  constructor(
    readonly shift: number,
    readonly width: number,
    /** Names of the values, if they have any. */
    readonly names?: EnumType,
  ) {
    this.label = `bits ${shift + width - 1}:${shift}`;
  }

  get last(): boolean {
    return this.shift + this.width === 8;
  }
  get max(): number {
    return 2 ** this.width - 1;
  }
  /** 1 for the last field of the byte, 0 for the others, so that a struct counts the byte once. */
  get fixedSize(): 0 | 1 {
    return this.last ? 1 : 0;
  }
  get sizeMin(): number {
    return this.fixedSize;
  }

  decode(stream: ReadStream, parent?: unknown): number {
    const scope = scopeOf(parent);
    const start = stream.pos;
    scope.need(stream, 1);
    const value = (stream.readUInt8() >>> this.shift) & this.max;
    if (!this.last) stream.pos = start;
    else scope.mark('field', start, stream.pos, this.label, value);
    return value;
  }

  encode(stream: WriteStream, value: number, parent?: unknown): void {
    const scope = scopeOf(parent);
    const at = stream.pos;
    if (typeof value !== 'number' || !Number.isInteger(value)) {
      scope.fail('type', at, 'integer', kindOf(value));
    }
    if (value < 0 || value > this.max) scope.fail('range', at, `0..${this.max}`, value);
    // `scope.bits` holds the bits that the earlier fields of the byte have written.
    const lower = this.shift === 0 ? 0 : scope.bits;
    scope.bits = lower | (value << this.shift);
    stream.writeUInt8(scope.bits);
    if (!this.last) stream.pos = at;
  }

  size(): number {
    return this.fixedSize;
  }
}
