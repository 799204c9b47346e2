import { WireError } from '../base/error.js';
import {
  type AnyType,
  type Context,
  decodeStream,
  encodeStream,
  MeasuringStream,
  Scope,
  type Values,
} from '../wire/index.js';

/**
 * Decodes with the field types over restructure's stream: slow, and the definition of what is right. Strict: throws
 * WireError with the offset from the first byte, `trailing` for bytes left over.
 */
export function decodePlain(type: AnyType, bytes: Uint8Array, context: Context = {}): Values {
  const stream = decodeStream(bytes);
  const value = type.decode(stream, new Scope({}, undefined, context));
  if (stream.pos < stream.length) {
    throw new WireError({
      code: 'trailing',
      path: '',
      offset: stream.pos,
      expected: stream.pos,
      actual: stream.length,
    });
  }
  return value as Values;
}

/** Encodes with the field types over restructure's stream. Throws WireError naming the field that does not fit. */
export function encodePlain(type: AnyType, value: unknown, context: Context = {}): Uint8Array {
  // Not the types' own size(): it knows neither path nor offset of what does not fit.
  const bytes = new Uint8Array(measure(type, value, context));
  type.encode(encodeStream(bytes), value, new Scope({}, undefined, context));
  return bytes;
}

/** Size of the encoded value in bytes. Throws WireError like `encodePlain`. */
export function measure(type: AnyType, value: unknown, context: Context = {}): number {
  const stream = new MeasuringStream();
  type.encode(stream, value, new Scope({}, undefined, context));
  return stream.pos;
}
