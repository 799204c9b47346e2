import { kindOf, type Scope, scopeOf } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';
import type { WireType } from './type.js';

type Width = 1 | 2 | 3 | 4 | 8;

function readUnsigned(stream: ReadStream, size: Width): number | bigint {
  switch (size) {
    case 1:
      return stream.readUInt8();
    case 2:
      return stream.readUInt16LE();
    case 3:
      return stream.readUInt16LE() + stream.readUInt8() * 0x10000;
    case 4:
      return stream.readUInt32LE();
    case 8: {
      // Two words, because readBigUInt64LE of restructure 3.0.2 adds NaN to the position.
      const low = stream.readUInt32LE();
      return (BigInt(stream.readUInt32LE()) << 32n) | BigInt(low);
    }
  }
}

function writeUnsigned(stream: WriteStream, size: Width, value: number | bigint): void {
  if (typeof value === 'bigint') {
    stream.writeUInt32LE(Number(value & 0xffffffffn));
    stream.writeUInt32LE(Number(value >> 32n));
  } else if (size === 1) stream.writeUInt8(value);
  else if (size === 2) stream.writeUInt16LE(value);
  else if (size === 3) {
    stream.writeUInt16LE(value & 0xffff);
    stream.writeUInt8(value >>> 16);
  } else stream.writeUInt32LE(value);
}

/** Fails with `type` or `range` unless `value` is an integer from `min` to `max`. */
function checkInteger(scope: Scope, at: number, value: unknown, min: number, max: number): void {
  if (typeof value !== 'number' || !Number.isInteger(value)) {
    scope.fail('type', at, 'integer', kindOf(value));
  }
  if (value < min || value > max) scope.fail('range', at, `${min}..${max}`, value);
}

/** Little-endian integer of 1, 2, 4 or 8 bytes; 8 bytes are a bigint, all others a number. */
export class IntegerType<V extends number | bigint = number> implements WireType<V> {
  readonly kind: 'integer' | 'enum' | 'flags' = 'integer';
  declare readonly types?: { readonly value: V; readonly input: V };

  constructor(
    readonly label: string,
    readonly fixedSize: 1 | 2 | 4 | 8,
    readonly signed = false,
  ) {}

  get sizeMin(): number {
    return this.fixedSize;
  }
  get min(): number {
    return this.signed ? -(2 ** (this.fixedSize * 8 - 1)) : 0;
  }
  get max(): number {
    return this.signed ? 2 ** (this.fixedSize * 8 - 1) - 1 : 2 ** (this.fixedSize * 8) - 1;
  }

  decode(stream: ReadStream, parent?: unknown): V {
    const scope = scopeOf(parent);
    const start = stream.pos;
    scope.need(stream, this.fixedSize);
    const value = (this.signed ? stream.readInt32LE() : readUnsigned(stream, this.fixedSize)) as V;
    scope.mark('field', start, stream.pos, this.label, value);
    return value;
  }

  encode(stream: WriteStream, value: V, parent?: unknown): void {
    const scope = scopeOf(parent);
    if (this.fixedSize === 8) {
      if (typeof value !== 'bigint') scope.fail('type', stream.pos, 'bigint', kindOf(value));
      if (value < 0n || value > 0xffffffffffffffffn) {
        scope.fail('range', stream.pos, '0..0xffffffffffffffff', value);
      }
    } else checkInteger(scope, stream.pos, value, this.min, this.max);
    if (this.signed) stream.writeInt32LE(Number(value));
    else writeUnsigned(stream, this.fixedSize, value);
  }

  size(): number {
    return this.fixedSize;
  }
}

export const u8 = new IntegerType('u8', 1);
export const u16 = new IntegerType('u16', 2);
export const u32 = new IntegerType('u32', 4);
export const u64 = new IntegerType<bigint>('u64', 8);
export const s32 = new IntegerType('s32', 4, true);

/** Facts about an enum or a flag set. Tools print them; the codec does not use them. */
export interface NamesInfo {
  readonly doc: string;
  /** Other names of a value in public headers. */
  readonly aliases?: Readonly<Record<string, readonly string[]>>;
  /** When a value is used, where its name does not say it: a sentence each. */
  readonly meanings?: Readonly<Record<string, string>>;
  /** Values that only some sources have. With `replaces` the sources have this table instead of the usual one. */
  readonly dialects?: readonly {
    readonly sources: readonly string[];
    readonly values: Readonly<Record<string, number>>;
    readonly replaces?: boolean;
  }[];
  /** Values that only the named sources know. */
  readonly knownBy?: Readonly<Record<string, readonly string[]>>;
  /** Flags: the only combinations that RM takes. */
  readonly valid?: readonly number[];
  /** Flags: RM wants exactly one bit. */
  readonly exactlyOne?: boolean;
  readonly notes?: readonly string[];
}

/** Name → value. */
export type NamedValues = Readonly<Record<string, number>>;

/** A number that has no name. Written so, TypeScript keeps the values that have one apart, and editors offer them. */
export type OtherNumber = number & {};

/** The values of an enum: those with a name, and any other number, since other versions of RM may have more. */
export type EnumValue<V extends NamedValues> = V[keyof V] | OtherNumber;

/** An integer with names for some values. Other values are valid too. */
export class EnumType<V extends NamedValues = NamedValues, T extends number = number> extends IntegerType<T> {
  override readonly kind = 'enum';

  constructor(
    label: string,
    base: IntegerType,
    readonly values: V,
    readonly info: NamesInfo,
  ) {
    super(label, base.fixedSize);
  }
}

/** An integer with names for some bits. Other bits are valid too. */
export class FlagsType<V extends NamedValues = NamedValues> extends IntegerType {
  override readonly kind = 'flags';

  constructor(
    label: string,
    base: IntegerType,
    readonly bits: V,
    readonly info: NamesInfo,
  ) {
    super(label, base.fixedSize);
  }
}

/** 1 to 4 bytes without meaning, as one little-endian number. Any value is valid; 0 is the default. */
export class ReservedType implements WireType<number> {
  readonly kind = 'reserved';
  readonly label = 'reserved';
  declare readonly types?: { readonly value: number; readonly input: number };

  constructor(readonly fixedSize: 1 | 2 | 3 | 4) {}

  get sizeMin(): number {
    return this.fixedSize;
  }
  get max(): number {
    return 2 ** (this.fixedSize * 8) - 1;
  }

  decode(stream: ReadStream, parent?: unknown): number {
    const scope = scopeOf(parent);
    const start = stream.pos;
    scope.need(stream, this.fixedSize);
    const value = readUnsigned(stream, this.fixedSize) as number;
    scope.mark('reserved', start, stream.pos, this.label, value);
    return value;
  }

  encode(stream: WriteStream, value: number | undefined, parent?: unknown): void {
    checkInteger(scopeOf(parent), stream.pos, value ?? 0, 0, this.max);
    writeUnsigned(stream, this.fixedSize, value ?? 0);
  }

  size(): number {
    return this.fixedSize;
  }
}
