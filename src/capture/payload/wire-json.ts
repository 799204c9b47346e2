import { type ByteWriter, putDecimal, putHexU64 } from '../../base/byte-writer.js';
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
 * Writes the JSON of the payload [start, end) of the view, as `jsonText(payloadToJson(...))` of its decoded value. False,
 * with some bytes written, when it does not decode, or a list is above RM's maximum.
 */
export type PayloadWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
) => boolean;

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
  const constants: unknown[] = [putDecimal, putHexU64, putText, putHex];
  const body = eachLayout(type, 'return false;', (out, layout) => {
    if (layout.mayBeEmpty)
      out.line(`if (p >= end) { b = w.room(2); ${stores('{}')} w.at = a; return true; }`);
    new JsonReader(out, constants).object(layout);
    out.line('w.at = a; return p === end;');
  });
  const names = constants.map((_, index) => `c${index}`);
  const source = `const [${names}] = c; return (v, p, end, request, w) => { let b = w.bytes, a = w.at;\n${body}\n};`;
  const slow = () => () => false;
  return compile<(constants: readonly unknown[]) => PayloadWriter>(['c'], source, slow)(constants);
}

/** Names of the first constants. */
const DECIMAL = 'c0';
const HEX_U64 = 'c1';
const TEXT = 'c2';
const HEX = 'c3';

/** Most bytes that punctuation around a value takes. */
const PUNCTUATION = 8;

/** Generates the writing of one struct: `b` is the writer's buffer, `a` the place of the next byte. */
class JsonReader extends StructReader {
  /** Whether a key has been written: surely, perhaps (then the variable tells), or not. */
  #begun: boolean | string = false;
  readonly #constants: unknown[];

  constructor(out: Emitter, constants: unknown[]) {
    super(out, 'return false;');
    this.#constants = constants;
  }

  object(type: StructType): void {
    const { out } = this;
    const sure = type.fields.findIndex(isSure);
    const doubtful = type.fieldsInOrder.slice(0, sure < 0 ? undefined : sure).length > 0;
    this.#room(PUNCTUATION);
    out.line(stores('{'));
    if (doubtful) {
      this.#begun = out.name('g');
      out.line(`let ${this.#begun} = false;`);
    }
    this.read(type);
    this.#room(PUNCTUATION);
    out.line(stores('}'));
  }

  protected override fork(out: Emitter): JsonReader {
    const inner = new JsonReader(out, this.#constants);
    inner.#begun = this.#begun;
    return inner;
  }

  protected override word(field: Field, at: string): void {
    const { out } = this;
    const { name, type } = field;
    this.#room(PUNCTUATION + name.length + visitType(type, sizes));
    if (type.kind !== 'reserved' && type.kind !== 'bytes' && type.fixedSize === 8) {
      this.#key(field);
      out.line(
        `${stores('"')} a = ${HEX_U64}(b, a, v.getUint32(${at} + 4, true), v.getUint32(${at}, true)); ${stores('"')}`,
      );
      return;
    }
    if (type.kind === 'bytes') {
      this.#key(field);
      this.#bytes(type as BytesType, at, String(type.fixedSize));
      return;
    }
    const variable = out.name('f');
    out.line(`const ${variable} = ${visitType(type, reads, at)};`);
    this.variables.set(name, variable);
    if (type.kind === 'reserved') out.line(`if (${variable} !== 0) {`);
    this.#key(field);
    out.line(this.#scalar(type, variable));
    if (type.kind === 'reserved') out.line('}');
  }

  protected override bytes(field: Field, length: string): void {
    this.#room(PUNCTUATION + field.name.length);
    this.#key(field);
    this.#bytes(field.type as BytesType, 'p', length);
  }

  protected override listBegins(field: Field): void {
    this.#room(PUNCTUATION + field.name.length);
    this.#key(field);
    this.out.line(stores('['));
  }

  protected override listEntry(entry: AnyType): void {
    const { out } = this;
    this.#room(PUNCTUATION);
    out.line(`if (i > 0) b[a++] = 0x2c;`);
    if (entry instanceof StructType) {
      new JsonReader(out, this.#constants).object(entry);
      return;
    }
    this.#room(PUNCTUATION + visitType(entry, sizes));
    if (entry.kind === 'bytes') this.#bytes(entry as BytesType, 'p', String(entry.fixedSize));
    else if (entry.fixedSize === 8)
      out.line(
        `${stores('"')} a = ${HEX_U64}(b, a, v.getUint32(p + 4, true), v.getUint32(p, true)); ${stores('"')}`,
      );
    else {
      const variable = out.name('f');
      out.line(`const ${variable} = ${visitType(entry, reads, 'p')};`);
      out.line(this.#scalar(entry, variable));
    }
    out.line(`p += ${entry.fixedSize};`);
  }

  protected override listEnds(): void {
    this.#room(PUNCTUATION);
    this.out.line(stores(']'));
  }

  protected override optional(): void {}

  #room(size: number): void {
    this.out.line(`if (a + ${size} > b.length) { w.at = a; b = w.room(${size}); }`);
  }

  /** The key of a field, with what separates it from the one before. */
  #key(field: Field): void {
    const { out } = this;
    const key = `${JSON.stringify(field.name)}:`;
    const begun = this.#begun;
    if (begun === true) out.line(stores(`,${key}`));
    else if (begun === false) out.line(stores(key));
    else out.line(`if (${begun}) b[a++] = 0x2c; ${begun} = true; ${stores(key)}`);
    if (isSure(field)) this.#begun = true;
  }

  /** The statement that writes the value in `variable`. */
  #scalar(type: AnyType, variable: string): string {
    const constant = (value: unknown) => `c${this.#constants.push(value) - 1}`;
    return visitType(type, {
      ...scalarCases(() => `a = ${DECIMAL}(b, a, ${variable});`),
      enum: (names) => `a = ${constant(enumPutter(names))}(b, a, ${variable});`,
      flags: (names) => `a = ${constant(flagsPutter(names))}(b, a, ${variable});`,
      bytes: () => '',
      list: () => '',
      struct: () => '',
      variant: () => '',
    });
  }

  #bytes({ options: { encoding } }: BytesType, at: string, length: string): void {
    const call = (helper: string) => `${helper}(v, ${at}, ${length}, w)`;
    const isRaw =
      typeof encoding === 'string'
        ? String(encoding === 'raw')
        : encoding.raw.map((value) => `${this.variables.get(encoding.select)} === ${value}`).join(' || ');
    this.out.line(
      `w.at = a; if (${isRaw || 'false'}) ${call(HEX)}; else ${call(TEXT)}; b = w.bytes; a = w.at;`,
    );
  }
}

/** Whether every value has this key. */
function isSure({ type, presence }: Field): boolean {
  return type.kind !== 'reserved' && presence === undefined;
}

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

type Putter = (bytes: Uint8Array, at: number, value: number) => number;

const encoder = new TextEncoder();

function putBytes(bytes: Uint8Array, at: number, from: Uint8Array): number {
  for (let index = 0; index < from.length; index++) bytes[at + index] = from[index] as number;
  return at + from.length;
}

function enumPutter(type: EnumType): Putter {
  const names = new Map(
    Object.values(type.values).map((value) => [value, encoder.encode(JSON.stringify(enumName(type, value)))]),
  );
  return (bytes, at, value) => {
    const name = names.get(value);
    return name === undefined ? putDecimal(bytes, at, value) : putBytes(bytes, at, name);
  };
}

/** Flag words repeat, so up to 256 texts are kept. */
function flagsPutter(type: FlagsType): Putter {
  const texts = new Map<number, Uint8Array>();
  return (bytes, at, value) => {
    let text = texts.get(value);
    if (text === undefined) {
      text = encoder.encode(JSON.stringify(flagNames(type, value)));
      if (texts.size < 256) texts.set(value, text);
    }
    return putBytes(bytes, at, text);
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
  const bytes = writer.room(length + 2);
  let at = writer.at;
  bytes[at++] = 0x22;
  for (let from = start; from < start + length; from++) {
    const byte = view.getUint8(from);
    if (byte < 0x20 || byte > 0x7e || byte === 0x22 || byte === 0x5c) {
      const all = new Uint8Array(view.buffer, view.byteOffset + start, length);
      writer.text(bytesText(all));
      return;
    }
    bytes[at++] = byte;
  }
  bytes[at++] = 0x22;
  writer.at = at;
}
