import type { Scope } from './scope.js';
import type { ReadStream, WriteStream } from './streams.js';

/**
 * A field type. `V` is what decoding yields, `I` what encoding takes (lengths may be left out there). The three
 * methods are restructure's contract.
 */
export interface WireType<V = unknown, I = V> {
  /** Which class it is; see {@link visitType}. */
  readonly kind: 'integer' | 'enum' | 'flags' | 'reserved' | 'bits' | 'bytes' | 'list' | 'struct' | 'variant';
  /** Name for people: `u16`, `mem_rights`, `list of acl_entry`. */
  readonly label: string;
  /** Size in bytes when it is always the same, else undefined. */
  readonly fixedSize: number | undefined;
  /** Smallest size in bytes on the wire. */
  readonly sizeMin: number;
  /** The words in front of a list's entries; each has a key of its own beside the list. */
  readonly headerWords?: readonly Field[];
  /** Name of the earlier field that holds the length in bytes. */
  readonly lengthFrom?: string | undefined;
  decode(stream: ReadStream, parent?: unknown): V;
  encode(stream: WriteStream, value: I, parent?: unknown): void;
  size(value: I, parent?: unknown): number;
  /** Whether the values around it do not determine its layout. Types without this method need no such values. */
  isUndecided?(scope: Scope): boolean;
  /** Type-level only: never set. */
  readonly types?: { readonly value: V; readonly input: I };
}

/** Any field type, whatever its values. */
// biome-ignore lint/suspicious/noExplicitAny: only any makes types with different values assignable to one name
export type AnyType = WireType<any, any>;

/** When a field is there. Without one it always is. */
export interface Presence {
  /** The payload may end before it. */
  readonly trailing: boolean;
  /** Only when one of these bits of an earlier flags field is set. */
  readonly when?: { readonly field: string; readonly mask: number } | undefined;
  /** What leaving it out means, as text. */
  readonly means?: string | undefined;
}

/**
 * The parts of the line that sums a message up, in their order: `32 MiB to VM 128 at 0x88000000`. Details that are zero
 * are left out. In a list of structs, what an entry has as `what` takes the part of the list.
 */
export const infoParts = ['subject', 'what', 'to', 'from', 'by', 'at', 'detail'] as const;
export type InfoPart = (typeof infoParts)[number];

/** A named field of a struct, with what tools print about it. */
export interface Field<T extends WireType = WireType> {
  readonly name: string;
  readonly type: T;
  readonly doc: string;
  readonly role?: string | undefined;
  readonly aliases: readonly string[];
  readonly presence?: Presence | undefined;
  /** Length of a later bytes field; filled in by encode when left out. */
  readonly isLength: boolean;
  /** RM's limit on the value and the error it answers above it. */
  readonly max?: number | undefined;
  readonly aboveMax?: string | undefined;
  readonly info?: InfoPart | undefined;
  /** What the value 0 means, where that is another thing than a number. */
  readonly zero?: string | undefined;
  /** The field of the same struct that names the VM whose state this is. */
  readonly stateOf?: string | undefined;
  /** Reserved only: the error that RM answers unless it is zero; undefined = RM does not look. */
  readonly checkedZero?: string | undefined;
}
