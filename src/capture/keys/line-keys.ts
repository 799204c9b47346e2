import { ByteWriter, putDecimal } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { compile, functionText, stores } from '../../codec/emitter.js';
import type { Protocol } from '../../schema/index.js';
import type { Json } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import { type RecordKey, type RecordKeyName, recordKeyRows } from './table.js';

export type JsonObject = { [key: string]: Json };

/** Texts that are kept of each group of keys whose values repeat. A power of two. */
const slotCount = 1024;

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

/** Writes the value of one key as the line has it. */
export interface ValueWriter<Item> {
  readonly name: RecordKeyName;
  /** False, and nothing written: the line does not have the key. */
  write(item: Item, protocol: Protocol, writer: ByteWriter): boolean;
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
    return textWritten((writer) => this.write(item, protocol, writer));
  }

  /** Writes the line, as {@link toText}. */
  write(item: Item, protocol: Protocol, writer: ByteWriter): void {
    // Kept texts are those of one protocol.
    if (this.#writer === undefined || this.#writesFor !== protocol) this.#writer = this.#compiled();
    this.#writesFor = protocol;
    this.#writer(item, protocol, writer);
  }

  /** What writes each of the keys, but those that are left out. */
  writersBut(left: ReadonlySet<string>): ValueWriter<Item>[] {
    const columns = this.#columns.filter(({ name }) => !left.has(name));
    return columns.map(({ name, key: { kind }, read, write: direct }) => {
      const write = writeOf(kind);
      return {
        name,
        write(item, protocol, writer) {
          const before = writer.at;
          if (direct?.(item, writer)) return true;
          writer.at = before;
          const value = read(item, protocol);
          if (value !== undefined) write(value, writer, protocol);
          return value !== undefined;
        },
      };
    });
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
      this.#groups().map((columns) => new KeptTexts(columns)),
      putDecimal,
    );
  }

  /** Columns side by side whose values repeat: they are written together. */
  #groups(): Column<Item>[][] {
    const groups: Column<Item>[][] = [];
    let last = -2;
    for (let at = this.#begun + 1; at < this.#columns.length; at++) {
      const column = this.#columns[at] as Column<Item>;
      if (column.key.kind.repeats === undefined) continue;
      if (last === at - 1) groups.at(-1)?.push(column);
      else groups.push([column]);
      last = at;
    }
    return groups;
  }

  /** Index of the first column that every line has. Behind it, it is certain that a key has been written before. */
  get #begun(): number {
    return this.#columns.findIndex(({ key }) => key.required);
  }

  #source(): string {
    const list = (stem: string) => `[${this.#columns.map((_, at) => stem + at)}]`;
    const groups = this.#groups();
    const begun = this.#begun;
    const room = this.#columns.reduce((sum, { name }) => sum + name.length + 28, 4);
    const lines = this.#columns.map((column, at) => {
      const { name, key, write } = column;
      const group = groups.findIndex((columns) => columns.includes(column));
      if (group >= 0) return groups[group]?.[0] === column ? this.#groupSource(group, at) : '';
      // Up to the first key that every line has, only the line itself tells whether a key has been written before.
      const comma = at === 0 || at > begun ? '' : 'b[a] = a === start ? 0x7b : 0x2c; a++; ';
      const start = `${comma}${stores(`${at === 0 ? '{' : at > begun ? ',' : ''}"${name}":`)}`;
      const value = key.kind.isDecimal
        ? 'a = decimal(b, a, v);'
        : `w.at = a; write${at}(v, w, protocol); a = w.at; b = w.room(${room});`;
      const plain = key.required ? `${start} ${value}` : `if (v !== undefined) { ${start} ${value} }`;
      if (write === undefined) return `v = read${at}(item, protocol); ${plain}`;
      const made = `a = before; v = read${at}(item, protocol); ${plain}`;
      return `before = a; ${start} w.at = a; if (direct${at}(item, w)) { a = w.at; b = w.room(${room}); } else { ${made} }`;
    });
    return [
      `const ${list('read')} = reads, ${list('write')} = writes, ${list('direct')} = directs;`,
      `return (item, protocol, w) => { let b = w.room(${room}), a = w.at, v, before, kept; const start = a;`,
      ...lines,
      `${stores('}\n')} w.at = a; };`,
    ].join('\n');
  }

  /** Looks for the values of a group among those whose text is kept. */
  #groupSource(group: number, first: number): string {
    const columns = this.#groups()[group] as Column<Item>[];
    const values = columns.map((_, index) => `g${group}_${index}`);
    // Neighbours must not have the same slot: the numbers count with different weights, texts by their length.
    const hash = values
      .map((value) => `(typeof ${value} === 'string' ? ${value}.length : ${value} ^ ${value} >>> 20)`)
      .reduceRight((others, value) => `Math.imul(${others}, 37) + ${value}`, '0');
    const same = values.map((value, index) => `kept.v${index} === ${value}`).join(' && ');
    return [
      ...values.map((value, index) => `const ${value} = read${first + index}(item, protocol);`),
      `if (${values.map((value) => `${value} !== undefined`).join(' || ')}) {`,
      `const slot${group} = ${hash} & ${slotCount - 1};`,
      `kept = keeps[${group}].slots[slot${group}];`,
      `if (kept === undefined || !(${same})) kept = keeps[${group}].keep(slot${group}, [${values}], protocol);`,
      '{ const t = kept.text, n = t.length; if (a + n > b.length) { w.at = a; b = w.room(n); }',
      'for (let i = 0; i < n; i++) b[a + i] = t[i]; a += n; }',
      'if (a + 1024 > b.length) { w.at = a; b = w.room(1024); } }',
    ].join(' ');
  }
}

const parameters = ['reads', 'writes', 'directs', 'keeps', 'decimal'];
const scratch = new ByteWriter(1 << 14);
const utf8 = new TextDecoder('utf-8', { ignoreBOM: true });

function textOf({ kind }: RecordKey, value: unknown, protocol: Protocol): string {
  if (kind.toText !== undefined) return kind.toText(value, protocol);
  return kind.write === undefined
    ? jsonText(kind.toJson(value, protocol))
    : textWritten((writer) => kind.write?.(value, writer, protocol));
}

function textWritten(write: (writer: ByteWriter) => void): string {
  scratch.at = 0;
  write(scratch);
  return utf8.decode(scratch.bytes.subarray(0, scratch.at));
}

type KindWriter = (value: unknown, writer: ByteWriter, protocol: Protocol) => void;

function writeOf(kind: RecordKey['kind']): KindWriter {
  if (kind.write !== undefined) return kind.write;
  return (value, writer, protocol) =>
    writer.text(kind.toText?.(value, protocol) ?? jsonText(kind.toJson(value, protocol)));
}

/** Values of a group, and their text with the keys in front. */
interface KeptText {
  readonly v0: unknown;
  readonly v1: unknown;
  readonly v2: unknown;
  readonly v3: unknown;
  readonly text: Uint8Array;
}

/** The texts of the values that a group had lately: one for each sum of the values, so that memory is bounded. */
class KeptTexts<Item> {
  readonly slots: (KeptText | undefined)[] = Array.from({ length: slotCount }, () => undefined);
  readonly #columns: readonly Column<Item>[];

  constructor(columns: readonly Column<Item>[]) {
    if (columns.length > 4) throw new RangeError('a group has at most four keys');
    this.#columns = columns;
  }

  keep(slot: number, values: readonly unknown[], protocol: Protocol): KeptText {
    const writer = new ByteWriter(64);
    this.#columns.forEach(({ name, key: { kind } }, index) => {
      if (values[index] === undefined) return;
      writer.text(`,"${name}":`);
      writeOf(kind)(values[index], writer, protocol);
    });
    const [v0, v1, v2, v3] = values;
    const kept = { v0, v1, v2, v3, text: writer.bytes.slice(0, writer.at) };
    this.slots[slot] = kept;
    return kept;
  }
}

/** Lines of `decode --json`. */
export const keysOfRecords = new LineKeys<CaptureRecord>(
  (key) => key.record,
  (key) => key.writeRecord,
);
/** What of the lines of `decode --json` does not tell when and where the message was captured. */
export const keysOfContents = new LineKeys<CaptureRecord>(
  (key) => (key.ofCapture ? undefined : key.record),
  (key) => key.writeRecord,
);
/** Lines of `decode --frames --json`. */
export const keysOfFrames = new LineKeys<Frame>((key) => key.frame);
