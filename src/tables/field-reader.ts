import { formatHex } from '../base/hex.js';
import { decodeText } from '../base/text.js';
import { constantName, JsonReader } from '../capture/payload/index.js';
import { eachLayout } from '../codec/compile-decode.js';
import { compile, type Emitter } from '../codec/emitter.js';
import { reads } from '../codec/struct-reader.js';
import type { Payload } from '../schema/index.js';
import type { BytesType, EnumType, Field, StructType, Values } from '../wire/index.js';
import { visitType } from '../wire/index.js';
import type { Cells, TextCells } from './cells/index.js';
import { enumText, type FieldColumn } from './field-columns.js';

/** Puts the fields of the payload [start, end) into the cells of a row. The payload must decode. */
export type FieldReader = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  row: number,
  cells: readonly Cells[],
) => void;

/** The columns of fields with their places among the cells of a row. */
export type FieldPlaces = ReadonlyMap<string, { readonly column: FieldColumn; readonly at: number }>;

/**
 * Generates what fills columns from bytes. It puts what `FieldColumn.put` puts of the decoded values, which takes several
 * times as long. Undefined where functions cannot be generated.
 */
export function fieldReader(layout: Payload, places: FieldPlaces): FieldReader | undefined {
  const constants: unknown[] = [];
  const body = eachLayout(layout, 'return;', (out, type) => {
    if (type.mayBeEmpty) out.line('if (p >= end) return;');
    new ColumnReader(out, constants, places).fields(type);
    out.line('return;');
  });
  const source = `const [${constants.map((_, index) => constantName(index))}] = c; return (v, p, end, request, r, k) => { let w, d, m, a;\n${body}\n};`;
  const make = compile<((constants: readonly unknown[]) => FieldReader) | undefined>(
    ['c'],
    source,
    undefined,
  );
  return make?.(constants);
}

/** Generates the reading of one struct: a column that is JSON gets the text that `JsonReader` writes of the field. */
class ColumnReader extends JsonReader {
  readonly #places: FieldPlaces;

  constructor(out: Emitter, constants: unknown[], places: FieldPlaces) {
    super(out, constants, 'return;');
    this.#places = places;
  }

  fields(type: StructType): void {
    this.read(type);
  }

  protected override sibling(out: Emitter): ColumnReader {
    return new ColumnReader(out, this.constants, this.#places);
  }

  protected override word(field: Field, at: string): void {
    const { name, type } = field;
    const { column } = this.#place(field);
    const cells = this.#cells(field);
    const { out } = this;
    if (column.type === 'json') super.word(field, at);
    else if (type.kind === 'bytes') this.#text(field, at, String(type.fixedSize));
    else if (type.fixedSize === 8 && type.kind !== 'reserved')
      out.line(`${cells}.halves(r, v.getInt32(${at} + 4, true), v.getInt32(${at}, true));`);
    else {
      const variable = out.name('f');
      out.line(`const ${variable} = ${visitType(type, reads, at)};`);
      this.variables.set(name, variable);
      const isText = type.kind === 'enum' && !column.isCode;
      const value = isText
        ? `${this.constant((code: number) => enumText(type as EnumType, code))}(${variable})`
        : variable;
      out.line(`${type.kind === 'reserved' ? `if (${variable} !== 0) ` : ''}${cells}.put(r, ${value});`);
    }
  }

  protected override bytes(field: Field, length: string): void {
    if (this.#place(field).column.type === 'json') super.bytes(field, length);
    else this.#text(field, 'p', length);
  }

  protected override valueBegins(field: Field): void {
    this.out.line(`w = ${this.#cells(field)}.open(); d = w.view; m = d.byteLength - 8; a = w.at;`);
  }

  protected override valueEnds(field: Field): void {
    this.store();
    this.out.line(`w.at = a; ${this.#cells(field)}.close(r);`);
  }

  #text(field: Field, at: string, length: string): void {
    const [text, hex] = [this.constant(putText), this.constant(putHex)];
    const isRaw = this.isRaw(field.type as BytesType);
    this.out.line(`(${isRaw} ? ${hex} : ${text})(v, ${at}, ${length}, r, ${this.#cells(field)});`);
  }

  #cells({ name }: Field): string {
    return `k[${this.#places.get(name)?.at}]`;
  }

  #place({ name }: Field) {
    return this.#places.get(name) as { readonly column: FieldColumn };
  }
}

function putHex(view: DataView, start: number, length: number, row: number, cells: TextCells): void {
  cells.open().hex(new Uint8Array(view.buffer, view.byteOffset + start, length), 0, length);
  cells.close(row);
}

/** Bytes of a text: as they are, if they are UTF-8. */
function putText(view: DataView, start: number, length: number, row: number, cells: TextCells): void {
  const bytes = new Uint8Array(view.buffer, view.byteOffset + start, length);
  const text = decodeText(bytes);
  cells.put(row, text ?? `{"hex":"${formatHex(bytes)}"}`);
}
