import type { Protocol } from '../src/schema/index.js';
import { type AnyType, type StructType, type Values, VariantType } from '../src/wire/index.js';

/** A declared type to be tested, with what decoding it needs. */
export interface Subject {
  readonly name: string;
  readonly type: AnyType;
  /** What the values are made of: the type itself, or one layout of a reply that the request decides. */
  readonly layout: StructType;
  readonly request: Values | undefined;
}

function subjectsOf(name: string, type: AnyType | undefined): Subject[] {
  if (type === undefined) return [];
  if (!(type instanceof VariantType)) return [{ name, type, layout: type as StructType, request: undefined }];
  return [...type.cases].map(([key, layout]) => ({
    name: `${name} (${type.field} ${key})`,
    type,
    layout,
    request: { [type.field]: key },
  }));
}

/** Every request, reply, error reply and notification of a protocol, its header and its shared structs. */
export function subjectsIn(protocol: Protocol): Subject[] {
  const messages = protocol.messages.flatMap((message) => {
    if (message.layout === 'unknown') return [];
    const { name } = message;
    if (message.kind === 'notification') return subjectsOf(name, message.payload);
    return [
      ...subjectsOf(`${name} request`, message.request),
      ...subjectsOf(`${name} reply`, message.reply),
      ...subjectsOf(`${name} error reply`, message.errorReply),
    ];
  });
  const shared = protocol.structs.flatMap((type) => subjectsOf(`struct ${type.label}`, type));
  return [...subjectsOf('header', protocol.header), ...shared, ...messages];
}
