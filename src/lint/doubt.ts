import type { CaptureRecord } from '../capture/records/index.js';
import type { Payload } from '../schema/index.js';
import { BytesType, type Field, ListType, StructType, type Values } from '../wire/index.js';

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

  /** @param certain VMIDs that are never in doubt: they live as long as the manager. */
  constructor(certain: readonly number[]) {
    this.#always = new Set(certain);
  }

  /** The model as a whole is in another state than the manager that was seen. */
  everything = false;

  get isEmpty(): boolean {
    return !this.everything && kinds.every((kind) => this.#known[kind].size === 0);
  }

  /** From now on everything that a message names is in doubt, and so is its sender. */
  spread(record: CaptureRecord): void {
    for (const [kind, value] of named(record)) this.#add(kind, value);
  }

  /** Whether a message is about something in doubt. */
  covers(record: CaptureRecord): boolean {
    if (this.isEmpty) return false;
    for (const [kind, value] of named(record))
      if (this.#known[kind].has(value) || (this.everything && !this.#isCertain(kind, value))) return true;
    return false;
  }

  doubtVm(vmid: number): void {
    this.#add('vmid', vmid);
  }

  clear(): void {
    this.everything = false;
    for (const kind of kinds) this.#known[kind].clear();
  }

  #add(kind: Kind, value: number): void {
    if (!this.#isCertain(kind, value)) this.#known[kind].add(value);
  }

  #isCertain(kind: Kind, value: number): boolean {
    return kind === 'vmid' && this.#always.has(value);
  }
}

/** Whether messages of a layout name something by a field. */
export function isNaming(layout: Payload | undefined): boolean {
  if (layout === undefined) return false;
  let naming = layouts.get(layout);
  if (naming === undefined) {
    naming = !(layout instanceof StructType) || structNames(layout);
    layouts.set(layout, naming);
  }
  return naming;
}

const layouts = new WeakMap<Payload, boolean>();

function structNames({ fieldsInOrder }: StructType): boolean {
  return fieldsInOrder.some(
    ({ role, type }) =>
      isKind(role) ||
      (type instanceof ListType &&
        type.entryTypes.some((entry) => entry instanceof StructType && structNames(entry))),
  );
}

/** What a message names, its sender and receiver first. */
function* named({ from, to, layout, payload }: CaptureRecord): Generator<[Kind, number]> {
  yield ['vmid', from];
  yield ['vmid', to];
  const struct = layout instanceof StructType ? layout : payload && layout?.layoutOf(payload);
  if (struct !== undefined && payload !== undefined) yield* namedIn(struct, payload);
}

function* namedIn(struct: StructType, values: Values): Generator<[Kind, number]> {
  for (const field of struct.fieldsInOrder) {
    const value = values[field.name];
    if (Array.isArray(value)) yield* namedInList(field, value, values);
    else if (typeof value === 'number' && isKind(field.role)) yield [field.role, value];
    else if (field.type instanceof BytesType) continue;
  }
}

function* namedInList(field: Field, items: readonly unknown[], owner: Values): Generator<[Kind, number]> {
  const entry = field.type instanceof ListType ? field.type.entryType(owner) : undefined;
  for (const item of items)
    if (entry instanceof StructType) yield* namedIn(entry, item as Values);
    else if (typeof item === 'number' && isKind(field.role)) yield [field.role, item];
}

function isKind(role: string | undefined): role is Kind {
  return kinds.includes(role as Kind);
}
