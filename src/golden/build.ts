import { isText } from '../capture/payload/index.js';
import {
  BytesType,
  type Field,
  ListType,
  ReservedType,
  StructType,
  type Values,
  type WireType,
} from '../wire/index.js';
import { type Fill, type FillName, fillOf } from './fills.js';

/** How to make a value of a struct. */
export interface Plan {
  readonly fill: FillName;
  /** Values for these fields, at the top level and in list entries, instead of the filled ones. */
  readonly fixed?: Values;
  /** Entries of a list, or bytes of a bytes field, by name. */
  readonly sizes?: Readonly<Record<string, number>>;
  /** For lists and bytes that `sizes` does not name. */
  readonly entries: number;
  readonly bytes: number;
  /** Whether fields that the payload may end before are present. */
  readonly trailing: boolean;
  /** With `trailing`: the first of these fields that is left out. */
  readonly endsBefore?: string;
}

/** Makes the value that a plan describes. Reserved bytes that RM checks are always zero. */
export function build(type: StructType, plan: Plan): Values {
  return new Builder(plan, fillOf(plan.fill)).struct(type);
}

class Builder {
  readonly #plan: Plan;
  readonly #fill: Fill;

  constructor(plan: Plan, fill: Fill) {
    this.#plan = plan;
    this.#fill = fill;
  }

  struct(type: StructType): Values {
    const plan = this.#plan;
    const value: Values = {};
    for (const field of type.fields) {
      const { name, presence, isLength } = field;
      if (isLength) continue;
      if (presence?.when && ((value[presence.when.field] as number) & presence.when.mask) === 0) continue;
      if (presence?.trailing && (!plan.trailing || plan.endsBefore === name)) break;
      if (field.type instanceof ListType) this.#list(field, field.type, value);
      else if (field.type instanceof BytesType) value[name] = this.#bytes(field, field.type, value);
      else this.#scalar(field, value);
      // Sets the flags on which the presence of other fields depends, so that those fields are present.
      if (plan.fill === 'distinct') this.#require(type, name, value);
    }
    return value;
  }

  #list(field: Field, type: ListType, value: Values): void {
    for (const word of type.options.headerWords) this.#scalar(word, value);
    const entry = type.entryType(value);
    const count = this.#plan.sizes?.[field.name] ?? this.#plan.entries;
    value[field.name] = Array.from({ length: count }, () => this.#entry(field, entry as WireType));
  }

  #entry(field: Field, type: WireType): unknown {
    return type instanceof StructType ? this.struct(type) : this.#fill.scalar(field, type);
  }

  #bytes({ name }: Field, type: BytesType, owner: Values): Uint8Array {
    const size = type.options.size ?? this.#plan.sizes?.[name] ?? this.#plan.bytes;
    return this.#fill.bytes(size, isText(type, owner));
  }

  #scalar(field: Field, value: Values): void {
    const { name, type, checkedZero } = field;
    const fixed = this.#plan.fixed?.[name];
    const filled = checkedZero === undefined ? this.#fill.scalar(field, type) : 0;
    const item = fixed ?? filled;
    if (!(type instanceof ReservedType) || item !== 0) value[name] = item;
  }

  #require(type: StructType, name: string, value: Values): void {
    for (const { presence } of type.fields) {
      if (presence?.when?.field === name) value[name] = (value[name] as number) | presence.when.mask;
    }
  }
}
