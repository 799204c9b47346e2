import { defined } from '../base/defined.js';
import type { Message, Payload, Protocol } from '../schema/index.js';
import {
  type AnyType,
  type EnumType,
  type FlagsType,
  type StructType,
  scalarCases,
  type TypeVisitor,
  visitType,
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
  const visitAll = (all: readonly (AnyType | undefined)[]) => {
    for (const type of all) if (type !== undefined) visitType(type, visitor);
  };
  const visitor: TypeVisitor<void> = {
    ...scalarCases(() => {}),
    enum: (type) => void found.add(type),
    flags: (type) => void found.add(type),
    bits: ({ names }) => visitAll([names]),
    bytes: ({ options }) => visitAll([options.inside]),
    list: ({ headerWords, entryTypes }) => visitAll([...headerWords.map(({ type }) => type), ...entryTypes]),
    struct(type) {
      if (type.label !== '') found.add(type);
      visitFields(type);
    },
    variant: ({ layouts }) => layouts.forEach(visitFields),
  };
  // The layouts of a variant have labels, but are described as parts of their message, not as types.
  const visitFields = (type: StructType) => {
    visitAll(type.fields.map((field) => field.type));
  };
  visitAll(types);
  return [...found];
}

const usersByProtocol = new WeakMap<Protocol, ReadonlyMap<NamedType, readonly string[]>>();

/** The names of the messages that contain each type. */
function usersIn(protocol: Protocol): ReadonlyMap<NamedType, readonly string[]> {
  const known = usersByProtocol.get(protocol);
  if (known !== undefined) return known;
  const users = new Map<NamedType, string[]>();
  for (const message of protocol.messages)
    for (const type of typesIn(payloadsOf(message))) {
      const names = users.get(type) ?? [];
      names.push(message.name);
      users.set(type, names);
    }
  usersByProtocol.set(protocol, users);
  return users;
}

/** Facts of an enum, a flag set or a struct. */
export function typeFacts(protocol: Protocol, type: NamedType): NamesFacts | StructFacts {
  const used_by = usersIn(protocol).get(type) ?? [];
  if (type.kind === 'struct') {
    const { size, size_min } = sizeFacts(type);
    return { kind: 'struct', name: type.label, size, size_min, rows: rowFacts(type), used_by };
  }
  const { doc, aliases = {}, knownBy = {}, dialects = [], valid, exactlyOne, notes = [] } = type.info;
  const values = Object.entries<number>('values' in type ? type.values : type.bits).map(([name, value]) =>
    defined({ name, value, aliases: aliases[name], known_by: knownBy[name] }),
  );
  return defined({
    kind: type.kind,
    name: type.label,
    size: type.fixedSize,
    doc,
    values,
    dialects: dialects.map(({ replaces = false, ...dialect }) => ({ ...dialect, replaces })),
    valid,
    exactly_one: exactlyOne || undefined,
    notes,
    used_by,
  });
}

/** Facts about the errno tables of a protocol that the protocol itself does not hold. */
export interface ErrnoTables {
  /** The numbers of errno names. */
  readonly numbers?: Readonly<Record<string, number>>;
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
    values: Object.entries(error.values).map(([name, value]) =>
      defined({ name, value, aliases: aliases[name], errno: errno[name] ?? {} }),
    ),
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
