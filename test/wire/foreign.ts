import * as restructure from 'restructure';
import type { AnyType } from '../../src/wire/index.js';

/** A type of restructure's own. It has no typings, so what the tests use of it is written here. */
export interface ForeignType {
  fromBuffer(bytes: Uint8Array): unknown;
  toBuffer(value: unknown): Uint8Array;
  size(value: unknown): number;
}

type Part = ForeignType | AnyType;

interface Foreign {
  readonly Struct: new (fields: Readonly<Record<string, Part>>) => ForeignType;
  readonly Array: new (entry: Part, length: number | string | ForeignType) => ForeignType;
  readonly uint8: ForeignType;
  readonly uint16le: ForeignType;
}

export const foreign = restructure as unknown as Foreign;
