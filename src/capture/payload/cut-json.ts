import type { ByteWriter } from '../../base/byte-writer.js';
import { type Emitter, quote } from '../../codec/emitter.js';
import { type AnyType, type Field, type ListType, StructType, type Values } from '../../wire/index.js';
import { compileWriter, type PayloadWriter } from './struct-writer.js';
import { JsonReader, jsonConstants } from './wire-json.js';

/** Where a payload ends in the middle of a field. */
export interface Cut {
  path: string;
  /** Of the field, from the first payload byte. */
  offset: number;
  /** Bytes that it takes, and that are there. */
  expected: number;
  actual: number;
}

/**
 * As {@link PayloadWriter} for a payload that ends in the middle of a field: writes the fields before, and fills `cut` in.
 * False, with some bytes written, when something else is wrong with the payload.
 */
export type CutPayloadWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
  cut: Cut,
) => boolean;

/** Generates the function that writes payloads of a type that are cut. */
export function cutPayloadWriter(type: AnyType): CutPayloadWriter {
  const constants = jsonConstants();
  return compileWriter<CutPayloadWriter>(
    type,
    constants,
    'cut',
    () => false,
    'return false;',
    (out, layout) => {
      if (layout.mayBeEmpty) out.line('if (p >= end) return false;');
      new CutJsonReader(out, constants).whole(layout);
      out.line('return false;');
    },
  );
}

/**
 * Generates the writing of a struct as far as it goes. Each field is checked by itself; where one is cut, what has been
 * begun is closed.
 */
class CutJsonReader extends JsonReader {
  /** The expression of the path in front of a field's name. */
  #path = "''";
  /** Statements and text that close what is around the struct. */
  #outer = { statements: '', text: '' };
  #list = '';

  constructor(out: Emitter, constants: unknown[]) {
    super(out, constants, 'return false;');
  }

  protected override sibling(out: Emitter): CutJsonReader {
    const inner = new CutJsonReader(out, this.constants);
    inner.#path = this.#path;
    inner.#outer = this.#outer;
    return inner;
  }

  protected override ofEntry(): CutJsonReader {
    const inner = new CutJsonReader(this.out, this.constants);
    inner.#path = `${this.#path} + ${quote(this.#list)} + '[' + i + '].'`;
    // The comma behind the entry before, where there is nothing of this one.
    inner.#outer = { statements: 'if (i > 0) a--;', text: `]}${this.#outer.text}` };
    return inner;
  }

  protected override need(of: 'fields' | 'bytes' | 'list' | 'entries', size: string, field?: Field): void {
    const { type, name } = field ?? {};
    if (of === 'bytes') this.#cut(`${this.#path} + ${quote(name as string)}`, 'p', size);
    else if (of === 'list' && type?.kind === 'list') {
      const { options, selector } = type as ListType;
      const { count } = options;
      if (selector !== undefined) {
        // What the entries are is asked first.
        const selected = this.variables.get(selector.field);
        const known = [...selector.cases.keys()].map((value) => `${selected} !== ${value}`);
        this.out.line(`if (${known.join(' && ')}) return false;`);
      }
      this.#cut(`${this.#path} + ${quote(name as string)}`, 'p', String(count.fixedSize));
    }
  }

  protected override word(field: Field, at: string): void {
    // Fields of some bits count their byte once, at the last of them.
    this.#cut(`${this.#path} + ${quote(field.name)}`, at, String(field.type.fixedSize || 1));
    super.word(field, at);
  }

  protected override listBegins(field: Field, n: string): void {
    this.#list = field.name;
    super.listBegins(field, n);
  }

  protected override listEntry(entry: AnyType): void {
    // Nothing declared has lists in lists: they would need a counter each.
    if (entry instanceof StructType && entry.fixedSize === undefined) this.out.line('return false;');
    else if (entry instanceof StructType) super.listEntry(entry);
    else {
      const path = `${this.#path} + ${quote(this.#list)} + '[' + i + ']'`;
      this.#emitCut(path, 'p', String(entry.fixedSize), 'if (i > 0) a--;', `]}${this.#outer.text}`);
      super.listEntry(entry);
    }
  }

  #cut(path: string, at: string, size: string): void {
    const { statements, text } = this.#outer;
    // An entry of a list that has no field yet is left out.
    if (statements !== '' && this.begun !== true) this.#emitCut(path, at, size, statements, text);
    else this.#emitCut(path, at, size, '', `${this.text}}${text}`);
  }

  #emitCut(path: string, at: string, size: string, statements: string, text: string): void {
    const { out } = this;
    const next = this.text;
    this.stretch();
    out.line(`if (end - (${at}) < ${size}) { ${statements}`);
    // What a condition decides at run time is left to the slow way.
    if (statements !== '' && typeof this.begun === 'string') out.line('return false;');
    this.text = text;
    this.store();
    this.text = next;
    out.line(`w.at = a; cut.path = ${path}; cut.offset = ${at} - first;`);
    out.line(`cut.expected = ${size}; cut.actual = end - (${at}); return true; }`);
  }
}
