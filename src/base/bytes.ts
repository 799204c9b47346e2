/** A view of exactly the bytes of an array. */
export function viewOf({ buffer, byteOffset, byteLength }: Uint8Array): DataView {
  return new DataView(buffer, byteOffset, byteLength);
}

/**
 * The same bytes as a plain Uint8Array. What Node reads comes as a Buffer. Its `slice` shares the memory, while `slice` of
 * a Uint8Array copies.
 */
export function plainBytes({ buffer, byteOffset, byteLength }: Uint8Array): Uint8Array {
  return new Uint8Array(buffer, byteOffset, byteLength);
}

/** The bytes of several arrays, one after the other. */
export function concatenated(arrays: readonly Uint8Array[]): Uint8Array {
  const bytes = new Uint8Array(arrays.reduce((sum, { length }) => sum + length, 0));
  let at = 0;
  for (const array of arrays) {
    bytes.set(array, at);
    at += array.length;
  }
  return bytes;
}

export function sameBytes(left: Uint8Array, right: Uint8Array): boolean {
  if (left.length !== right.length) return false;
  for (let at = 0; at < left.length; at++) if (left[at] !== right[at]) return false;
  return true;
}

const FNV_START = 0x811c9dc5;
const FNV_PRIME = 0x01000193;

/** A hash of 32 bits, signed: FNV-1a. Not cryptographic. @param start mixed in first. */
export function hashOf(bytes: Uint8Array, start = 0): number {
  let hash = start ^ FNV_START;
  for (let at = 0; at < bytes.length; at++) hash = Math.imul(hash ^ (bytes[at] as number), FNV_PRIME);
  return hash;
}
