import { type Emitter, stores } from '../../codec/emitter.js';
import { reads } from '../../codec/struct-reader.js';
import { type AnyType, type BytesType, type Field, StructType, visitType } from '../../wire/index.js';
import { jsonPutOf, putBytes } from './json-puts.js';
import { AGAIN, compileWriter, type PayloadWriter, StructWriter } from './struct-writer.js';

/** Generates the function that writes payloads of a layout as JSON from bytes to bytes, as `jsonWriter` does. */
export function payloadWriter(type: AnyType): PayloadWriter {
  const constants: unknown[] = [];
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
      this.#hexU64(type, at);
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
    else if (entry.fixedSize === 8) this.#hexU64(entry, 'p');
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

  #hexU64(type: AnyType, at: string): void {
    const { put, size } = jsonPutOf(type);
    this.store(size);
    this.out.line(`a = ${this.constant(put)}(d, a, v.getUint32(${at}, true), v.getUint32(${at} + 4, true));`);
  }

  /** Writes the value of an expression. */
  #scalar(type: AnyType, value: string): void {
    const { put, size } = jsonPutOf(type);
    this.store(size);
    this.out.line(`a = ${this.constant(put)}(d, a, ${value}, 0);`);
  }

  #bytes(type: BytesType, at: string, length: string): void {
    this.store();
    this.out.line(
      `w.at = a; ${this.constant(putBytes)}(v, ${at}, ${length}, !(${this.isRaw(type)}), w); ${AGAIN}`,
    );
    this.endStretch();
  }
}

/** Whether every value has this key. */
function isSure({ type, presence }: Field): boolean {
  return type.kind !== 'reserved' && presence === undefined;
}
