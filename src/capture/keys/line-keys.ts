import {
  ByteWriter,
  type PreparedText,
  preparedText,
  putDecimal,
  putPrepared,
} from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import { latin1 } from '../../base/text.js';
import { compile, functionText, stores } from '../../codec/emitter.js';
import type { Protocol } from '../../schema/index.js';
import type { Json } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import { type RecordKey, type RecordKeyName, recordKeyRows } from './table.js';

export type JsonObject = { [key: string]: Json };

/** Texts that are kept of each group of keys whose values repeat: two to the power of this. */
const slotBits = 12;

type Read<Item> = (item: Item, protocol: Protocol) => unknown;
type Write<Item> = (item: Item, protocol: Protocol, writer: ByteWriter) => void;
type DirectWrite<Item> = (item: Item, writer: ByteWriter) => boolean;

/** One key of a sort of line. */
interface Column<Item> {
  readonly name: RecordKeyName;
  readonly key: RecordKey;
  readonly read: Read<Item>;
  /** The property of the item that the value is. */
  readonly property: string | undefined;
  readonly write: DirectWrite<Item> | undefined;
}

/** Writes the value of one key as the line has it. */
export interface ValueWriter<Item> {
  readonly name: RecordKeyName;
  readonly onlyOf: RecordKey['onlyOf'];
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
    readerOf: (key: RecordKey) => Read<Item> | keyof Item | undefined,
    writerOf: (key: RecordKey) => DirectWrite<Item> | undefined = () => undefined,
  ) {
    this.#columns = recordKeyRows.flatMap(([name, key]): Column<Item>[] => {
      const reader = readerOf(key);
      if (reader === undefined) return [];
      const write = writerOf(key);
      if (typeof reader === 'function') return [{ name, key, read: reader, property: undefined, write }];
      return [{ name, key, read: (item) => item[reader], property: String(reader), write }];
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
    return columns.map(({ name, key: { kind, onlyOf }, read, write: direct }) => {
      const write = writeOf(kind);
      return {
        name,
        onlyOf,
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
      this.#allGroups().map((columns) => new KeptTexts(columns)),
      putDecimal,
      putPrepared,
    );
  }

  /** The groups of all parts, in the order in which {@link #source} counts them. */
  #allGroups(): Column<Item>[][] {
    const { all, plain, unsound } = this.#parts;
    return [plain, all, unsound].flatMap((columns) => this.#groupsOf(columns));
  }

  /** Columns side by side whose values repeat: they are written together. */
  #groupsOf(columns: readonly Column<Item>[]): Column<Item>[][] {
    const groups: Column<Item>[][] = [];
    let last = -2;
    for (const [at, column] of columns.entries()) {
      if (column.key.kind.repeats === undefined || this.#columns.indexOf(column) <= this.#begun) continue;
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

  /** All columns up to those that lines of sound payloads do not have; the same of plain messages; and the others. */
  get #parts(): { all: Column<Item>[]; plain: Column<Item>[]; unsound: Column<Item>[] } {
    const last = this.#columns.findLastIndex(({ key }) => key.onlyOf !== 'unsound');
    const all = this.#columns.slice(0, last + 1);
    const plain = all.filter(({ key }) => key.onlyOf === undefined);
    return { all, plain, unsound: this.#columns.slice(last + 1) };
  }

  #source(): string {
    const list = (stem: string) => `[${this.#columns.map((_, at) => stem + at)}]`;
    const { all, plain, unsound } = this.#parts;
    let group = 0;
    // A function for each part: lines of plain messages need the first alone, which is small.
    const part = (name: string, columns: readonly Column<Item>[]) => {
      const groups = this.#groupsOf(columns);
      const lines = columns.map((column) => {
        const own = groups.findIndex((others) => others.includes(column));
        if (own < 0) return this.#columnSource(column);
        return groups[own]?.[0] === column ? this.#groupSource(groups[own], group + own) : '';
      });
      group += groups.length;
      const begin = `let d = w.view, a = w.at, v, before, kept; const start = a;`;
      return `function ${name}(item, protocol, w) { w.room(${this.#room}); ${begin}\n${lines.join('\n')}\nw.at = a; }`;
    };
    return [
      `const ${list('read')} = reads, ${list('write')} = writes, ${list('direct')} = directs;`,
      part('plain', plain),
      part('all', all),
      part('unsound', unsound),
      'return (item, protocol, w) => { if (item.isPlain) plain(item, protocol, w); else all(item, protocol, w);',
      'if (!item.isSound) unsound(item, protocol, w);',
      `w.room(2); const d = w.view; let a = w.at; ${stores('}\n')} w.at = a; };`,
    ].join('\n');
  }

  /** Most bytes that all keys take whose values have a limited size. */
  get #room(): number {
    return this.#columns.reduce((sum, { name }) => sum + name.length + 28, 4);
  }

  /** The expression that reads a column's value. */
  #readSource(column: Column<Item>): string {
    const { property } = column;
    return property === undefined
      ? `read${this.#columns.indexOf(column)}(item, protocol)`
      : `item.${property}`;
  }

  #columnSource(column: Column<Item>): string {
    const { name, key, write } = column;
    const at = this.#columns.indexOf(column);
    const begun = this.#begun;
    const room = `w.room(${this.#room}); d = w.view;`;
    // Up to the first key that every line has, only the line itself tells whether a key has been written before.
    const comma = at === 0 || at > begun ? '' : 'd.setUint8(a, a === start ? 0x7b : 0x2c); a++; ';
    const start = `${comma}${stores(`${at === 0 ? '{' : at > begun ? ',' : ''}"${name}":`)}`;
    const value = key.kind.isDecimal
      ? 'a = decimal(d, a, v);'
      : `w.at = a; write${at}(v, w, protocol); a = w.at; ${room}`;
    const plain = key.required ? `${start} ${value}` : `if (v !== undefined) { ${start} ${value} }`;
    const read = this.#readSource(column);
    if (write === undefined) return `v = ${read}; ${plain}`;
    const made = `a = before; v = ${read}; ${plain}`;
    return `before = a; ${start} w.at = a; if (direct${at}(item, w)) { a = w.at; ${room} } else { ${made} }`;
  }

  /** Looks for the values of a group among those whose text is kept. */
  #groupSource(columns: readonly Column<Item>[], group: number): string {
    const values = columns.map((_, index) => `g${group}_${index}`);
    const mixed = values.reduce(
      (hash, value) =>
        `Math.imul(${hash} ^ (typeof ${value} === 'number' ? ${value} : ${value}?.length ?? 977), 0x9e3779b1)`,
      '0',
    );
    const differs = `kept === undefined || !(${values.map((value, index) => `kept.v${index} === ${value}`).join(' && ')})`;
    const { slots, slot } = { slots: `keeps[${group}].slots`, slot: `slot${group}` };
    return [
      ...columns.map((column, index) => `const ${values[index]} = ${this.#readSource(column)};`),
      `if (${values.map((value) => `${value} !== undefined`).join(' || ')}) {`,
      `const ${slot} = ${mixed} >>> ${32 - slotBits};`,
      `kept = ${slots}[${slot}];`,
      `if (${differs}) { kept = ${slots}[${slot} ^ 1];`,
      `if (${differs}) kept = keeps[${group}].keep(${slot}, [${values}], protocol); }`,
      `w.at = a; w.room(kept.text.size + ${this.#room}); d = w.view; a = put(d, a, kept.text); }`,
    ].join(' ');
  }
}

const parameters = ['reads', 'writes', 'directs', 'keeps', 'decimal', 'put'];
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
  readonly text: PreparedText;
}

/** The texts of the values that a group had lately. Two places hold those of each hash, so that memory is bounded. */
class KeptTexts<Item> {
  readonly slots: (KeptText | undefined)[] = Array.from({ length: 1 << slotBits }, () => undefined);
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
    const kept = { v0, v1, v2, v3, text: preparedText(latin1(writer.bytes, 0, writer.at)) };
    this.slots[slot ^ 1] = this.slots[slot];
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
