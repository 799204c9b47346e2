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
type Print<Item> = (item: Item, protocol: Protocol) => string;

/** One key of a sort of line. */
interface Column<Item> {
  readonly name: RecordKeyName;
  readonly key: RecordKey;
  readonly read: Read<Item>;
}

/** The keys of one sort of line, in their order. */
export class LineKeys<Item> {
  readonly names: ReadonlySet<RecordKeyName>;
  readonly #columns: readonly Column<Item>[];
  readonly #byName: ReadonlyMap<string, Column<Item>>;
  #print: Print<Item> | undefined;
  #printsFor: Protocol | undefined;

  /** `readerOf` gives what reads a key's value, undefined for keys that this sort of line does not have. */
  constructor(readerOf: (key: RecordKey) => Read<Item> | undefined) {
    this.#columns = recordKeyRows.flatMap(([name, key]) => {
      const read = readerOf(key);
      return read === undefined ? [] : [{ name, key, read }];
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

  /** One key in words, for a cell of a table. Empty where the line does not have it. */
  words(item: Item, protocol: Protocol, name: string): string {
    const column = this.#byName.get(name);
    const value = column?.read(item, protocol);
    if (column === undefined || value === undefined) return '';
    const { kind } = column.key;
    if (kind.toWords !== undefined) return kind.toWords(value, protocol);
    const json = kind.toJson(value, protocol);
    return typeof json === 'string' ? json : jsonText(json);
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
    // Kept texts are those of one protocol.
    if (this.#print === undefined || this.#printsFor !== protocol) this.#print = this.#printer();
    this.#printsFor = protocol;
    return this.#print(item, protocol);
  }

  /** The keys that the line has, each with the text of its value. */
  texts(item: Item, protocol: Protocol): [name: RecordKeyName, text: string][] {
    const texts: [RecordKeyName, string][] = [];
    for (const { name, key, read } of this.#columns) {
      const value = read(item, protocol);
      if (value !== undefined) texts.push([name, textOf(key, value, protocol)]);
    }
    return texts;
  }

  /** The text of {@link toText} in pieces, for items that are larger than messages can be. */
  *toPieces(item: Item, protocol: Protocol): Generator<string> {
    let start = '{';
    for (const { name, key, read } of this.#columns) {
      const value = read(item, protocol);
      if (value === undefined) continue;
      yield `${start}"${name}":`;
      yield* key.kind.toPieces?.(value) ?? [textOf(key, value, protocol)];
      start = ',';
    }
    yield '}\n';
  }

  /** Text of the function that {@link toText} generates, for `provideBuilt`. */
  get functionText(): string {
    return functionText(parameters, this.#source());
  }

  /**
   * Generated code, because it has a call of its own for each key. A loop over the keys makes `decode --json` a tenth
   * slower: the engine cannot inline calls of changing functions.
   */
  #printer(): Print<Item> {
    const slow = () => (item: Item, protocol: Protocol) => `${jsonText(this.toJson(item, protocol))}\n`;
    const make = compile<(...columns: readonly unknown[]) => Print<Item>>(parameters, this.#source(), slow);
    const texts = this.#columns.map(
      ({ key: { kind } }) =>
        kind.toText ?? ((value: unknown, protocol: Protocol) => jsonText(kind.toJson(value, protocol))),
    );
    const kept = this.#columns.map(() => new Map<unknown, string>());
    return make(
      this.#columns.map(({ read }) => read),
      texts,
      kept,
      keep,
    );
  }

  #source(): string {
    const list = (stem: string) => `[${this.#columns.map((_, at) => stem + at)}]`;
    const begun = this.#columns.findIndex(({ key }) => key.required);
    const lines = this.#columns.map(({ name, key }, at) => {
      // Up to the first key that every line has, only the line itself tells whether a key has been printed before.
      const comma = at === 0 || at > begun ? '' : "(s === '' ? '{' : ',') + ";
      const start = JSON.stringify(`${at === 0 ? '{' : at > begun ? ',' : ''}"${name}":`);
      const text = `${start} + text${at}(v, protocol)`;
      const kept = key.kind.repeats ? `(kept${at}.get(v) ?? keep(kept${at}, v, ${text}))` : text;
      const add = `s += ${comma}${kept};`;
      return `v = read${at}(item, protocol); ${key.required ? add : `if (v !== undefined) ${add}`}`;
    });
    return [
      `const ${list('read')} = reads, ${list('text')} = texts, ${list('kept')} = kept;`,
      "return (item, protocol) => { let s = '', v;",
      ...lines,
      "return s + '}\\n'; };",
    ].join('\n');
  }
}

function textOf({ kind }: RecordKey, value: unknown, protocol: Protocol): string {
  return kind.toText?.(value, protocol) ?? jsonText(kind.toJson(value, protocol));
}

const parameters = ['reads', 'texts', 'kept', 'keep'];

function keep(texts: Map<unknown, string>, value: unknown, text: string): string {
  if (texts.size < keptMax) texts.set(value, text);
  return text;
}

/** Lines of `decode --json`. */
export const keysOfRecords = new LineKeys<CaptureRecord>((key) => key.record);
/** What of the lines of `decode --json` does not tell when and where the message was captured. */
export const keysOfContents = new LineKeys<CaptureRecord>((key) => (key.ofCapture ? undefined : key.record));
/** Lines of `decode --frames --json`. */
export const keysOfFrames = new LineKeys<Frame>((key) => key.frame);
