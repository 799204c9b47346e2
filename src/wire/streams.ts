import { DecodeStream, EncodeStream } from 'restructure';
import { plainBytes } from '../base/bytes.js';

/** The part of restructure's DecodeStream that the field types use; `pos` and `length` are in bytes. */
export interface ReadStream {
  pos: number;
  readonly length: number;
  readUInt8(): number;
  readUInt16LE(): number;
  readUInt32LE(): number;
  readInt32LE(): number;
  readBuffer(length: number): Uint8Array;
}

/** The part of restructure's EncodeStream that the field types use. */
export interface WriteStream {
  pos: number;
  writeUInt8(value: number): void;
  writeUInt16LE(value: number): void;
  writeUInt32LE(value: number): void;
  writeInt32LE(value: number): void;
  writeBuffer(bytes: Uint8Array): void;
}

/** Counts the bytes and writes none. Encoding into it makes all checks and gives the size. */
export class MeasuringStream implements WriteStream {
  pos = 0;
  writeUInt8(): void {
    this.pos += 1;
  }
  writeUInt16LE(): void {
    this.pos += 2;
  }
  writeUInt32LE(): void {
    this.pos += 4;
  }
  writeInt32LE(): void {
    this.pos += 4;
  }
  writeBuffer(bytes: Uint8Array): void {
    this.pos += bytes.length;
  }
}

/** restructure's own stream over `bytes`, from their first byte. */
export function decodeStream(bytes: Uint8Array): ReadStream {
  // Values must outlive the input, so their slices must be copies.
  return new DecodeStream(plainBytes(bytes));
}

/** restructure's own stream into `bytes`, which must be large enough. */
export function encodeStream(bytes: Uint8Array): WriteStream {
  return new EncodeStream(bytes);
}
