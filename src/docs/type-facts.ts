import type { Message, Payload, Protocol } from '../schema/index.js';
import {
  type AnyType,
  BitsType,
  BytesType,
  EnumType,
  FlagsType,
  ListType,
  StructType,
  VariantType,
} from '../wire/index.js';
import type { ErrorFacts, NamesFacts, StructFacts } from './facts.js';
import { rowFacts, sizeFacts } from './layout-facts.js';

/** A type that is declared under a name. */
export type NamedType = EnumType | FlagsType | StructType;

/** The layouts of a message by part; none when its layout is not public. */
export function payloadsOf(message: Message): Payload[] {
  if (message.layout === 'unknown') return [];
  if (message.kind === 'notification') return [message.payload];
  return [message.request, message.reply, message.errorReply].filter((type) => type !== undefined);
}

/** The enums, flags and named structs that types contain, each once, in order of use. */
export function typesIn(types: readonly AnyType[]): NamedType[] {
  const found = new Set<NamedType>();
  const visit = (type: AnyType): void => {
    if (type instanceof EnumType || type instanceof FlagsType) found.add(type);
    else if (type instanceof VariantType) for (const layout of type.cases.values()) visitFields(layout);
    else if (type instanceof ListType) {
      const { entry } = type;
      for (const { type: word } of type.options.headerWords) visit(word);
      if ('cases' in entry) for (const layout of entry.cases.values()) visit(layout);
      else visit(entry as AnyType);
    } else if (type instanceof BytesType && type.options.inside !== undefined) visit(type.options.inside);
    else if (type instanceof BitsType && type.names !== undefined) visit(type.names);
    else if (type instanceof StructType) {
      if (type.label !== '') found.add(type);
      visitFields(type);
    }
  };
  // What a reply may be stands in the message itself, as a layout of its own.
  const visitFields = (type: StructType) => {
    for (const field of type.fields) visit(field.type);
  };
  for (const type of types) visit(type);
  return [...found];
}

/** Facts of an enum, a flag set or a struct. */
export function typeFacts(protocol: Protocol, type: NamedType): NamesFacts | StructFacts {
  const users = protocol.messages.filter((message) => typesIn(payloadsOf(message)).includes(type));
  const used_by = users.map(({ name }) => name);
  if (type instanceof StructType) {
    const { size, size_min } = sizeFacts(type);
    return { kind: 'struct', name: type.label, size, size_min, rows: rowFacts(type), used_by };
  }
  const { doc, aliases = {}, knownBy = {}, dialects = [], valid, exactlyOne, notes = [] } = type.info;
  const values = Object.entries(type instanceof EnumType ? type.values : type.bits).map(([name, value]) => ({
    name,
    value: value as number,
    ...(aliases[name] === undefined ? {} : { aliases: aliases[name] }),
    ...(knownBy[name] === undefined ? {} : { known_by: knownBy[name] }),
  }));
  return {
    kind: type.kind === 'enum' ? 'enum' : 'flags',
    name: type.label,
    size: type.fixedSize,
    doc,
    values,
    dialects: dialects.map(({ replaces = false, ...dialect }) => ({ ...dialect, replaces })),
    ...(valid === undefined ? {} : { valid }),
    ...(exactlyOne === true ? { exactly_one: true as const } : {}),
    notes,
    used_by,
  };
}

/** Facts about the errno tables of a protocol that the protocol itself does not hold. */
export interface ErrnoTables {
  /** The sources that have the table of each client. */
  readonly clients: Readonly<Record<string, readonly string[]>>;
  /** The errno names that each client uses for codes without a name. */
  readonly unknown: Readonly<
    Record<string, { readonly byCode: Readonly<Record<number, string>>; readonly otherwise: string }>
  >;
}

/** Facts of the error codes. */
export function errorFacts({ error, errno }: Protocol, tables: ErrnoTables): ErrorFacts {
  const { doc, aliases = {}, notes = [] } = error.info;
  return {
    kind: 'errors',
    name: error.label,
    doc,
    values: Object.entries(error.values).map(([name, value]) => ({
      name,
      value,
      ...(aliases[name] === undefined ? {} : { aliases: aliases[name] }),
      errno: errno[name] ?? {},
    })),
    clients: tables.clients,
    unknown: Object.fromEntries(
      Object.entries(tables.unknown).map(([client, { byCode, otherwise }]) => [
        client,
        { by_code: byCode, otherwise },
      ]),
    ),
    notes,
  };
}
