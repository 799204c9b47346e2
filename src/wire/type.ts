import type { ReadStream, WriteStream } from './streams.js';

/**
 * A field type. `V` is what decoding yields, `I` what encoding takes (lengths may be left out there). The three
 * methods are restructure's contract.
 */
export interface WireType<V = unknown, I = V> {
  /** How the compiler and the printers tell types apart. */
  readonly kind: 'integer' | 'enum' | 'flags' | 'reserved' | 'bits' | 'bytes' | 'list' | 'struct' | 'variant';
  /** Name for people: `u16`, `mem_rights`, `list of acl_entry`. */
  readonly label: string;
  /** Size in bytes when it is always the same, else undefined. */
  readonly fixedSize: number | undefined;
  /** Smallest size in bytes on the wire. */
  readonly sizeMin: number;
  decode(stream: ReadStream, parent?: unknown): V;
  encode(stream: WriteStream, value: I, parent?: unknown): void;
  size(value: I, parent?: unknown): number;
  /** Type-level only: never set. */
  readonly types?: { readonly value: V; readonly input: I };
}

/** Any field type, whatever its values. */
// biome-ignore lint/suspicious/noExplicitAny: only any makes types with different values assignable to one name
export type AnyType = WireType<any, any>;
