import { WireError } from '../base/error.js';
import type { AnyType, Values } from '../wire/index.js';
import { encodePlain } from './plain.js';

/** Encodes into the view from `start` on; returns the end, or -1 when the value or the view does not fit. */
export type FastEncode = (value: Values, view: DataView, start: number) => number;

/** The encode function of a struct where none can be generated. */
export function plainEncode(type: AnyType): FastEncode {
  return (value, view, start) => {
    try {
      const bytes = encodePlain(type, value);
      if (view.byteLength - start < bytes.length) return -1;
      new Uint8Array(view.buffer, view.byteOffset + start, bytes.length).set(bytes);
      return start + bytes.length;
    } catch (error) {
      if (error instanceof WireError) return -1;
      throw error;
    }
  };
}
