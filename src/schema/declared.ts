import type { WireType } from '../wire/index.js';

/** Names of the field's number in the protocol: what tools print in hex and generators draw from. */
type Role =
  | 'cap_id'
  | 'count'
  | 'heap_handle'
  | 'hyp_error'
  | 'ipa'
  | 'label'
  | 'length'
  | 'mem_handle'
  | 'offset'
  | 'resource_handle'
  | 'size'
  | 'slot'
  | 'tag'
  | 'virq'
  | 'virq_handle'
  | 'vmid';

export interface FieldOptions {
  readonly role?: Role;
  /** Other names in public headers. */
  readonly aliases?: readonly string[];
  /** The payload may end before this field. */
  readonly trailing?: true;
  /** Present only when one of the named bits of an earlier flags field is set. */
  readonly when?: { readonly field: string; readonly any: readonly string[] };
  /** What leaving the field out stands for. */
  readonly means?: string;
  readonly max?: number;
  /** The error that RM answers above `max`. */
  readonly aboveMax?: string;
}

/** How a field's key appears in values: always, only sometimes, always but optional as input, or only when not zero. */
export type KeyRule = 'required' | 'optional' | 'length' | 'reserved';

/** What `field`, `length`, `reserved` and `bits` return. */
export interface Declared<T extends WireType = WireType, _K extends KeyRule = KeyRule> {
  readonly type: T;
  readonly doc: string;
  readonly options: FieldOptions;
  readonly isLength?: boolean;
  readonly checkedZero?: string | undefined;
  /** Type-level only. */
  readonly rule?: _K;
}
