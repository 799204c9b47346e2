import { defined } from '../base/defined.js';
import { enumName, flagNames } from '../capture/payload/index.js';
import {
  BytesType,
  EnumType,
  type Field,
  FlagsType,
  type LayoutRow,
  ListType,
  type StructType,
} from '../wire/index.js';
import type { RowFacts, SizeFacts } from './facts.js';

/** Size of a struct as a payload. */
export function sizeFacts(type: StructType): SizeFacts {
  const varies = type.layout.some(({ field, size }) => size === undefined || field.presence !== undefined);
  const sizeOf = (field: Field) => (field.presence === undefined ? field.type.sizeMin : 0);
  const sizeMin = type.fields.reduce((sum, field) => sum + sizeOf(field), 0);
  return { size: varies ? null : sizeMin, size_min: sizeMin, may_be_empty: type.mayBeEmpty };
}

/** The rows of a struct's layout table. A list has a row for its count, for each header word and for its entries. */
export function rowFacts(type: StructType): RowFacts[] {
  return type.layout.flatMap((row) =>
    row.field.type instanceof ListType ? listRows(type, row, row.field.type) : [fieldRow(type, row)],
  );
}

function fieldRow(owner: StructType, { field, offset, size }: LayoutRow): RowFacts {
  const { type } = field;
  const bits = type.kind === 'bits';
  return {
    kind: type.kind === 'reserved' ? 'reserved' : 'field',
    name: field.name,
    offset: offset ?? null,
    // Fields that share a byte have a size in bits, which their type tells.
    size: bits ? null : (size ?? null),
    type: type instanceof BytesType ? (type.options.encoding === 'utf8' ? 'text' : 'bytes') : type.label,
    doc: field.doc,
    ...fieldExtras(field),
    ...presence(owner, field),
    ...(owner.lengths.has(field.name) ? { counts: owner.lengths.get(field.name) as string } : {}),
    ...(type instanceof BytesType ? bytesExtras(owner, type) : {}),
  };
}

function listRows(owner: StructType, { field, offset }: LayoutRow, list: ListType): RowFacts[] {
  const { count, countName, headerWords, max } = list.options;
  const rows: RowFacts[] = [];
  let at = offset;
  const add = ({ kind, name, ...row }: Omit<RowFacts, 'offset'>, size: number) => {
    rows.push({ kind, name, offset: at ?? null, ...row });
    at = at === undefined ? undefined : at + size;
  };
  const limit = max === undefined ? {} : { max, above_max: 'NORESOURCE' };
  const countRow = {
    kind: 'count',
    name: countName ?? 'count',
    size: count.fixedSize,
    type: count.label,
    doc: `number of ${field.name}`,
    counts: field.name,
  } as const;
  add({ ...countRow, ...limit, ...presence(owner, field) }, count.fixedSize);
  for (const word of headerWords) {
    const size = word.type.sizeMin;
    const kind = word.type.kind === 'reserved' ? 'reserved' : 'field';
    const base = { kind, name: word.name, size, type: word.type.label, doc: word.doc } as const;
    add({ ...base, ...fieldExtras(word) }, size);
  }
  const { entryTypes: types, selector } = list;
  const sizes = new Set(types.map((type) => type.fixedSize ?? null));
  const entries = {
    kind: 'list',
    name: field.name,
    size: null,
    type: types.map((type) => `${type.label}[]`).join(' or '),
    doc: field.doc,
    entry_size: sizes.size === 1 ? ([...sizes][0] as number | null) : null,
  } as const;
  const select = selector && {
    select: { field: selector.field, cases: caseNames(owner, selector.field, selector.cases) },
  };
  add({ ...entries, ...fieldExtras(field), ...select }, 0);
  return rows;
}

function caseNames(owner: StructType, name: string, cases: ReadonlyMap<number, StructType>) {
  return Object.fromEntries([...cases].map(([value, type]) => [valueName(owner, name, value), type.label]));
}

/** The name of a field's value, or the number if it has no name. */
export function valueName(owner: StructType, field: string, value: number): string {
  const type = owner.fields.find(({ name }) => name === field)?.type;
  return (type instanceof EnumType ? enumName(type, value) : undefined) ?? String(value);
}

function fieldExtras({ role, aliases: names, max, aboveMax, checkedZero }: Field) {
  const aliases = names.length === 0 ? undefined : names;
  return defined({ role, aliases, max, above_max: aboveMax, checked_zero: checkedZero });
}

function presence(owner: StructType, field: Field) {
  if (field.presence === undefined) return {};
  const { trailing, when, means } = field.presence;
  const flags = owner.fields.find(({ name }) => name === when?.field)?.type;
  const any = when && flags instanceof FlagsType ? flagNames(flags, when.mask).map(String) : [];
  return defined({ trailing: trailing || undefined, when: when && { field: when.field, any }, means });
}

function bytesExtras(owner: StructType, { options }: BytesType) {
  const { lengthFrom, padTo, padMustBeZero, encoding, inside } = options;
  const rawWhen = ({ select, raw }: Exclude<typeof encoding, string>) => ({
    field: select,
    any: raw.map((value) => valueName(owner, select, value)),
  });
  return defined({
    length_from: lengthFrom,
    pad_to: padTo,
    pad_checked: padMustBeZero,
    raw_when: typeof encoding === 'string' ? undefined : rawWhen(encoding),
    inside: inside?.label,
  });
}
