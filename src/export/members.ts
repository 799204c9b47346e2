import {
  BytesType,
  type Field,
  IntegerType,
  ListType,
  ReservedType,
  type StructType,
  type WireType,
} from '../wire/index.js';

/** A member of a packed struct in a language whose structs have fixed offsets. */
export interface Member {
  readonly name: string;
  readonly offset: number;
  readonly type: WireType;
  readonly doc: string;
  /** Number of bytes, for bytes only. */
  readonly length?: number;
  /** The payload may end before it. */
  readonly isOptional: boolean;
}

/** The members of a payload whose offsets are fixed, and the fields that follow them. */
export interface FixedPart {
  readonly members: readonly Member[];
  /** Bytes of all members. */
  readonly size: number;
  /** The fields that follow. If the header of a list is among the members, the list is the first of them. */
  readonly behind: readonly Field[];
}

/** Name of a list's count. Where the public headers name it, it is that name. */
export function countName({ name, type }: Field): string {
  return (type instanceof ListType ? type.options.countName : undefined) ?? `${name}_count`;
}

/** Splits a layout behind the last member that has a fixed offset. The header of the first list has one too. */
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

/** Width in bytes of the integer in C or Rust. Undefined for bytes and for 3 reserved bytes. */
export function integerWidth(type: WireType): 1 | 2 | 4 | 8 | undefined {
  const isScalar = type instanceof IntegerType || type instanceof ReservedType;
  const size = type.fixedSize;
  return isScalar && size !== undefined && size !== 3 ? (size as 1 | 2 | 4 | 8) : undefined;
}
