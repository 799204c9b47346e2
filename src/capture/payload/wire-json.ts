import {
  type ByteWriter,
  type PreparedText,
  preparedText,
  putDecimal,
  putHexU64,
  putPrepared,
} from '../../base/byte-writer.js';
import { eachLayout } from '../../codec/compile-decode.js';
import { compile, type Emitter, stores } from '../../codec/emitter.js';
import { reads, StructReader } from '../../codec/struct-reader.js';
import {
  type AnyType,
  type BytesType,
  type EnumType,
  type Field,
  type FlagsType,
  StructType,
  scalarCases,
  type TypeVisitor,
  type Values,
  visitType,
} from '../../wire/index.js';
import { enumName, flagNames } from './json.js';
import { bytesText } from './text.js';

/**
 * Writes the JSON of the payload [start, end) of the view, as `jsonText(payloadToJson(...))` of its decoded value.
 *
 * @returns where the fields end: less than `end` if there are more bytes. -1, with some bytes written, when the payload does
 *   not decode, or a list is above RM's maximum.
 */
export type PayloadWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
) => number;

const made = new WeakMap<AnyType, PayloadWriter>();

/**
 * Generates the function that writes payloads of a type as JSON from bytes to bytes. Decoding first, and joining strings,
 * takes several times as long.
 */
export function payloadWriter(type: AnyType): PayloadWriter {
  let writer = made.get(type);
  if (writer === undefined) {
    writer = compileWriter(type);
    made.set(type, writer);
  }
  return writer;
}

function compileWriter(type: AnyType): PayloadWriter {
  const constants = jsonConstants();
  const body = eachLayout(type, 'return -1;', (out, layout) => {
    if (layout.mayBeEmpty)
      out.line(`if (p >= end) { w.room(2); d = w.view; ${stores('{}')} w.at = a; return p; }`);
    new JsonReader(out, constants).whole(layout);
    out.line('w.at = a; return p;');
  });
  const names = constants.map((_, index) => `c${index}`);
  const source = `const [${names}] = c; return (v, p, end, request, w) => { let d = w.view, m = d.byteLength - 8, a = w.at;\n${body}\n};`;
  const slow = () => () => -1;
  return compile<(constants: readonly unknown[]) => PayloadWriter>(['c'], source, slow)(constants);
}

/** The first constants of generated functions. */
export function jsonConstants(): unknown[] {
  return [putDecimal, putHexU64, putText, putHex];
}

/** Their names. */
const DECIMAL = 'c0';
const HEX_U64 = 'c1';
const TEXT = 'c2';
const HEX = 'c3';

/**
 * Generates the writing of one struct: `d` is the writer's buffer, `m` its size without what `ByteWriter` keeps free, `a`
 * the place of the next byte.
 */
export class JsonReader extends StructReader {
  /** Whether a key has been written: surely, perhaps (then the variable tells), or not. */
  protected begun: boolean | string = false;
  /** Text that comes next. It is stored with the value behind it, since one store takes eight bytes. */
  protected text = '';
  #count = '';
  constructor(
    out: Emitter,
    protected readonly constants: unknown[],
    broken = 'return -1;',
  ) {
    super(out, broken);
  }

  /** A reader of the entries of a list. */
  protected ofEntry(): JsonReader {
    return new JsonReader(this.out, this.constants);
  }

  whole(type: StructType): void {
    this.#object(type);
    this.store();
  }

  #object(type: StructType): void {
    const { out } = this;
    const sure = type.fields.findIndex(isSure);
    const doubtful = type.fieldsInOrder.slice(0, sure < 0 ? undefined : sure).length > 0;
    this.text += '{';
    if (doubtful) {
      this.begun = out.name('g');
      out.line(`let ${this.begun} = false;`);
    }
    this.read(type);
    this.text += '}';
  }

  /** A reader of the same struct. */
  protected sibling(out: Emitter): JsonReader {
    return new JsonReader(out, this.constants);
  }

  protected override fork(out: Emitter): JsonReader {
    this.store();
    const inner = this.sibling(out);
    inner.begun = this.begun;
    return inner;
  }

  protected override optional(_: Field, inner: JsonReader): void {
    inner.store();
  }

  protected override word(field: Field, at: string): void {
    const { out } = this;
    const { name, type } = field;
    if (type.kind === 'bytes') {
      this.valueBegins(field);
      this.#bytes(type as BytesType, at, String(type.fixedSize));
      this.valueEnds(field);
      return;
    }
    if (type.kind !== 'reserved') this.valueBegins(field);
    if (type.kind !== 'reserved' && type.fixedSize === 8) {
      this.#hexU64(at);
      this.valueEnds(field);
      return;
    }
    const variable = out.name('f');
    if (type.kind === 'reserved') this.store();
    out.line(`const ${variable} = ${visitType(type, reads, at)};`);
    this.variables.set(name, variable);
    if (type.kind === 'reserved') {
      out.line(`if (${variable} !== 0) {`);
      this.valueBegins(field);
    }
    this.#scalar(type, variable);
    this.valueEnds(field);
    if (type.kind === 'reserved') out.line('}');
  }

  protected override bytes(field: Field, length: string): void {
    this.valueBegins(field);
    this.#bytes(field.type as BytesType, 'p', length);
    this.valueEnds(field);
  }

  protected override listBegins(field: Field, n: string): void {
    this.valueBegins(field);
    this.text += '[';
    this.store();
    this.#count = n;
  }

  protected override listEntry(entry: AnyType): void {
    if (entry instanceof StructType) {
      const inner = this.ofEntry();
      inner.#object(entry);
      inner.text += ',';
      inner.store();
      return;
    }
    if (entry.kind === 'bytes') this.#bytes(entry as BytesType, 'p', String(entry.fixedSize));
    else if (entry.fixedSize === 8) this.#hexU64('p');
    else this.#scalar(entry, visitType(entry, reads, 'p'));
    this.text += ',';
    this.store();
    this.out.line(`p += ${entry.fixedSize};`);
  }

  protected override listEnds(field: Field): void {
    // The comma behind the last entry.
    this.out.line(`if (${this.#count} > 0) a--;`);
    this.text += ']';
    this.valueEnds(field);
  }

  /** Stores the text that comes next, where there is room for it and `size` bytes more. */
  protected store(size = 0): void {
    const text = this.text;
    this.text = '';
    const room = text.length + size;
    if (room > 0)
      this.out.line(`if (a + ${room} > m) { w.at = a; w.room(${room}); d = w.view; m = d.byteLength - 8; }`);
    if (text !== '') this.out.line(stores(text));
  }

  /** Emits what stands in front of a field's value: its key, with what separates it from the one before. */
  protected valueBegins(field: Field): void {
    const { out } = this;
    const key = `${JSON.stringify(field.name)}:`;
    const begun = this.begun;
    if (typeof begun === 'string') {
      this.store(1);
      out.line(`if (${begun}) { d.setUint8(a, 0x2c); a++; } ${begun} = true;`);
      this.text = key;
    } else this.text += begun ? `,${key}` : key;
    if (isSure(field)) this.begun = true;
  }

  /** Emits what stands behind a field's value. */
  protected valueEnds(_: Field): void {}

  #hexU64(at: string): void {
    this.text += '"';
    this.store(HEX_SIZE);
    this.out.line(`a = ${HEX_U64}(d, a, v.getUint32(${at} + 4, true), v.getUint32(${at}, true));`);
    this.text = '"';
  }

  /** Writes the value of an expression. */
  #scalar(type: AnyType, value: string): void {
    this.store(visitType(type, sizes));
    const constant = (value: unknown) => `c${this.constants.push(value) - 1}`;
    const statement = visitType(type, {
      ...scalarCases(() => `a = ${DECIMAL}(d, a, ${value});`),
      enum: (names) => `a = ${constant(enumPutter(names))}(d, a, ${value});`,
      flags: (names) => `a = ${constant(flagsPutter(names))}(d, a, ${value});`,
      bytes: () => '',
      list: () => '',
      struct: () => '',
      variant: () => '',
    });
    this.out.line(statement);
  }

  #bytes({ options: { encoding } }: BytesType, at: string, length: string): void {
    const call = (helper: string) => `${helper}(v, ${at}, ${length}, w)`;
    const isRaw =
      typeof encoding === 'string'
        ? String(encoding === 'raw')
        : encoding.raw.map((value) => `${this.variables.get(encoding.select)} === ${value}`).join(' || ');
    this.store();
    this.out.line(
      `w.at = a; if (${isRaw || 'false'}) ${call(HEX)}; else ${call(TEXT)}; d = w.view; m = d.byteLength - 8; a = w.at;`,
    );
  }
}

/** Whether every value has this key. */
function isSure({ type, presence }: Field): boolean {
  return type.kind !== 'reserved' && presence === undefined;
}

/** Most bytes that a u64 takes as hex text. */
const HEX_SIZE = 18;

/** Most bytes that a value of fixed size takes as text. */
const sizes: TypeVisitor<number> = {
  ...scalarCases(() => 24),
  enum: (type) => Math.max(24, ...Object.keys(type.values).map((name) => name.length + 2)),
  flags: ({ bits }) => Object.keys(bits).reduce((sum, name) => sum + name.length + 3, 24),
  bytes: () => 0,
  list: () => 0,
  struct: () => 0,
  variant: () => 0,
};

type Putter = (view: DataView, at: number, value: number) => number;

/** Values of enums are mostly below this. */
const SMALL = 256;

function enumPutter(type: EnumType): Putter {
  const names = new Map(
    Object.values(type.values).map((value) => [value, preparedText(JSON.stringify(enumName(type, value)))]),
  );
  const small = Array.from({ length: SMALL }, (_, value) => names.get(value));
  return (view, at, value) => {
    const name = value < SMALL ? small[value] : names.get(value);
    return name === undefined ? putDecimal(view, at, value) : putPrepared(view, at, name);
  };
}

/** Flag words repeat, so up to 256 texts are kept. */
function flagsPutter(type: FlagsType): Putter {
  const texts = new Map<number, PreparedText>();
  return (view, at, value) => {
    let text = texts.get(value);
    if (text === undefined) {
      text = preparedText(JSON.stringify(flagNames(type, value)));
      if (texts.size < 256) texts.set(value, text);
    }
    return putPrepared(view, at, text);
  };
}

function putHex(view: DataView, start: number, length: number, writer: ByteWriter): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
  writer.text('"');
  writer.hex(bytes, 0, length);
  writer.text('"');
}

/** Text of ASCII that JSON does not escape, as it is; any other by way of a string. */
function putText(view: DataView, start: number, length: number, writer: ByteWriter): void {
  writer.room(length + 2);
  const to = writer.view;
  let at = writer.at;
  to.setUint8(at++, 0x22);
  for (let from = start; from < start + length; from++) {
    const byte = view.getUint8(from);
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) {
      const all = new Uint8Array(view.buffer, view.byteOffset + start, length);
      writer.text(bytesText(all));
      return;
    }
    to.setUint8(at++, byte);
  }
  to.setUint8(at++, 0x22);
  writer.at = at;
}
