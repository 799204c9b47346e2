// The part of restructure that the benchmark's own declarations use; merges with src/wire/restructure.d.ts.
declare module 'restructure' {
  export interface DecodeStream {
    view: DataView;
  }
  export interface EncodeStream {
    view: DataView;
  }
  export interface Type {
    decode(stream: DecodeStream, parent?: unknown): unknown;
    encode(stream: EncodeStream, value: unknown, parent?: unknown): void;
    size(value?: unknown, parent?: unknown): number;
  }
  class Base implements Type {
    decode(stream: DecodeStream, parent?: unknown): unknown;
    encode(stream: EncodeStream, value: unknown, parent?: unknown): void;
    size(value?: unknown, parent?: unknown): number;
    fromBuffer(bytes: Uint8Array): unknown;
    toBuffer(value: unknown): Uint8Array;
  }
  export const uint8: Type;
  export const uint16le: Type;
  export const uint32le: Type;
  export class Reserved extends Base {
    constructor(type: Type);
  }
  export class Struct extends Base {
    constructor(fields: Readonly<Record<string, Type>>);
  }
  class ArrayType extends Base {
    constructor(type: Type, count: string);
  }

  export { ArrayType as Array };
}
