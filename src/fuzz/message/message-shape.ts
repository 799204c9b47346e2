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

/** What values of a site are drawn from, and what can be wrong with it. */
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
  | 'message'
  | 'sender'
  | 'state'
  | 'frames';

/** Something of a request that can be right or wrong: a field, a list, the message as a whole, who sends it. */
export interface MutationSite {
  /** As messages.json names it: `label`, `acl_entries`, `acl_entries.rights`; of the whole, in angle brackets. */
  readonly name: string;
  readonly kind: SiteKind;
  readonly scalar: ScalarShape | undefined;
  /** The list that it is, or that it is in the entries of. */
  readonly list: ListShape | undefined;
  /** The part that may be left out. */
  readonly part: number;
}

/** One integer on the wire. */
export interface ScalarShape {
  readonly name: string;
  readonly field: Field;
  readonly width: number;
  /** Where its value stands: among the scalars of the draft, or within an entry of its list. */
  readonly slot: number;
}

export interface ListShape {
  readonly name: string;
  /** Among the lists of the draft. */
  readonly index: number;
  readonly countWidth: number;
  readonly seconds: readonly ScalarShape[];
  /** Most entries that RM takes. */
  readonly max: number;
  /** Slot of the scalar that decides on the entries, -1 where there is one kind only. */
  readonly selector: number;
  /** Entries by the selector's value; under 0 where there is none. */
  readonly entries: ReadonlyMap<number, readonly ScalarShape[]>;
}

interface BytesShape {
  /** Bytes where the size is fixed, else undefined. */
  readonly size: number | undefined;
  readonly padTo: number;
}

export interface FieldShape {
  readonly scalar?: ScalarShape;
  readonly list?: ListShape;
  readonly bytes?: BytesShape;
  /** There only if a scalar has one of these bits. */
  readonly when?: { readonly slot: number; readonly mask: number };
  readonly trailing: boolean;
}

/** Entries that a draft of a list without a limit of its own has room for. */
const ENTRIES_MAX = 600;
/** Numbers of one entry. */
export const ENTRY_WIDTH = 4;
/** Text that a draft has room for, in bytes. */
export const BYTES_MAX = 400;

/** What the engine knows of a call: its request, taken apart once, so that drafts of it are numbers in arrays. */
export class MessageShape {
  readonly parts: readonly FieldShape[];
  readonly sites: readonly MutationSite[];
  readonly scalarCount: number;
  readonly lists: readonly ListShape[];
  /** Slot of the scalar that holds the length of the bytes, -1: there are none. */
  readonly lengthSlot: number;
  readonly #slots = new Map<string, number>();

  /** @param index among all shapes. @param id message id; of shapes of unknown messages the first of several. */
  constructor(
    readonly index: number,
    readonly name: string,
    readonly id: number,
    readonly message: Message | undefined,
    layout: Payload | undefined,
  ) {
    const compiler = new Compiler(name, this.#slots);
    if (layout instanceof StructType) for (const field of layout.fields) compiler.part(field);
    this.parts = compiler.parts;
    this.lists = compiler.lists;
    this.scalarCount = compiler.scalarCount;
    this.lengthSlot = compiler.lengthSlot;
    this.sites = [
      ...compiler.sites,
      ...(['message', 'sender', 'state', 'frames'] as const).map((kind) => whole(kind)),
    ];
  }

  /** Where the value of a scalar stands. @throws UsageError when there is none of that name. */
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

function whole(kind: 'message' | 'sender' | 'state' | 'frames'): MutationSite {
  return { name: `<${kind}>`, kind, scalar: undefined, list: undefined, part: -1 };
}

class Compiler {
  readonly parts: FieldShape[] = [];
  readonly sites: MutationSite[] = [];
  readonly lists: ListShape[] = [];
  scalarCount = 0;
  lengthSlot = -1;

  constructor(
    readonly message: string,
    readonly slots: Map<string, number>,
  ) {}

  part(field: Field): void {
    const { type, presence } = field;
    const index = this.parts.length;
    const when = presence?.when && {
      slot: this.slots.get(presence.when.field) ?? 0,
      mask: presence.when.mask,
    };
    const common = { trailing: presence?.trailing === true, ...(when === undefined ? {} : { when }) };
    if (type instanceof ListType) this.parts.push({ ...common, list: this.#list(field, type) });
    else if (type instanceof BytesType) this.parts.push({ ...common, bytes: this.#bytes(field, type) });
    else this.parts.push({ ...common, scalar: this.#scalar(field, field.name) });
    if (presence !== undefined)
      this.sites.push({
        name: field.name,
        kind: 'optional',
        scalar: undefined,
        list: undefined,
        part: index,
      });
  }

  #scalar(field: Field, name: string): ScalarShape {
    const scalar = { name, field, width: field.type.fixedSize as number, slot: this.scalarCount++ };
    this.slots.set(name, scalar.slot);
    this.sites.push({ name, kind: kindOf(field), scalar, list: undefined, part: -1 });
    return scalar;
  }

  #list(field: Field, type: ListType): ListShape {
    const { entry, options } = type;
    const seconds = options.headerWords.map((word) => this.#scalar(word, word.name));
    const cases: ReadonlyMap<number, WireType> = 'cases' in entry ? entry.cases : new Map([[0, entry]]);
    const entries = new Map([...cases].map(([key, item]) => [key, entryScalars(field, item)] as const));
    const list: ListShape = {
      name: field.name,
      index: this.lists.length,
      countWidth: options.count.fixedSize,
      seconds,
      max: options.max ?? ENTRIES_MAX - 1,
      selector: 'cases' in entry ? (this.slots.get(entry.field) ?? -1) : -1,
      entries,
    };
    this.lists.push(list);
    this.sites.push({ name: field.name, kind: 'list', scalar: undefined, list, part: -1 });
    for (const scalar of new Set([...entries.values()].flat()))
      this.sites.push({
        name: `${field.name}.${scalar.name}`,
        kind: kindOf(scalar.field),
        scalar,
        list,
        part: -1,
      });
    return list;
  }

  #bytes(field: Field, { options }: BytesType): BytesShape {
    this.sites.push({ name: field.name, kind: 'bytes', scalar: undefined, list: undefined, part: -1 });
    const { lengthFrom, size, padTo = 1 } = options;
    if (lengthFrom !== undefined) this.lengthSlot = this.slots.get(lengthFrom) ?? -1;
    return { size, padTo };
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
