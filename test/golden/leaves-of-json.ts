import type { Json } from '../../src/capture/payload/index.js';
import {
  BytesType,
  EnumType,
  FlagsType,
  ListType,
  ReservedType,
  StructType,
  VariantType,
  type WireType,
} from '../../src/wire/index.js';

/** A field of `decode --json`, in the notation in which dissectors are compared with it. */
export interface JsonLeaf {
  /** `acl_entries.vmid`: without indices. */
  readonly path: string;
  readonly kind: 'integer' | 'enum' | 'flags' | 'bytes';
  /** Integers in decimal, with the name or names behind a colon; bytes as hex. */
  readonly text: string;
}

type Value = Readonly<Record<string, Json>>;

/**
 * The leaves of a payload in wire order. Reserved fields that are zero and bytes of length zero are left out, as tools
 * differ in whether they show them; the count of a list is there when `counts` is set (of a whole payload).
 */
export function leavesOfJson(type: WireType, json: Json, counts: boolean): JsonLeaf[] {
  const leaves: JsonLeaf[] = [];
  const add = (path: string, kind: JsonLeaf['kind'], text: string) => leaves.push({ path, kind, text });
  const struct = (layout: StructType, value: Value, prefix: string) => {
    for (const { name, type: field } of layout.fields) {
      const item = value[name];
      const path = prefix + name;
      if (field instanceof ListType) {
        const { countName, headerWords } = field.options;
        // Without the list only the words in front of it can be there: the payload ended inside its header.
        if (item !== undefined && counts)
          add(prefix + (countName ?? `${name}_count`), 'integer', String((item as Json[]).length));
        for (const word of headerWords) scalar(word.type, value[word.name], prefix + word.name, value);
        const entry =
          'cases' in field.entry
            ? field.entry.cases.get(selected(layout, field.entry.field, value))
            : field.entry;
        for (const one of (item ?? []) as Json[]) {
          if (entry instanceof StructType) struct(entry, one as Value, `${path}.`);
          else scalar(entry as WireType, one, path, value);
        }
      } else scalar(field, item, path, value);
    }
  };
  const scalar = (field: WireType, item: Json | undefined, path: string, owner: Value) => {
    if (item === undefined || (field instanceof ReservedType && item === 0)) return;
    if (field instanceof BytesType) {
      const hex = hexOf(field, item, owner);
      if (hex !== '') add(path, 'bytes', hex);
    } else if (field instanceof EnumType) {
      const number = typeof item === 'string' ? (field.values[item] as number) : (item as number);
      add(path, 'enum', `${number}:${typeof item === 'string' ? item : ''}`);
    } else if (field instanceof FlagsType) {
      const names = (item as Json[]).filter((one) => typeof one === 'string') as string[];
      const numbers = (item as Json[]).filter((one) => typeof one === 'number') as number[];
      const sum = [...numbers, ...names.map((one) => field.bits[one] as number)].reduce(
        (all, bit) => all + bit,
        0,
      );
      add(path, 'flags', `${sum}:${names.join()}`);
    } else add(path, 'integer', String(BigInt(item as string | number)));
  };
  if (type instanceof VariantType) {
    const layout = [...type.cases.values()].find(({ fields }) =>
      fields.some(({ name }) => name in (json as Value)),
    );
    if (layout !== undefined) struct(layout, json as Value, '');
  } else struct(type as StructType, json as Value, '');
  return leaves;
}

function selected(layout: StructType, name: string, value: Value): number {
  const item = value[name];
  const type = layout.fields.find((field) => field.name === name)?.type as EnumType;
  return typeof item === 'string' ? (type.values[item] as number) : (item as number);
}

function hexOf({ options: { encoding } }: BytesType, item: Json, owner: Value): string {
  if (typeof item === 'object') return (item as { hex: string }).hex;
  // The only choice of encodings is that of identifiers, by the name of their type.
  const isRaw = encoding === 'raw' || (typeof encoding === 'object' && owner[encoding.select] === 'GUID');
  return isRaw ? (item as string) : Buffer.from(item as string).toString('hex');
}
