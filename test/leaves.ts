import {
  type AnyType,
  BitsType,
  BytesType,
  ListType,
  type Mark,
  ReservedType,
  StructType,
  type Values,
  VariantType,
} from '../src/wire/index.js';

/** The smallest thing that is read in one piece. */
export interface Leaf {
  readonly path: string;
  /** The same, but for bits: there the first field of the byte, which is the one that a cut leaves without it. */
  readonly firstPath: string;
  readonly mark: Mark;
  readonly start: number;
  /** Bytes of the value itself; padding follows it. */
  readonly size: number;
  readonly padding: number;
  readonly value: unknown;
  /** The payload may end before it, in a valid message. */
  readonly mayEndBefore: boolean;
}

/**
 * What a valid value looks like on the wire, reckoned from the declaration and the value alone: neither decoder nor
 * encoder nor annotate has a part in it, so that their offsets can be held against it.
 */
export function leavesOf(type: AnyType, value: unknown): Leaf[] {
  const walk = new Walk();
  const payload = type instanceof VariantType ? caseOf(type, value as Values) : type;
  if (payload instanceof StructType && payload.mayBeEmpty) {
    if (Object.keys(value as Values).length === 0) return [];
    walk.optional = true;
  }
  walk.visit(payload, value, '');
  return walk.leaves;
}

function caseOf(type: VariantType, value: Values): AnyType {
  const found = [...type.cases.values()].find(({ fields }) => fields.some(({ name }) => name in value));
  if (found === undefined) throw new Error('no layout has these fields');
  return found;
}

class Walk {
  readonly leaves: Leaf[] = [];
  /** The next leaf begins an optional part. */
  optional = false;
  private at = 0;
  /** Bits of one byte are one leaf, which goes by the name of its last field. */
  private firstPath: string | undefined;

  visit(type: AnyType, value: unknown, path: string): void {
    if (type instanceof StructType) this.struct(type, value as Values, path);
    else if (type instanceof BytesType) {
      const { length } = value as Uint8Array;
      const padding = type.options.padTo === undefined ? 0 : Math.ceil(length / 4) * 4 - length;
      if (length > 0) this.add(path, 'field', length, value, padding);
    } else if (type instanceof BitsType) {
      if (type.shift === 0) this.firstPath = path;
      if (type.shift + type.width === 8) this.add(path, 'field', 1, value);
    } else if (type instanceof ReservedType) this.add(path, 'reserved', type.fixedSize, value ?? 0);
    else this.add(path, 'field', type.fixedSize as number, value);
  }

  private struct(type: StructType, value: Values, path: string): void {
    for (const { name, type: item, presence, isLength } of type.fields) {
      const there =
        value[name] !== undefined || isLength || (item instanceof ReservedType && presence === undefined);
      if (!there) continue;
      if (presence?.trailing) this.optional = true;
      const below = path === '' ? name : `${path}.${name}`;
      if (item instanceof ListType) this.list(item, name, value, path);
      else if (isLength)
        this.visit(item, (value[type.lengths.get(name) as string] as Uint8Array).length, below);
      else this.visit(item, value[name], below);
    }
  }

  private list(type: ListType, name: string, value: Values, path: string): void {
    const prefix = path === '' ? '' : `${path}.`;
    const { count, headerWords } = type.options;
    const items = value[name] as unknown[];
    this.add(prefix + name, 'count', count.fixedSize, items.length);
    for (const word of headerWords) this.visit(word.type, value[word.name], prefix + word.name);
    const entry =
      'cases' in type.entry ? type.entry.cases.get(value[type.entry.field] as number) : type.entry;
    items.forEach((item, index) => {
      this.visit(entry as AnyType, item, `${prefix}${name}[${index}]`);
    });
  }

  private add(path: string, mark: Mark, size: number, value: unknown, padding = 0): void {
    const { at: start, firstPath = path, optional: mayEndBefore } = this;
    this.leaves.push({ path, firstPath, mark, start, size, padding, value, mayEndBefore });
    this.at += size + padding;
    this.optional = false;
    this.firstPath = undefined;
  }
}
