import { ByteWriter, putDecimal } from '../../base/byte-writer.js';
import { latin1 } from '../../base/text.js';
import { CACHED_SIZE_MAX, KEY_SIZE, type Key, TextCache } from '../../base/text-cache.js';
import { compile, functionText, stores } from '../../codec/emitter.js';
import type { Protocol } from '../../schema/index.js';
import { writeOf } from './kinds.js';
import type { RecordKey, RecordKeyName } from './table.js';

export type Read<Item> = (item: Item, protocol: Protocol) => unknown;
export type Write<Item> = (item: Item, protocol: Protocol, writer: ByteWriter) => void;
export type DirectWrite<Item> = (item: Item, writer: ByteWriter) => boolean;

/** One key of a sort of line. */
export interface Column<Item> {
  readonly name: RecordKeyName;
  /** The name as it stands in front of the value. */
  readonly label: string;
  readonly key: RecordKey;
  readonly read: Read<Item>;
  /** The property of the item that the value is. */
  readonly property: string | undefined;
  readonly write: DirectWrite<Item> | undefined;
}

/** Writes some of the keys of a line, in their order. */
export class LineWriter<Item> {
  readonly #columns: readonly Column<Item>[];
  readonly #isBegun: boolean;
  #write: Write<Item> | undefined;
  #writesFor: Protocol | undefined;

  /** @param isBegun the line has other keys in front of these. */
  constructor(columns: readonly Column<Item>[], isBegun = false) {
    this.#columns = columns;
    this.#isBegun = isBegun;
  }

  write(item: Item, protocol: Protocol, writer: ByteWriter): void {
    // Kept texts are those of one protocol.
    if (this.#write === undefined || this.#writesFor !== protocol) this.#write = this.#compiled();
    this.#writesFor = protocol;
    this.#write(item, protocol, writer);
  }

  /** The same as a loop over the keys, where no function may be generated. */
  #writeEach(item: Item, protocol: Protocol, writer: ByteWriter): void {
    let comma = this.#isBegun ? ',' : '{';
    for (const column of this.#columns) {
      const before = writer.at;
      writer.text(comma);
      writer.text(column.label);
      if (writeValue(column, item, protocol, writer)) comma = ',';
      else writer.at = before;
    }
  }

  /** Text of the function that {@link write} generates. */
  get functionText(): string {
    return functionText(parameters, this.#source());
  }

  /**
   * Generated code, because it has a call of its own for each key. A loop over the keys makes
   * `decode --json` a tenth slower: the engine cannot inline calls of changing functions.
   */
  #compiled(): Write<Item> {
    const slow = () => (item: Item, protocol: Protocol, writer: ByteWriter) =>
      this.#writeEach(item, protocol, writer);
    const make = compile<(...columns: readonly unknown[]) => Write<Item>>(parameters, this.#source(), slow);
    const columns = this.#columns;
    return make(
      columns.map(({ read }) => read),
      columns.map(({ key: { kind } }) => writeOf(kind)),
      columns.map(({ write }) => write),
      this.#groups.map((group) => new GroupTexts(group)),
      putDecimal,
    );
  }

  /** Columns side by side whose values repeat: they are written together. */
  get #groups(): Column<Item>[][] {
    const groups: Column<Item>[][] = [];
    const begun = this.#begun;
    let last = -2;
    for (const [at, column] of this.#columns.entries()) {
      if (column.key.kind.repeats === undefined || at <= begun) continue;
      if (last === at - 1) groups.at(-1)?.push(column);
      else groups.push([column]);
      last = at;
    }
    return groups;
  }

  /** Index of the first column that every line has. Behind it, it is certain that a key has been written before. */
  get #begun(): number {
    if (this.#isBegun) return -1;
    return this.#columns.findIndex(({ key }) => key.required);
  }

  #source(): string {
    const list = (stem: string) => `[${this.#columns.map((_, at) => stem + at)}]`;
    const groups = this.#groups;
    const lines = this.#columns.map((column, at) => {
      const group = groups.findIndex((others) => others.includes(column));
      if (group < 0) return this.#columnSource(column, at);
      return groups[group]?.[0] === column ? this.#groupSource(groups[group], group) : '';
    });
    return [
      `const ${list('read')} = reads, ${list('write')} = writes, ${list('direct')} = directs;`,
      ...groups.map((_, group) => `const t${group} = keeps[${group}].texts;`),
      'return (item, protocol, w) => {',
      `w.room(${this.#room}); let d = w.view, a = w.at, v = undefined, before = 0, e = 0; const start = a;`,
      ...lines,
      'w.at = a; };',
    ].join('\n');
  }

  /** Most bytes that all keys take whose values have a limited size. */
  get #room(): number {
    const keys = this.#columns.reduce((sum, { name }) => sum + name.length + 28, 4);
    return keys + this.#groups.length * CACHED_SIZE_MAX;
  }

  /** The expression that reads a column's value. */
  #readSource(column: Column<Item>): string {
    const { property } = column;
    return property === undefined
      ? `read${this.#columns.indexOf(column)}(item, protocol)`
      : `item.${property}`;
  }

  #columnSource(column: Column<Item>, at: number): string {
    const { name, key, write } = column;
    const begun = this.#begun;
    const room = `w.room(${this.#room}); d = w.view;`;
    // Up to the first key that every line has, only the line itself tells whether a key has been written before.
    const isFirst = at === 0 && !this.#isBegun;
    const comma = isFirst || at > begun ? '' : 'd.setUint8(a, a === start ? 0x7b : 0x2c); a++; ';
    const start = `${comma}${stores(`${isFirst ? '{' : at > begun ? ',' : ''}"${name}":`)}`;
    const value = key.kind.isDecimal
      ? 'a = decimal(d, a, v);'
      : `w.at = a; write${at}(v, w, protocol); a = w.at; ${room}`;
    const plain = key.required ? `${start} ${value}` : `if (v !== undefined) { ${start} ${value} }`;
    const read = this.#readSource(column);
    if (write === undefined) return `v = ${read}; ${plain}`;
    // What was written in part may have replaced the buffer.
    const made = `w.at = a = before; ${room} v = ${read}; ${plain}`;
    return `before = a; ${start} w.at = a; if (direct${at}(item, w)) { a = w.at; ${room} } else { ${made} }`;
  }

  /** Looks for the values of a group in the cache of its texts. */
  #groupSource(columns: readonly Column<Item>[], group: number): string {
    const codes = comparedOf(columns).map((column, index) => {
      const value = `g${group}_${index}`;
      return { value, read: this.#readSource(column), code: codeSource(column, value) };
    });
    const key = Array.from({ length: KEY_SIZE }, (_, index) => codes[index]?.code ?? '0');
    const all = columns.map((column) => this.#readSource(column));
    return [
      ...codes.map(({ value, read }) => `const ${value} = ${read};`),
      `e = t${group}.find(${key});`,
      `if (e < 0) e = keeps[${group}].keep([${key}], [${all}], protocol);`,
      `a = t${group}.put(d, a, e);`,
    ].join('\n');
  }
}

const parameters = ['reads', 'writes', 'directs', 'keeps', 'decimal'];

/** Writes the value of a column. False, and nothing written, where the line does not have the key. */
export function writeValue<Item>(
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

/** The columns of a group by whose values its text is found: those that do not follow from another one. */
function comparedOf<Item>(columns: readonly Column<Item>[]): Column<Item>[] {
  return columns.filter(({ key }) => !columns.some(({ name }) => name === key.follows));
}

/** The expression of the number, at least 1, that stands for a value, which may be undefined. */
function codeSource<Item>({ name, key }: Column<Item>, value: string): string {
  const { repeats } = key.kind;
  if (repeats === 'number')
    return key.required ? `${value} + 2` : `(${value} === undefined ? 1 : ${value} + 2)`;
  if (typeof repeats !== 'object') throw new TypeError(`${name} does not tell its values`);
  const known = repeats.map((text, index) => `${value} === ${JSON.stringify(text)} ? ${index + 2} : `);
  return `(${known.join('')}1)`;
}

/** The texts of the values that a group had lately. */
class GroupTexts<Item> {
  readonly texts = new TextCache();
  readonly #columns: readonly Column<Item>[];
  readonly #writer = new ByteWriter(CACHED_SIZE_MAX);

  constructor(columns: readonly Column<Item>[]) {
    if (comparedOf(columns).length > KEY_SIZE) throw new RangeError(`a group has at most ${KEY_SIZE} keys`);
    this.#columns = columns;
  }

  /** @param key what the text is found by. @param values of all columns. @returns its place. */
  keep(key: Key, values: readonly unknown[], protocol: Protocol): number {
    const writer = this.#writer;
    writer.at = 0;
    this.#columns.forEach(({ label, key: { kind } }, index) => {
      if (values[index] === undefined) return;
      writer.text(`,${label}`);
      writeOf(kind)(values[index], writer, protocol);
    });
    return this.texts.keep(...key, latin1(writer.bytes, 0, writer.at));
  }
}
