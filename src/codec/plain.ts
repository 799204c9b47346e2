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
 * Decodes with the field types on restructure's stream. This is slow, and it defines what the generated functions do.
 * Throws WireError, also for bytes left over (`trailing`). Offsets count from the first byte.
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
  // Not with size() of the types, whose errors have neither path nor offset.
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
