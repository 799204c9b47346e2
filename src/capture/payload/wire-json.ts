import { type ByteWriter, putDecimal, putHexU64 } from '../../base/byte-writer.js';
import { type Emitter, stores } from '../../codec/emitter.js';
import { reads } from '../../codec/struct-reader.js';
import {
  type AnyType,
  type BytesType,
  type EnumType,
  type Field,
  StructType,
  scalarCases,
  type TypeVisitor,
  visitType,
} from '../../wire/index.js';
import { enumName, flagNames } from './json.js';
import { type Put, putKept, putNamed, writeQuoted } from './puts.js';
import { AGAIN, compileWriter, type PayloadWriter, StructWriter } from './struct-writer.js';
import { bytesText } from './text.js';

const made = new WeakMap<AnyType, PayloadWriter>();

/**
 * Generates the function that writes payloads of a type as JSON from bytes to bytes, as `jsonText(payloadToJson(...))` of the
 * decoded value. Decoding first, and joining strings, takes several times as long.
 */
export function payloadWriter(type: AnyType): PayloadWriter {
  let writer = made.get(type);
  if (writer === undefined) {
    writer = jsonWriter(type);
    made.set(type, writer);
  }
  return writer;
}

function jsonWriter(type: AnyType): PayloadWriter {
  const constants = jsonConstants();
  return compileWriter<PayloadWriter>(
    type,
    constants,
    '',
    () => -1,
    'return -1;',
    (out, layout) => {
      if (layout.mayBeEmpty)
        out.line(`if (p >= end) { w.room(2); d = w.view; ${stores('{}')} w.at = a; return p; }`);
      new JsonReader(out, constants).whole(layout);
      out.line('w.at = a; return p;');
    },
  );
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

/** Generates the writing of one struct. */
export class JsonReader extends StructWriter {
  /** Whether a key has been written: surely, perhaps (then the variable tells), or not. */
  protected begun: boolean | string = false;
  #count = '';

  constructor(out: Emitter, constants: unknown[], broken = 'return -1;') {
    super(out, constants, broken);
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
    this.endStretch();
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
    if (type.kind === 'reserved') {
      this.store();
      this.stretch();
    }
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
    this.endStretch();
    this.#count = n;
  }

  protected override listEntry(entry: AnyType): void {
    this.endStretch();
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
    this.endStretch();
  }

  protected override listEnds(field: Field): void {
    // The comma behind the last entry.
    this.out.line(`if (${this.#count} > 0) a--;`);
    this.text += ']';
    this.valueEnds(field);
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
    const statement = visitType(type, {
      ...scalarCases(() => `a = ${DECIMAL}(d, a, ${value});`),
      enum: (names) => `a = ${this.constant(enumPutter(names))}(d, a, ${value}, 0);`,
      flags: (names) =>
        `a = ${this.constant(putKept((flags) => JSON.stringify(flagNames(names, flags))))}(d, a, ${value});`,
      bytes: () => '',
      list: () => '',
      struct: () => '',
      variant: () => '',
    });
    this.out.line(statement);
  }

  #bytes(type: BytesType, at: string, length: string): void {
    const call = (helper: string) => `${helper}(v, ${at}, ${length}, w)`;
    this.store();
    this.out.line(`w.at = a; if (${this.isRaw(type)}) ${call(HEX)}; else ${call(TEXT)}; ${AGAIN}`);
    this.endStretch();
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

function enumPutter(type: EnumType): Put {
  const values = Object.values(type.values);
  return putNamed(new Map(values.map((value) => [value, JSON.stringify(enumName(type, value))])));
}

function putHex(view: DataView, start: number, length: number, writer: ByteWriter): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
  writer.text('"');
  writer.hex(bytes, 0, length);
  writer.text('"');
}

function putText(view: DataView, start: number, length: number, writer: ByteWriter): void {
  if (!writeQuoted(view, start, length, writer))
    writer.text(bytesText(new Uint8Array(view.buffer, view.byteOffset + start, length)));
}
