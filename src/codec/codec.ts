import { WireError } from '../base/error.js';
import type { Infer, InferInput } from '../schema/infer.js';
import type { AnyType, Values, WireType } from '../wire/index.js';
import { compileCheck, compileDecode, type FastCheck, type FastDecode } from './compile-decode.js';
import { compileEncode } from './compile-encode.js';
import { decodePlain, encodePlain, measure } from './plain.js';
import type { FastEncode } from './plain-encode.js';

/** Large enough for any payload that can be sent (14 616 bytes). A larger value is encoded by the field types. */
const scratch = new DataView(new ArrayBuffer(16_384));

/** Encodes and decodes the values of one declared struct. Its only state is the generated functions. */
export class Codec<V = Values, I = V> {
  #fastDecode: FastDecode | undefined;
  #fastEncode: FastEncode | undefined;
  #fastCheck: FastCheck | undefined;

  constructor(readonly type: WireType<V, I>) {}

  /**
   * Decodes the payload at [start, end) of the view, offsets in bytes. `request` is the value of the request that a
   * reply answers, for the layouts that depend on it. Throws WireError whose offset counts from `start`.
   */
  decode(view: DataView, start: number, end: number, request?: unknown): V {
    const value = this.tryDecode(view, start, end, request);
    if (value !== undefined) return value;
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
    return decodePlain(this.type, bytes, { request: request as Values }) as V;
  }

  /** As `decode`, but returns undefined on an error or for a list above RM's maximum. `annotate` then tells the reason. */
  tryDecode(view: DataView, start: number, end: number, request?: unknown): V | undefined {
    this.#fastDecode ??= compileDecode(this.type);
    return this.#fastDecode(view, start, end, request as Values) as V | undefined;
  }

  /** Whether `tryDecode` gives a value. Makes none. */
  check(view: DataView, start: number, end: number, request?: unknown): boolean {
    return this.checker(view, start, end, request as Values);
  }

  /** The function that `check` calls. Who calls it directly spares the engine to look for it at each call. */
  get checker(): FastCheck {
    this.#fastCheck ??= compileCheck(
      this.type,
      (...payload) => this.tryDecode(...payload) as Values | undefined,
    );
    return this.#fastCheck;
  }

  /**
   * Encodes into the view from `start` on and returns the offset behind the last byte. Throws WireError when the
   * value does not fit its declaration (offset from `start`), and with code `capacity` when the view is too small.
   */
  encode(value: I, view: DataView, start: number): number {
    this.#fastEncode ??= compileEncode(this.type);
    const end = this.#fastEncode(value as Values, view, start);
    return end >= 0 ? end : this.#encodeSlowly(value, view, start);
  }

  /** The payload as new bytes. Throws WireError like `encode`. */
  toBytes(value: I): Uint8Array {
    this.#fastEncode ??= compileEncode(this.type);
    const end = this.#fastEncode(value as Values, scratch, 0);
    return end >= 0 ? new Uint8Array(scratch.buffer.slice(0, end)) : encodePlain(this.type, value);
  }

  /** Size of the encoded value in bytes. Throws WireError when the value does not fit its declaration. */
  size(value: I): number {
    return measure(this.type, value);
  }

  /** Encodes with the field types, which throw if the value is wrong. If they do not, the view is too small. */
  #encodeSlowly(value: I, view: DataView, start: number): number {
    const bytes = encodePlain(this.type, value);
    const room = view.byteLength - start;
    if (room < bytes.length) {
      throw new WireError({ code: 'capacity', path: '', offset: 0, expected: bytes.length, actual: room });
    }
    new Uint8Array(view.buffer, view.byteOffset + start, room).set(bytes);
    return start + bytes.length;
  }
}

// biome-ignore lint/suspicious/noExplicitAny: one table for the codecs of all types
const codecs = new WeakMap<AnyType, Codec<any, any>>();

/** The codec of a declared struct or payload; made once and compiled on first use. */
export function codecOf<T extends AnyType>(type: T): Codec<Infer<T>, InferInput<T>> {
  let codec = codecs.get(type);
  if (codec === undefined) {
    codec = new Codec(type);
    codecs.set(type, codec);
  }
  return codec;
}
