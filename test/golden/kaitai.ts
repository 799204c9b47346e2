import { createRequire } from 'node:module';
import KaitaiStructCompiler from 'kaitai-struct-compiler';
import { parse } from 'yaml';
import { countName } from '../../src/export/members.js';
import type { MessagePart } from '../../src/export/parts.js';
import {
  BytesType,
  EnumType,
  FlagsType,
  ListType,
  ReservedType,
  StructType,
  type WireType,
} from '../../src/wire/index.js';
import type { JsonLeaf } from './leaves-of-json.js';

const require = createRequire(import.meta.url);

/** The part of Kaitai's runtime that is used; its own typings are of a form that ESM does not take. */
interface Stream {
  readonly pos: number;
  readonly size: number;
  readU1(): number;
  readU8le(): number;
}
const KaitaiStream = require('kaitai-struct/KaitaiStream') as new (
  buffer: ArrayBuffer,
  offset: number,
) => Stream;

type Parsed = Readonly<Record<string, unknown>>;
type ParserClass = (new (stream: Stream) => Parsed) & Readonly<Record<string, unknown>>;

/** The parser that the Kaitai compiler makes of a .ksy; rejects when it does not accept it. */
export async function kaitaiParser(ksy: string): Promise<ParserClass> {
  const files = await KaitaiStructCompiler.compile('javascript', parse(ksy), null, false);
  const source = files['GunyahRm.js'] as string;
  const module = { exports: {} as Record<string, unknown> };
  new Function('module', 'exports', 'require', source)(
    module,
    module.exports,
    createRequire(import.meta.url),
  );
  return (module.exports.GunyahRm ?? module.exports) as ParserClass;
}

/** A stream that reads 64-bit values exactly: the runtime makes them doubles. */
class ExactStream extends KaitaiStream {
  override readU8le(): number {
    let value = 0n;
    for (let at = 0n; at < 8n; at++) value |= BigInt(this.readU1()) << (8n * at);
    return value as unknown as number;
  }
}

function streamOf(bytes: Uint8Array): Stream {
  return new ExactStream(bytes.slice().buffer, 0);
}

/** The payload of a message as the generated parser reads it, and what is left over. */
export function parsePayload(
  parser: ParserClass,
  { part, type, selection, key }: MessagePart,
  error: number | undefined,
  message: Uint8Array,
): { payload: Parsed | undefined; rest: number } {
  if (selection !== undefined && error === 0) {
    const own = parser[pascalOf(key)] as ParserClass;
    const stream = streamOf(message.subarray(12));
    const payload = new own(stream);
    return { payload, rest: stream.size - stream.pos };
  }
  const { body } = new parser(streamOf(message)) as { body: Parsed };
  const payload =
    part === 'error_reply'
      ? body.errorPayload
      : type === 'reply'
        ? (body.optionalPayload ?? body.payload)
        : body.payload;
  return { payload: payload as Parsed | undefined, rest: (body.rest as Uint8Array).length };
}

function camelOf(name: string): string {
  return name.replace(/_([a-z0-9])/g, (_, letter: string) => letter.toUpperCase());
}

function pascalOf(name: string): string {
  const camel = camelOf(name);
  return camel.charAt(0).toUpperCase() + camel.slice(1);
}

/** The leaves of a parsed payload, as {@link leavesOfJson} has them; of flags only the number. */
export function leavesOfParsed(
  parser: ParserClass,
  layout: StructType,
  value: Parsed,
): Omit<JsonLeaf, 'kind'>[] {
  const leaves: Omit<JsonLeaf, 'kind'>[] = [];
  const scalar = (type: WireType, item: unknown, path: string) => {
    if (item === undefined) return;
    if (type instanceof ReservedType) {
      const number =
        item instanceof Uint8Array ? item.reduce((sum, byte, at) => sum + byte * 256 ** at, 0) : item;
      if (number !== 0) leaves.push({ path, text: String(number) });
    } else if (type instanceof BytesType) {
      const hex = Buffer.from(item as Uint8Array).toString('hex');
      if (hex !== '') leaves.push({ path, text: hex });
    } else if (type instanceof EnumType) {
      const names = parser[pascalOf(type.label)] as Readonly<Record<number, string>>;
      leaves.push({ path, text: `${item}:${names[item as number] ?? ''}` });
    } else if (type instanceof FlagsType) leaves.push({ path, text: `${item}:` });
    else leaves.push({ path, text: String(item) });
  };
  const struct = (type: StructType, object: Parsed, prefix: string) => {
    for (const field of type.fields) {
      const { name, type: own, presence } = field;
      const found = object[camelOf(name)];
      if (!(own instanceof ListType)) scalar(own, found, prefix + name);
      else if (presence === undefined) list(field, own, object, prefix);
      else if (found !== undefined) list(field, own, found as Parsed, prefix);
    }
  };
  const list = (field: StructType['fields'][number], type: ListType, object: Parsed, prefix: string) => {
    const count = countName(field);
    leaves.push({ path: prefix + count, text: String(object[camelOf(count)]) });
    for (const word of type.options.headerWords)
      scalar(word.type, object[camelOf(word.name)], prefix + word.name);
    for (const item of object[camelOf(field.name)] as unknown[]) {
      const entry = 'cases' in type.entry ? entryOf(type, item) : type.entry;
      if (entry instanceof StructType) struct(entry, item as Parsed, `${prefix}${field.name}.`);
      else scalar(entry as WireType, item, prefix + field.name);
    }
  };
  struct(layout, value, '');
  return leaves;
}

/** Which of its types the parser has made an entry. */
function entryOf({ entry }: ListType, item: unknown): StructType | undefined {
  const name = (item as object).constructor.name;
  const cases = 'cases' in entry ? [...entry.cases.values()] : [];
  return cases.find(({ label }) => pascalOf(label) === name);
}
