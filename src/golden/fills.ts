import { EnumType, type Field, FlagsType, IntegerType, ReservedType, type WireType } from '../wire/index.js';

/**
 * Where the scalars of a generated value come from. `zero` and `ones` are the extreme values. In `distinct` all bytes of
 * a message differ, so that reading a field at a wrong offset shows. `numbered` counts up in values that RM may accept.
 */
export type FillName = 'zero' | 'ones' | 'distinct' | 'numbered';

/** Makes the scalars and bytes of one value. It has state, so each value needs a new one. */
export interface Fill {
  scalar(field: Field, type: WireType): number | bigint;
  bytes(size: number, text: boolean): Uint8Array;
}

export function fillOf(name: FillName): Fill {
  if (name === 'distinct') return distinctFill();
  if (name === 'numbered') return numberedFill();
  const ones = name === 'ones';
  return {
    scalar: (_field, type) => (ones ? allOnes(type) : fromBytes(type, () => 0)),
    // Bytes of 0xff are not valid text.
    bytes: (size, text) => (text ? letters(size) : new Uint8Array(size).fill(ones ? 0xff : 0)),
  };
}

function allOnes(type: WireType): number | bigint {
  return fromBytes(type, () => 0xff);
}

/** Bytes 1, 2, 3, ... 255, 1, ... in wire order. */
function distinctFill(): Fill {
  let last = 0;
  const next = () => {
    last = (last % 255) + 1;
    return last;
  };
  return {
    scalar: (_field, type) => fromBytes(type, next),
    bytes: (size, text) => (text ? letters(size) : Uint8Array.from({ length: size }, next)),
  };
}

/** First VMID that RM allocates, and how many it has (messages.md, limits). */
const firstVmid = 128;
const vmidCount = 63;
/** Addresses and sizes are whole pages. */
const pageBits = 12n;

function numberedFill(): Fill {
  let count = 0;
  return {
    scalar(field, type) {
      count++;
      if (type instanceof ReservedType) return 0;
      if (type instanceof EnumType) {
        const values = Object.values(type.values) as number[];
        return values[count % values.length] as number;
      }
      if (type instanceof FlagsType) return type.info.valid?.at(-1) ?? 0;
      if (type.fixedSize === 8) return BigInt(count) << pageBits;
      if (field.role === 'vmid') return firstVmid + (count % vmidCount);
      return count % 2 ** (8 * (type.fixedSize as number));
    },
    bytes: (size, text) => (text ? letters(size) : Uint8Array.from({ length: size }, (_, index) => index)),
  };
}

function letters(size: number): Uint8Array {
  return Uint8Array.from({ length: size }, (_, index) => 0x61 + (index % 26));
}

/** The integer whose little-endian bytes `next` gives. */
function fromBytes(type: WireType, next: () => number): number | bigint {
  let value = 0n;
  const size = type.fixedSize as number;
  for (let index = 0; index < size; index++) value |= BigInt(next()) << BigInt(8 * index);
  if (size === 8) return value;
  const signed = type instanceof IntegerType && type.signed;
  return Number(signed ? BigInt.asIntN(8 * size, value) : value);
}
