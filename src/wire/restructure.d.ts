// restructure 3.0.2 has no typings. Only what this folder calls is declared, and nothing of it is exported from the
// package: a declaration like this one does not reach the published types.
declare module 'restructure' {
  export class DecodeStream {
    constructor(buffer: Uint8Array);
    pos: number;
    length: number;
    readUInt8(): number;
    readUInt16LE(): number;
    readUInt32LE(): number;
    readInt32LE(): number;
    readBuffer(length: number): Uint8Array;
  }
  export class EncodeStream {
    constructor(buffer: Uint8Array);
    pos: number;
    writeUInt8(value: number): void;
    writeUInt16LE(value: number): void;
    writeUInt32LE(value: number): void;
    writeInt32LE(value: number): void;
    writeBuffer(bytes: Uint8Array): void;
  }
}
