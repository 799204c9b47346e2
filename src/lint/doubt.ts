import type { RecordContents } from '../capture/records/index.js';
import type { Payload } from '../schema/index.js';
import { type Field, ListType, StructType, type Values } from '../wire/index.js';
import { payloadOf } from './evidence.js';

/** What messages name that the manager keeps a state of, by the role of the field. */
const kinds = ['vmid', 'mem_handle', 'virq_handle'] as const;
type Kind = (typeof kinds)[number];

/**
 * VMs, parcels and lent interrupts of which the model may have another state than the manager that was seen: because
 * the two have answered differently, or because a message named something that is in doubt already.
 */
export class Doubt {
  readonly #known: Readonly<Record<Kind, Set<number>>> = {
    vmid: new Set(),
    mem_handle: new Set(),
    virq_handle: new Set(),
  };
  readonly #always: ReadonlySet<number>;
  /** Something of any kind is known. */
  #hasSome = false;

  /** @param certain VMIDs that are never in doubt: they live as long as the manager. */
  constructor(certain: readonly number[]) {
    this.#always = new Set(certain);
  }

  /** The model as a whole is in another state than the manager that was seen. */
  everything = false;

  get isEmpty(): boolean {
    return !this.everything && !this.#hasSome;
  }

  /** From now on everything that a message names is in doubt, and so is its sender. */
  spread(record: RecordContents): void {
    if (this.everything) return;
    eachNamed(record, (kind, value) => this.#add(kind, value));
  }

  #covered = false;
  /** One function for all messages: to make one for each takes longer than to call it. */
  readonly #look = (kind: Kind, value: number): void => {
    if (this.#covered) return;
    this.#covered = this.#known[kind].has(value) || (this.everything && !this.#isCertain(kind, value));
  };

  /** Whether a message is about something in doubt. */
  covers(record: RecordContents): boolean {
    if (this.isEmpty) return false;
    this.#covered = false;
    eachNamed(record, this.#look);
    return this.#covered;
  }

  doubtVm(vmid: number): void {
    this.#add('vmid', vmid);
  }

  clear(): void {
    this.everything = false;
    this.#hasSome = false;
    for (const kind of kinds) this.#known[kind].clear();
  }

  #add(kind: Kind, value: number): void {
    if (this.#isCertain(kind, value)) return;
    this.#known[kind].add(value);
    this.#hasSome = true;
  }

  #isCertain(kind: Kind, value: number): boolean {
    return kind === 'vmid' && this.#always.has(value);
  }
}

/** Whether messages of a layout name something by a field. */
export function isNaming(layout: Payload | undefined): boolean {
  if (layout === undefined) return false;
  const naming = layout instanceof StructType ? namesOf(layout) : undefined;
  return naming === undefined || naming.words.length > 0 || naming.isElsewhere;
}

/** What names something in a struct. */
interface Names {
  /** Fields at the same place in all messages. Offset and size in bytes. */
  readonly words: readonly { readonly kind: Kind; readonly offset: number; readonly size: number }[];
  /** Others do so as well: in lists, or behind fields of variable size. */
  readonly isElsewhere: boolean;
  /** All that do so, and lists. */
  readonly fields: readonly Field[];
}

const known = new WeakMap<StructType, Names>();

function namesOf(struct: StructType): Names {
  let names = known.get(struct);
  if (names === undefined) {
    const words: Names['words'][number][] = [];
    for (const { field, offset, size } of struct.layout)
      if (isKind(field.role) && field.presence === undefined && offset !== undefined && isWord(size))
        words.push({ kind: field.role, offset, size });
    const fields = struct.fieldsInOrder.filter(({ role, type }) => isKind(role) || type instanceof ListType);
    names = { words, isElsewhere: countOf(struct) > words.length, fields };
    known.set(struct, names);
  }
  return names;
}

/** Fields that name something, also in the entries of lists. */
function countOf({ fieldsInOrder }: StructType): number {
  let count = 0;
  for (const { role, type } of fieldsInOrder) {
    if (isKind(role)) count++;
    if (type instanceof ListType)
      for (const entry of type.entryTypes) if (entry instanceof StructType) count += countOf(entry);
  }
  return count;
}

function isWord(size: number | undefined): size is 2 | 4 {
  return size === 2 || size === 4;
}

/** Calls `found` for what a message names, its sender and receiver first. */
export function eachNamed(record: RecordContents, found: (kind: Kind, value: number) => void): void {
  found('vmid', record.from);
  found('vmid', record.to);
  const { layout } = record;
  if (layout === undefined) return;
  const names = layout instanceof StructType ? namesOf(layout) : undefined;
  if (names !== undefined && !names.isElsewhere && record.bytes !== undefined) {
    eachWord(names, payloadOf(record), found);
    return;
  }
  const { payload } = record;
  const struct = layout instanceof StructType ? layout : payload && layout.layoutOf(payload);
  if (struct !== undefined && payload !== undefined) eachIn(struct, payload, found);
}

/** The bytes are read where they lie: decoding the message would cost more than all the rest. */
function eachWord({ words }: Names, bytes: Uint8Array, found: (kind: Kind, value: number) => void): void {
  for (const { kind, offset, size } of words) {
    if (offset + size > bytes.length) return;
    let value = 0;
    for (let at = size - 1; at >= 0; at--) value = value * 256 + (bytes[offset + at] as number);
    found(kind, value);
  }
}

function eachIn(struct: StructType, values: Values, found: (kind: Kind, value: number) => void): void {
  for (const field of namesOf(struct).fields) {
    const value = values[field.name];
    if (Array.isArray(value)) eachInList(field, value, values, found);
    else if (typeof value === 'number' && isKind(field.role)) found(field.role, value);
  }
}

function eachInList(
  field: Field,
  items: readonly unknown[],
  owner: Values,
  found: (kind: Kind, value: number) => void,
): void {
  const entry = field.type instanceof ListType ? field.type.entryType(owner) : undefined;
  for (const item of items)
    if (entry instanceof StructType) eachIn(entry, item as Values, found);
    else if (typeof item === 'number' && isKind(field.role)) found(field.role, item);
}

function isKind(role: string | undefined): role is Kind {
  return kinds.includes(role as Kind);
}
