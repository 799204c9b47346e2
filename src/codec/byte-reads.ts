import { type ScalarType, scalarCases } from '../wire/index.js';
import { noCode } from './emitter.js';
import type { Reads } from './struct-reader.js';

/** The expression that reads a value of fixed size at `at` of the Uint8Array `b`. Bytes share its memory. */
export const byteReads: Reads = {
  ...scalarCases(readUnsigned),
  integer: (type, at) => (type.signed ? signed32(at) : readUnsigned(type, at)),
  bits: (type, at) => `b[${at}] >>> ${type.shift} & ${type.max}`,
  bytes: (type, at) => bytesAt(at, String(type.fixedSize)),
  list: noCode,
  struct: noCode,
  variant: noCode,
};

function readUnsigned(type: ScalarType, at: string): string {
  switch (type.fixedSize) {
    case 1:
      return byte(at, 0);
    case 2:
      // A sum, not `|`: V8 then knows that it is small and that nothing computed with it overflows.
      return `(${byte(at, 0)} + ${byte(at, 1)} * 256)`;
    case 3:
      return `(${byte(at, 0)} + ${byte(at, 1)} * 256 + ${byte(at, 2)} * 65536)`;
    case 8:
      return `joinU64(${signed32(at)}, ${signed32(behind(at, 4))})`;
    default:
      return `(${signed32(at)} >>> 0)`;
  }
}

function signed32(at: string): string {
  return `(${byte(at, 0)} | ${byte(at, 1)} << 8 | ${byte(at, 2)} << 16 | ${byte(at, 3)} << 24)`;
}

function byte(at: string, offset: number): string {
  return `b[${behind(at, offset)}]`;
}

/** `p + 4` and 3 give `p + 7`, `p - 4` and 3 give `p - 1`. */
export function behind(at: string, offset: number): string {
  const [base, sign, constant] = at.split(' ') as [string, string?, string?];
  const sum = Number(constant ?? 0) * (sign === '-' ? -1 : 1) + offset;
  if (sum === 0) return base;
  return sum < 0 ? `${base} - ${-sum}` : `${base} + ${sum}`;
}

/** The expression for bytes as a plain Uint8Array, also of Node's Buffer. */
export function bytesAt(at: string, length: string): string {
  return `new Uint8Array(b.buffer, b.byteOffset + ${at}, ${length})`;
}
