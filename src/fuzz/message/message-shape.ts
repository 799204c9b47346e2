import { UsageError } from '../../base/error.js';
import type { Message, Payload } from '../../schema/index.js';
import {
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  IntegerType,
  ListType,
  ReservedType,
  StructType,
  type WireType,
} from '../../wire/index.js';

/** Decides which mutations a site can have. */
export type SiteKind =
  | 'reserved'
  | 'enum'
  | 'flags'
  | 'length'
  | 'vmid'
  | 'mem_handle'
  | 'virq_handle'
  | 'virq'
  | 'address'
  | 'size'
  | 'plain'
  | 'list'
  | 'bytes'
  | 'optional'
  | WholeMessageKind;

const wholeMessageKinds = ['message', 'sender', 'state', 'frames'] as const;
/** Sites that every message has: its payload as a whole, its sender, when it is sent, its queue messages. */
export type WholeMessageKind = (typeof wholeMessageKinds)[number];

/** A part of a request that can be mutated: a field, a list, or the message as a whole. */
export interface MutationSite {
  /** As messages.json names it: `label`, `acl_entries`, `acl_entries.rights`; of the whole, in angle brackets. */
  readonly name: string;
  readonly kind: SiteKind;
  readonly scalar?: ScalarShape;
  /** The list itself, or the list whose entries hold {@link scalar}. */
  readonly list?: ListShape;
  /** Index of the optional field among the fields of the message. */
  readonly field?: number;
}

/** One integer on the wire. */
export interface ScalarShape {
  readonly name: string;
  readonly field: Field;
  /** Bytes. */
  readonly width: number;
  /** Index of its value among the numbers of the draft, or of the list entry. */
  readonly slot: number;
}

export interface ListShape {
  readonly name: string;
  /** Among the lists of the draft. */
  readonly index: number;
  /** Bytes of the word that holds the number of entries. */
  readonly countWidth: number;
  /** Words between the count and the first entry. */
  readonly headerWords: readonly ScalarShape[];
  /** Most entries that RM takes. */
  readonly max: number;
  /** Slot of the scalar that decides the layout of the entries, -1 when there is one layout. */
  readonly selector: number;
  /** Scalars of an entry, by the selector's value; key 0 when there is one layout. */
  readonly entries: ReadonlyMap<number, readonly ScalarShape[]>;
}

/** One field of a request: a scalar, a list or bytes. */
export interface FieldShape {
  readonly scalar: ScalarShape | undefined;
  readonly list: ListShape | undefined;
  readonly bytes: { readonly padTo: number } | undefined;
  /** It is present only if the scalar in this slot has one of these bits. */
  readonly when: { readonly slot: number; readonly mask: number } | undefined;
  /** It may be missing at the end of the payload. */
  readonly trailing: boolean;
  /** It may be missing, for either reason. */
  readonly isConditional: boolean;
}

/** Entries that a draft has room for. */
export const ENTRIES_MAX = 600;
/** Numbers of one entry. */
export const ENTRY_WIDTH = 4;
/** Bytes of text that a draft has room for. */
export const BYTES_MAX = 400;

/** The layout of a request, compiled once, so that a draft of it is numbers in arrays. */
export class MessageShape {
  readonly fields: readonly FieldShape[];
  readonly sites: readonly MutationSite[];
  readonly scalarCount: number;
  readonly lists: readonly ListShape[];
  /** Slot of the scalar that holds the length of the bytes, -1 when there is none. */
  readonly lengthSlot: number;
  readonly #slots = new Map<string, number>();

  /** @param index among all shapes. @param id message id; for unknown messages the first of several. */
  constructor(
    readonly index: number,
    readonly name: string,
    readonly id: number,
    readonly message: Message | undefined,
    layout: Payload | undefined,
  ) {
    const builder = new ShapeBuilder(this.#slots);
    if (layout instanceof StructType) for (const field of layout.fields) builder.add(field);
    this.fields = builder.fields;
    this.lists = builder.lists;
    this.scalarCount = builder.scalarCount;
    this.lengthSlot = builder.lengthSlot;
    this.sites = [...builder.sites, ...wholeMessageKinds.map((kind) => ({ name: `<${kind}>`, kind }))];
  }

  /** Index of a scalar's value among the numbers of a draft. @throws UsageError for an unknown name. */
  slot(name: string): number {
    const slot = this.#slots.get(name);
    if (slot === undefined)
      throw new UsageError({
        code: 'field',
        path: this.name,
        expected: [...this.#slots.keys()].join(', '),
        actual: name,
      });
    return slot;
  }
}

class ShapeBuilder {
  readonly fields: FieldShape[] = [];
  readonly sites: MutationSite[] = [];
  readonly lists: ListShape[] = [];
  scalarCount = 0;
  lengthSlot = -1;

  constructor(readonly slots: Map<string, number>) {}

  add(field: Field): void {
    const { type, presence, name } = field;
    const index = this.fields.length;
    const when = presence?.when && {
      slot: this.slots.get(presence.when.field) ?? 0,
      mask: presence.when.mask,
    };
    const list = type instanceof ListType ? this.#list(field, type) : undefined;
    const bytes = type instanceof BytesType ? this.#bytes(name, type) : undefined;
    const scalar = list === undefined && bytes === undefined ? this.#scalar(field) : undefined;
    const trailing = presence?.trailing === true;
    const isConditional = trailing || when !== undefined;
    // All keys are always there: objects of one form are read fastest, and writing a request reads every field.
    this.fields.push({ scalar, list, bytes, when, trailing, isConditional });
    if (presence !== undefined) this.sites.push({ name, kind: 'optional', field: index });
  }

  #scalar(field: Field): ScalarShape {
    const { name, type } = field;
    const scalar = { name, field, width: type.fixedSize as number, slot: this.scalarCount++ };
    this.slots.set(name, scalar.slot);
    this.sites.push({ name, kind: kindOf(field), scalar });
    return scalar;
  }

  #list(field: Field, { entry, options }: ListType): ListShape {
    const { name } = field;
    const headerWords = options.headerWords.map((word) => this.#scalar(word));
    const cases: ReadonlyMap<number, WireType> = 'cases' in entry ? entry.cases : new Map([[0, entry]]);
    const entries = new Map([...cases].map(([key, item]) => [key, entryScalars(field, item)] as const));
    const list: ListShape = {
      name,
      index: this.lists.length,
      countWidth: options.count.fixedSize,
      headerWords,
      max: options.max ?? ENTRIES_MAX - 1,
      selector: 'cases' in entry ? (this.slots.get(entry.field) ?? -1) : -1,
      entries,
    };
    this.lists.push(list);
    this.sites.push({ name, kind: 'list', list });
    for (const scalar of new Set([...entries.values()].flat()))
      this.sites.push({ name: `${name}.${scalar.name}`, kind: kindOf(scalar.field), scalar, list });
    return list;
  }

  #bytes(name: string, { options }: BytesType): { readonly padTo: number } {
    const { lengthFrom, padTo = 1 } = options;
    this.sites.push({ name, kind: 'bytes' });
    if (lengthFrom !== undefined) this.lengthSlot = this.slots.get(lengthFrom) ?? -1;
    return { padTo };
  }
}

function entryScalars(field: Field, entry: WireType): readonly ScalarShape[] {
  const fields = entry instanceof StructType ? entry.fields : [{ ...field, name: 'value', type: entry }];
  if (fields.length > ENTRY_WIDTH)
    throw new UsageError({
      code: 'entry',
      path: field.name,
      expected: `0..${ENTRY_WIDTH} fields`,
      actual: fields.length,
    });
  return fields.map((item, slot) => ({
    name: item.name,
    field: item,
    width: item.type.fixedSize as number,
    slot,
  }));
}

const kindsByRole: Readonly<Record<string, SiteKind>> = {
  vmid: 'vmid',
  mem_handle: 'mem_handle',
  virq_handle: 'virq_handle',
  virq: 'virq',
  ipa: 'address',
  offset: 'address',
  size: 'size',
};

function kindOf({ type, role, isLength }: Field): SiteKind {
  if (type instanceof ReservedType) return 'reserved';
  if (type instanceof EnumType) return 'enum';
  if (type instanceof FlagsType) return 'flags';
  if (isLength) return 'length';
  if (!(type instanceof IntegerType))
    throw new UsageError({ code: 'type', path: type.label, expected: 'an integer', actual: type.kind });
  return (role !== undefined ? kindsByRole[role] : undefined) ?? 'plain';
}
