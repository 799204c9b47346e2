import { ByteWriter } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { compile, functionText } from '../../codec/emitter.js';
import type { Protocol } from '../../schema/index.js';
import type { Json } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import { type RecordKey, type RecordKeyName, recordKeyRows } from './table.js';

export type JsonObject = { [key: string]: Json };

/** Texts that are kept per key whose values repeat: few enough that hostile input cannot fill the memory. */
const keptMax = 256;

type Read<Item> = (item: Item, protocol: Protocol) => unknown;
type Write<Item> = (item: Item, protocol: Protocol, writer: ByteWriter) => void;
type DirectWrite<Item> = (item: Item, writer: ByteWriter) => boolean;

/** One key of a sort of line. */
interface Column<Item> {
  readonly name: RecordKeyName;
  readonly key: RecordKey;
  readonly read: Read<Item>;
  readonly write: DirectWrite<Item> | undefined;
}

/** The keys of one sort of line, in their order. */
export class LineKeys<Item> {
  readonly names: ReadonlySet<RecordKeyName>;
  readonly #columns: readonly Column<Item>[];
  readonly #byName: ReadonlyMap<string, Column<Item>>;
  #writer: Write<Item> | undefined;
  #writesFor: Protocol | undefined;

  /**
   * @param readerOf gives what reads a key's value, undefined for keys that this sort of line does not have.
   * @param writerOf gives what writes it without reading it first, for keys that have that.
   */
  constructor(
    readerOf: (key: RecordKey) => Read<Item> | undefined,
    writerOf: (key: RecordKey) => DirectWrite<Item> | undefined = () => undefined,
  ) {
    this.#columns = recordKeyRows.flatMap(([name, key]) => {
      const read = readerOf(key);
      return read === undefined ? [] : [{ name, key, read, write: writerOf(key) }];
    });
    this.#byName = new Map(this.#columns.map((column) => [column.name, column]));
    this.names = new Set(this.#columns.map(({ name }) => name));
  }

  /** One key, undefined where the line does not have it. With `inner` only what stands under that name is needed. */
  value(item: Item, protocol: Protocol, name: string, inner?: string): Json | undefined {
    const column = this.#byName.get(name);
    const value = column?.read(item, protocol);
    return value === undefined ? undefined : column?.key.kind.toJson(value, protocol, inner);
  }

  /** The keys that pass `select`, as the line has them. */
  toJson(item: Item, protocol: Protocol, select: (key: RecordKey) => boolean = () => true): JsonObject {
    const json: JsonObject = {};
    for (const { name, key, read } of this.#columns) {
      const value = select(key) ? read(item, protocol) : undefined;
      if (value !== undefined) json[name] = key.kind.toJson(value, protocol);
    }
    return json;
  }

  /** The line: `toJson` as text, and a line feed. */
  toText(item: Item, protocol: Protocol): string {
    scratch.at = 0;
    this.write(item, protocol, scratch);
    return utf8.decode(scratch.bytes.subarray(0, scratch.at));
  }

  /** Writes the line, as {@link toText}. */
  write(item: Item, protocol: Protocol, writer: ByteWriter): void {
    // Kept texts are those of one protocol.
    if (this.#writer === undefined || this.#writesFor !== protocol) this.#writer = this.#compiled();
    this.#writesFor = protocol;
    this.#writer(item, protocol, writer);
  }

  /** The same text in pieces, for items that are larger than messages can be. */
  *toPieces(item: Item, protocol: Protocol): Generator<string> {
    let start = '{';
    for (const { name, key, read } of this.#columns) {
      const value = read(item, protocol);
      if (value === undefined) continue;
      yield `${start}"${name}":`;
      const { kind } = key;
      if (kind.toPieces !== undefined) yield* kind.toPieces(value);
      else yield kind.toText?.(value, protocol) ?? jsonText(kind.toJson(value, protocol));
      start = ',';
    }
    yield '}\n';
  }

  /** Text of the function that {@link write} generates, for `provideBuilt`. */
  get functionText(): string {
    return functionText(parameters, this.#source());
  }

  /**
   * Generated code, because it has a call of its own for each key. A loop over the keys makes `decode --json` a tenth
   * slower: the engine cannot inline calls of changing functions.
   */
  #compiled(): Write<Item> {
    const slow = () => (item: Item, protocol: Protocol, writer: ByteWriter) =>
      writer.text(`${jsonText(this.toJson(item, protocol))}\n`);
    const make = compile<(...columns: readonly unknown[]) => Write<Item>>(parameters, this.#source(), slow);
    return make(
      this.#columns.map(({ read }) => read),
      this.#columns.map(({ key: { kind } }) => writeOf(kind)),
      this.#columns.map(({ write }) => write),
      this.#columns.map(() => new Map<unknown, Uint8Array>()),
      keep,
    );
  }

  #source(): string {
    const list = (stem: string) => `[${this.#columns.map((_, at) => stem + at)}]`;
    const begun = this.#columns.findIndex(({ key }) => key.required);
    const lines = this.#columns.map(({ name, key, write }, at) => {
      // Up to the first key that every line has, only the line itself tells whether a key has been written before.
      const comma = at === 0 || at > begun ? '' : 'b[w.at] = w.at === start ? 0x7b : 0x2c; w.at++; ';
      const start = `${comma}${puts(`${at === 0 ? '{' : at > begun ? ',' : ''}"${name}":`)}`;
      const value = key.kind.repeats
        ? `w.copy(kept${at}.get(v) ?? keep(kept${at}, v, write${at}, protocol));`
        : `write${at}(v, w, protocol);`;
      const text = `b = w.room(${name.length + 8}); ${start} ${value}`;
      const plain = key.required ? text : `if (v !== undefined) { ${text} }`;
      if (write === undefined) return `v = read${at}(item, protocol); ${plain}`;
      const direct = `before = w.at; b = w.room(${name.length + 8}); ${start}`;
      return `${direct} if (!direct${at}(item, w)) { w.at = before; v = read${at}(item, protocol); ${plain} }`;
    });
    return [
      `const ${list('read')} = reads, ${list('write')} = writes, ${list('direct')} = directs, ${list('kept')} = kept;`,
      'return (item, protocol, w) => { const start = w.at; let b, v, before;',
      ...lines,
      `b = w.room(2); ${puts('}\n')} };`,
    ].join('\n');
  }
}

const parameters = ['reads', 'writes', 'directs', 'kept', 'keep'];
const scratch = new ByteWriter(1 << 14);
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

/** Statements that write a text of ASCII where there is room. */
function puts(text: string): string {
  const stores = Array.from(text, (char, index) => `b[w.at + ${index}] = ${char.charCodeAt(0)};`);
  return `${stores.join(' ')} w.at += ${text.length};`;
}

type KindWriter = (value: unknown, writer: ByteWriter, protocol: Protocol) => void;

function writeOf(kind: RecordKey['kind']): KindWriter {
  if (kind.write !== undefined) return kind.write;
  return (value, writer, protocol) =>
    writer.text(kind.toText?.(value, protocol) ?? jsonText(kind.toJson(value, protocol)));
}

function keep(
  texts: Map<unknown, Uint8Array>,
  value: unknown,
  write: KindWriter,
  protocol: Protocol,
): Uint8Array {
  const writer = new ByteWriter(64);
  write(value, writer, protocol);
  const text = writer.bytes.slice(0, writer.at);
  if (texts.size < keptMax) texts.set(value, text);
  return text;
}

/** Lines of `decode --json`. */
export const keysOfRecords = new LineKeys<CaptureRecord>(
  (key) => key.record,
  (key) => key.writeRecord,
);
/** What of the lines of `decode --json` does not tell when and where the message was captured. */
export const keysOfContents = new LineKeys<CaptureRecord>((key) => (key.ofCapture ? undefined : key.record));
/** Lines of `decode --frames --json`. */
export const keysOfFrames = new LineKeys<Frame>((key) => key.frame);
