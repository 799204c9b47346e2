import { ByteWriter, preparedText } from '../../base/byte-writer.js';
import { jsonText } from '../../base/json.js';
import type { Protocol } from '../../schema/index.js';
import type { Json } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import { type Column, type DirectWrite, LineWriter, type Read, writeValue } from './line-writer.js';
import { type RecordKey, type RecordKeyName, recordKeyRows } from './table.js';

export type JsonObject = { [key: string]: Json };

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
  readonly #all: LineWriter<Item>;
  /** The keys that plain lines have, and behind them those of unsound payloads. */
  readonly #plain: LineWriter<Item>;
  readonly #unsound: LineWriter<Item>;
  readonly #sort: LineSort<Item>;
  readonly #byName: ReadonlyMap<string, Column<Item>>;

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
    const select = (has: (key: RecordKey) => boolean) => this.#columns.filter(({ key }) => has(key));
    this.#all = new LineWriter(this.#columns);
    this.#plain = new LineWriter(select(sort.plainKeys));
    this.#unsound = new LineWriter(
      select(({ onlyOf }) => onlyOf === 'unsound'),
      true,
    );
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

  /** What `toJson` gives for two items, without most of the keys whose values are equal. */
  differing(a: Item, b: Item, protocol: Protocol): [JsonObject, JsonObject] {
    const json: [JsonObject, JsonObject] = [{}, {}];
    for (const { name, key, read } of this.#columns) {
      const before = read(a, protocol);
      const after = read(b, protocol);
      if (before === after) continue;
      if (before !== undefined) json[0][name] = key.kind.toJson(before, protocol);
      if (after !== undefined) json[1][name] = key.kind.toJson(after, protocol);
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
      this.#plain.write(item, protocol, writer);
      if (!sort.isSound(item)) this.#unsound.write(item, protocol, writer);
    } else this.#all.write(item, protocol, writer);
    writer.prepared(lineEnd);
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

  /** Texts of the functions that {@link write} generates, for `provideBuilt`. */
  get functionTexts(): string[] {
    return [this.#all, this.#plain, this.#unsound].map(({ functionText }) => functionText);
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
}

const lineEnd = preparedText('}\n');
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
