import { type Emitter, quote } from '../../codec/emitter.js';
import { type AnyType, type Field, StructType } from '../../wire/index.js';
import { type CutPayloadWriter, cutReturn, emitNeed, entryPath, sizeOfWord } from './cut.js';
import { compileWriter } from './struct-writer.js';
import { JsonReader, jsonConstants } from './wire-json.js';

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
    inner.#path = `${entryPath(this.#path, this.#list)} + '.'`;
    // The comma behind the entry before, where there is nothing of this one.
    inner.#outer = { statements: 'if (i > 0) a--;', text: `]}${this.#outer.text}` };
    return inner;
  }

  protected override need(of: 'fields' | 'bytes' | 'list' | 'entries', size: string, field?: Field): void {
    emitNeed(this.out, this.variables, of, size, field, (...cut) => this.#cutField(...cut));
  }

  protected override word(field: Field, at: string): void {
    this.#cutField(field, at, sizeOfWord(field));
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
      this.#emitCut(
        entryPath(this.#path, this.#list),
        'p',
        String(entry.fixedSize),
        'if (i > 0) a--;',
        `]}${this.#outer.text}`,
      );
      super.listEntry(entry);
    }
  }

  #cutField({ name }: Field, at: string, size: string): void {
    const path = `${this.#path} + ${quote(name)}`;
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
    out.line(`${cutReturn(path, at, size)} }`);
  }
}
