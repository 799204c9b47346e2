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
/** A factor for each value of a group. Twice the same would put neighbouring ids into one slot. */
const mixers = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
/** Most bytes of such a text. */
const keptSizeMax = 256;

type Read<Item> = (item: Item, protocol: Protocol) => unknown;
type Write<Item> = (item: Item, protocol: Protocol, writer: ByteWriter) => void;
type DirectWrite<Item> = (item: Item, writer: ByteWriter) => boolean;

/** One key of a sort of line. */
interface Column<Item> {
  readonly name: RecordKeyName;
  /** The name as it stands in front of the value. */
  readonly label: string;
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

/** Which keys a sort of line has. */
export interface LineSort<Item> {
  /** What reads a key's value; undefined for keys that this sort of line does not have. */
  read(key: RecordKey): Read<Item> | keyof Item | undefined;
  /** What writes it without reading it first, for keys that have that. */
  write?(key: RecordKey): DirectWrite<Item> | undefined;
  /** Lines that have none of the keys that are `onlyOf` others. */
  isPlain(item: Item): boolean;
  /** Keys that plain lines may have. */
  plainKeys(key: RecordKey): boolean;
  /** Plain lines that have none of the keys of unsound payloads. */
  isSound(item: Item): boolean;
}

/** The keys of one sort of line, in their order. */
export class LineKeys<Item> {
  readonly names: ReadonlySet<RecordKeyName>;
  readonly #columns: readonly Column<Item>[];
  readonly #plain: readonly Column<Item>[];
  readonly #unsound: readonly Column<Item>[];
  readonly #sort: LineSort<Item>;
  readonly #byName: ReadonlyMap<string, Column<Item>>;
  #writer: Write<Item> | undefined;
  #writesFor: Protocol | undefined;

  constructor(sort: LineSort<Item>) {
    this.#sort = sort;
    this.#columns = recordKeyRows.flatMap(([name, key]): Column<Item>[] => {
      const reader = sort.read(key);
      if (reader === undefined) return [];
      const write = sort.write?.(key);
      const column = { name, label: `${JSON.stringify(name)}:`, key, write };
      if (typeof reader === 'function') return [{ ...column, read: reader, property: undefined }];
      return [{ ...column, read: (item) => item[reader], property: String(reader) }];
    });
    this.#plain = this.#columns.filter(({ key }) => sort.plainKeys(key));
    this.#unsound = this.#columns.filter(({ key }) => key.onlyOf === 'unsound');
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
    const sort = this.#sort;
    if (sort.isPlain(item)) {
      // Kept texts are those of one protocol.
      if (this.#writer === undefined || this.#writesFor !== protocol) this.#writer = this.#compiled();
      this.#writesFor = protocol;
      this.#writer(item, protocol, writer);
      if (!sort.isSound(item)) this.#writeEach(this.#unsound, ',', item, protocol, writer);
    } else this.#writeEach(this.#columns, '{', item, protocol, writer);
    writer.text('}\n');
  }

  /** A loop over the keys, for lines of which there are few. @param start what stands in front of the first key. */
  #writeEach(
    columns: readonly Column<Item>[],
    start: string,
    item: Item,
    protocol: Protocol,
    writer: ByteWriter,
  ): void {
    let comma = start;
    for (const column of columns) {
      const before = writer.at;
      writer.text(comma);
      writer.text(column.label);
      if (writeValue(column, item, protocol, writer)) comma = ',';
      else writer.at = before;
    }
  }

  /** What writes each of the keys, but those that are left out. */
  writersBut(left: ReadonlySet<string>): ValueWriter<Item>[] {
    const columns = this.#columns.filter(({ name }) => !left.has(name));
    return columns.map((column) => ({
      name: column.name,
      onlyOf: column.key.onlyOf,
      write: (item, protocol, writer) => writeValue(column, item, protocol, writer),
    }));
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
   * Generated code for plain lines, because it has a call of its own for each key. A loop over the keys makes
   * `decode --json` a tenth slower: the engine cannot inline calls of changing functions.
   */
  #compiled(): Write<Item> {
    const slow = () => (item: Item, protocol: Protocol, writer: ByteWriter) =>
      this.#writeEach(this.#plain, '{', item, protocol, writer);
    const make = compile<(...columns: readonly unknown[]) => Write<Item>>(parameters, this.#source(), slow);
    const columns = this.#plain;
    return make(
      columns.map(({ read }) => read),
      columns.map(({ key: { kind } }) => writeOf(kind)),
      columns.map(({ write }) => write),
      this.#groups.map((group) => new KeptTexts(group)),
      putDecimal,
      putPrepared,
    );
  }

  /** Columns of plain lines side by side whose values repeat: they are written together. */
  get #groups(): Column<Item>[][] {
    const groups: Column<Item>[][] = [];
    const begun = this.#begun;
    let last = -2;
    for (const [at, column] of this.#plain.entries()) {
      if (column.key.kind.repeats === undefined || at <= begun) continue;
      if (last === at - 1) groups.at(-1)?.push(column);
      else groups.push([column]);
      last = at;
    }
    return groups;
  }

  /** Index of the first column that every line has. Behind it, it is certain that a key has been written before. */
  get #begun(): number {
    return this.#plain.findIndex(({ key }) => key.required);
  }

  #source(): string {
    const list = (stem: string) => `[${this.#plain.map((_, at) => stem + at)}]`;
    const groups = this.#groups;
    const lines = this.#plain.map((column, at) => {
      const group = groups.findIndex((others) => others.includes(column));
      if (group < 0) return this.#columnSource(column, at);
      return groups[group]?.[0] === column ? this.#groupSource(groups[group], group) : '';
    });
    return [
      `const ${list('read')} = reads, ${list('write')} = writes, ${list('direct')} = directs;`,
      'return (item, protocol, w) => {',
      `w.room(${this.#room}); let d = w.view, a = w.at, v, before, kept; const start = a;`,
      ...lines,
      'w.at = a; };',
    ].join('\n');
  }

  /** Most bytes that all keys take whose values have a limited size. */
  get #room(): number {
    const keys = this.#plain.reduce((sum, { name }) => sum + name.length + 28, 4);
    return keys + this.#groups.length * keptSizeMax;
  }

  /** The expression that reads a column's value. */
  #readSource(column: Column<Item>): string {
    const { property } = column;
    return property === undefined ? `read${this.#plain.indexOf(column)}(item, protocol)` : `item.${property}`;
  }

  #columnSource(column: Column<Item>, at: number): string {
    const { name, key, write } = column;
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
    const compared = columns.filter(({ key }) => !columns.some(({ name }) => name === key.follows));
    const values = compared.map((_, index) => `g${group}_${index}`);
    const isText = ({ key: { kind } }: Column<Item>) => kind.repeats === 'text';
    // Compared as numbers, or as texts, which is faster than comparing values that may be undefined, too.
    const reads = compared.map((column, index) => {
      const absent = isText(column) ? "''" : '-1';
      const value = `${values[index]} === undefined ? ${absent} : ${values[index]}`;
      const read = `const ${values[index]} = ${this.#readSource(column)};`;
      return `${read} const k${values[index]} = ${column.key.required ? values[index] : value};`;
    });
    const mixed = compared.reduce(
      (hash, column, index) =>
        `Math.imul(${hash} ^ k${values[index]}${isText(column) ? '.length' : ''}, ${mixers[index]})`,
      '0',
    );
    const differs = `kept === undefined || !(${values.map((value, index) => `kept.v${index} === k${value}`).join(' && ')})`;
    const { slots, slot } = { slots: `keeps[${group}].slots`, slot: `slot${group}` };
    const all = columns.map((column) => this.#readSource(column));
    return [
      ...reads,
      `const ${slot} = ${mixed} >>> ${32 - slotBits};`,
      `kept = ${slots}[${slot}];`,
      `if (${differs}) { kept = ${slots}[${slot} ^ 1];`,
      `if (${differs})`,
      `kept = keeps[${group}].keep(${slot}, [${values.map((value) => `k${value}`)}], [${all}], protocol); }`,
      'a = put(d, a, kept.text);',
    ].join('\n');
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

/** Writes the value of a column. False, and nothing written, where the line does not have the key. */
function writeValue<Item>(
  { key, read, write }: Column<Item>,
  item: Item,
  protocol: Protocol,
  writer: ByteWriter,
): boolean {
  const before = writer.at;
  if (write?.(item, writer)) return true;
  writer.at = before;
  const value = read(item, protocol);
  if (value !== undefined) writeOf(key.kind)(value, writer, protocol);
  return value !== undefined;
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

  /** @param compared what the text is found by. @param values of all columns. */
  keep(slot: number, compared: readonly unknown[], values: readonly unknown[], protocol: Protocol): KeptText {
    const writer = new ByteWriter(64);
    this.#columns.forEach(({ label, key: { kind } }, index) => {
      if (values[index] === undefined) return;
      writer.text(`,${label}`);
      writeOf(kind)(values[index], writer, protocol);
    });
    if (writer.at > keptSizeMax) throw new RangeError(`names of a group take at most ${keptSizeMax} bytes`);
    const [v0, v1, v2, v3] = compared;
    const kept = { v0, v1, v2, v3, text: preparedText(latin1(writer.bytes, 0, writer.at)) };
    this.slots[slot ^ 1] = this.slots[slot];
    this.slots[slot] = kept;
    return kept;
  }
}

const ofRecords = {
  write: (key: RecordKey) => key.writeRecord,
  isPlain: ({ isPlain }: CaptureRecord) => isPlain === true,
  plainKeys: ({ onlyOf }: RecordKey) => onlyOf === undefined,
  isSound: ({ isSound }: CaptureRecord) => isSound === true,
};

/** Lines of `decode --json`. */
export const keysOfRecords = new LineKeys<CaptureRecord>({ ...ofRecords, read: ({ record }) => record });
/** What of the lines of `decode --json` does not tell when and where the message was captured. */
export const keysOfContents = new LineKeys<CaptureRecord>({
  ...ofRecords,
  read: ({ ofCapture, record }) => (ofCapture ? undefined : record),
});
/** Lines of `decode --frames --json`. */
export const keysOfFrames = new LineKeys<Frame>({
  read: ({ frame }) => frame,
  isPlain: () => true,
  plainKeys: () => true,
  isSound: () => true,
});
