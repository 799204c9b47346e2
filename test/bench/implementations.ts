/**
 * The rows of the table. Hand-written and generated code have loops of their own, as a program that uses one of them
 * has, so that no call site is shared between them.
 */
import { type Codec, codecOf, decodePlain, encodePlain } from '../../src/codec/index.js';
import type { AnyType } from '../../src/wire/index.js';
import { types, type Workload } from './cases.js';
import { decodeByHand } from './handwritten-decode.js';
import { encodeByHand } from './handwritten-encode.js';
import { declareStock, fromStock, toStock, type Wide, wide, words } from './stock.js';

export interface Implementation {
  readonly name: string;
  /** Decodes every message of the workload; the last value, so that nothing can be optimised away. */
  decodeAll(work: Workload): unknown;
  /** Encodes every message to the start of `out`; the bytes of all of them in sum. */
  encodeAll(work: Workload, out: DataView): number;
  /** One message, for the check that all rows do the same. */
  decode(kind: number, view: DataView, start: number, end: number): unknown;
  encode(kind: number, value: unknown, out: DataView): number;
}

let kept: unknown;

const codecs: readonly Codec<unknown, unknown>[] = types.map((type: AnyType) => codecOf(type));

export const handWritten: Implementation = {
  name: 'hand-written',
  decodeAll({ kinds, view, starts, ends }) {
    for (let i = 0; i < kinds.length; i++) {
      kept = decodeByHand(kinds[i] as number, view, starts[i] as number, ends[i] as number);
    }
    return kept;
  },
  encodeAll({ kinds, values }, out) {
    let size = 0;
    for (let i = 0; i < kinds.length; i++) size += encodeByHand(kinds[i] as number, values[i], out, 0);
    return size;
  },
  decode: decodeByHand,
  encode: (kind, value, out) => encodeByHand(kind, value, out, 0),
};

export const generated: Implementation = {
  name: 'this codec, generated',
  decodeAll({ kinds, view, starts, ends }) {
    for (let i = 0; i < kinds.length; i++) {
      const codec = codecs[kinds[i] as number] as Codec;
      kept = codec.decode(view, starts[i] as number, ends[i] as number);
    }
    return kept;
  },
  encodeAll({ kinds, values }, out) {
    let size = 0;
    for (let i = 0; i < kinds.length; i++) {
      const codec = codecs[kinds[i] as number] as Codec<unknown, unknown>;
      size += codec.encode(values[i], out, 0);
    }
    return size;
  },
  decode: (kind, view, start, end) => (codecs[kind] as Codec).decode(view, start, end),
  encode: (kind, value, out) => (codecs[kind] as Codec<unknown, unknown>).encode(value, out, 0),
};

export const plain: Implementation = {
  name: 'this codec, plain restructure path',
  decodeAll({ kinds, view, starts, ends }) {
    for (let i = 0; i < kinds.length; i++) {
      kept = decodePlain(
        types[kinds[i] as number] as AnyType,
        slice(view, starts[i] as number, ends[i] as number),
      );
    }
    return kept;
  },
  encodeAll({ kinds, values }) {
    let size = 0;
    for (let i = 0; i < kinds.length; i++) {
      size += encodePlain(types[kinds[i] as number] as AnyType, values[i]).length;
    }
    return size;
  },
  decode: (kind, view, start, end) => decodePlain(types[kind] as AnyType, slice(view, start, end)),
  encode: (kind, value, out) => store(encodePlain(types[kind] as AnyType, value), out),
};

function stockWith(name: string, long: Wide): Implementation {
  const stockTypes = declareStock(long);
  const typeOf = (kind: number) => stockTypes[kind] as (typeof stockTypes)[number];
  const values = new Map<Workload, unknown[]>();
  return {
    name,
    decodeAll({ kinds, view, starts, ends }) {
      for (let i = 0; i < kinds.length; i++) {
        kept = typeOf(kinds[i] as number).fromBuffer(slice(view, starts[i] as number, ends[i] as number));
      }
      return kept;
    },
    encodeAll(work) {
      // Made in the warm-up: only encoding is measured.
      let own = values.get(work);
      if (own === undefined) {
        own = work.values.map((value) => toStock(value, long));
        values.set(work, own);
      }
      let size = 0;
      for (let i = 0; i < own.length; i++) size += typeOf(work.kinds[i] as number).toBuffer(own[i]).length;
      return size;
    },
    decode: (kind, view, start, end) => fromStock(typeOf(kind).fromBuffer(slice(view, start, end))),
    encode: (kind, value, out) => store(typeOf(kind).toBuffer(toStock(value, long)), out),
  };
}

export const stock = stockWith('restructure as it is', words);

export const implementations = [
  handWritten,
  generated,
  plain,
  stock,
  stockWith('restructure with a 64-bit type added', wide),
] as const;

function slice(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start);
}

function store(bytes: Uint8Array, out: DataView): number {
  new Uint8Array(out.buffer, out.byteOffset, bytes.length).set(bytes);
  return bytes.length;
}
