import type { InfoPart, WireType } from '../wire/index.js';

/** What the number in a field identifies or measures. Tools choose notation and generated values by it. */
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
  /** What leaving the field out means. */
  readonly means?: string;
  readonly max?: number;
  /** The error that RM answers above `max`. */
  readonly aboveMax?: string;
  /** Its part in the line that sums the message up. Fields without a part are left out of it. */
  readonly info?: InfoPart | undefined;
  /** What that line says in place of the value 0. */
  readonly zero?: string;
  /** The earlier field that names the VM whose state this is. That line then also tells the state before. */
  readonly stateOf?: string;
}

/** Whether values have the key: always, optionally, optionally as input only, or only if the value is not zero. */
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
