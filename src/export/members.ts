import {
  BytesType,
  type Field,
  IntegerType,
  ListType,
  ReservedType,
  type StructType,
  type WireType,
} from '../wire/index.js';

/** A member of a packed struct in a language that wants fixed places. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: WireType;
  readonly doc: string;
  /** Bytes only: how many. Integers are one. */
  readonly length?: number;
  /** The payload may end before it. */
  readonly isOptional: boolean;
}

/** The part of a payload that is always in the same place, and what follows it. */
export interface FixedPart {
  readonly members: readonly Member[];
  /** Bytes of all members. */
  readonly size: number;
  /** Fields that come behind, or (a list whose header is among the members) whose entries do. */
  readonly behind: readonly Field[];
}

/** Name of the count of a list: that of the public headers, if they have one. */
export function countName({ name, type }: Field): string {
  return (type instanceof ListType ? type.options.countName : undefined) ?? `${name}_count`;
}

/** Splits a layout behind the last field that has a fixed place; the header of a first list belongs to it. */
export function fixedPart(layout: StructType): FixedPart {
  const members: Member[] = [];
  let offset = 0;
  const add = (name: string, type: WireType, doc: string, isOptional: boolean) => {
    const size = type.fixedSize as number;
    const length = type instanceof BytesType ? { length: size } : {};
    members.push({ name, offset, type, doc, isOptional, ...length });
    offset += size;
  };
  for (const [index, field] of layout.fields.entries()) {
    const { name, type, doc, presence } = field;
    const behind = layout.fields.slice(index);
    if (presence?.when !== undefined) return { members, size: offset, behind };
    if (type instanceof ListType) {
      if (presence !== undefined) return { members, size: offset, behind };
      add(countName(field), type.options.count, `number of ${name}`, false);
      for (const word of type.options.headerWords) add(word.name, word.type, word.doc, false);
      return { members, size: offset, behind };
    }
    if (type.fixedSize === undefined) return { members, size: offset, behind };
    add(name, type, doc, presence !== undefined);
  }
  return { members, size: offset, behind: [] };
}

/** Width in bytes of an integer of C or Rust; a run of 3 reserved bytes has none. */
export function integerWidth(type: WireType): 1 | 2 | 4 | 8 | undefined {
  const isScalar = type instanceof IntegerType || type instanceof ReservedType;
  const size = type.fixedSize;
  return isScalar && size !== undefined && size !== 3 ? (size as 1 | 2 | 4 | 8) : undefined;
}
