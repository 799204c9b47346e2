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
import type { RecordKey, RecordKeyName } from './table.js';

/** Texts that are kept of each group of keys whose values repeat: two to the power of this. */
const slotBits = 12;
/** A factor for each value of a group. Twice the same would put neighbouring ids into one slot. */
const mixers = [0x9e3779b1, 0x85ebca77, 0xc2b2ae3d, 0x27d4eb2f];
/** Most bytes of such a text. */
const keptSizeMax = 256;

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
      this.#groups.map((group) => new KeptTexts(group)),
      putDecimal,
      putPrepared,
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
      'return (item, protocol, w) => {',
      `w.room(${this.#room}); let d = w.view, a = w.at, v, before, kept; const start = a;`,
      ...lines,
      'w.at = a; };',
    ].join('\n');
  }

  /** Most bytes that all keys take whose values have a limited size. */
  get #room(): number {
    const keys = this.#columns.reduce((sum, { name }) => sum + name.length + 28, 4);
    return keys + this.#groups.length * keptSizeMax;
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

type KindWriter = (value: unknown, writer: ByteWriter, protocol: Protocol) => void;

function writeOf(kind: RecordKey['kind']): KindWriter {
  if (kind.write !== undefined) return kind.write;
  return (value, writer, protocol) => {
    const json = kind.toText === undefined ? kind.toJson(value, protocol) : undefined;
    if (typeof json === 'string') writer.json(json);
    else writer.text(kind.toText?.(value, protocol) ?? jsonText(json));
  };
}

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
