import { type Emitter, quote } from '../../codec/emitter.js';
import type { Protocol } from '../../schema/index.js';
import { type AnyType, type Field, StructType } from '../../wire/index.js';
import { type CutPayloadWriter, cutReturn, emitNeed, entryPath, sizeOfWord } from './cut.js';
import { fieldMargin } from './margins.js';
import { compileWriter } from './struct-writer.js';
import { FieldLines, FieldWords, type LineContext, lineContext } from './wire-lines.js';

/**
 * @param width columns of the names of the fields that are there.
 * @param place counts the lists: that of the one that is cut, or 0.
 * @param shown its entries.
 */
type CutLinesWriter = (
  ...payload: [...Parameters<CutPayloadWriter>, width?: number, place?: number, shown?: number]
) => boolean;

/** What the parameters are named, and the length of the longest name so far. */
const PARAMETERS = 'cut, width = 0, place = 0, shown = 0';
const BEGIN = 'let widest = 0;';

/** Generates the function that writes the lines of fields of a payload that is cut. */
export function cutLinesWriter(protocol: Protocol, type: AnyType): CutPayloadWriter {
  const context = lineContext(protocol, fieldMargin, 'return false;');
  const slow = () => false;
  const { constants, broken } = context;
  return compileWriter<CutLinesWriter>(type, constants, PARAMETERS, slow, broken, (out, layout) => {
    if (layout.mayBeEmpty) out.line('if (p >= end) return false;');
    out.line(BEGIN);
    new CutLines(out, context, layout).whole();
    out.line('return false;');
  });
}

/** Emits what is done where the payload is cut. What was written for another width, or number of entries, is written anew. */
function emitCut(out: Emitter, path: string, at: string, size: string, place: number, shown: string): void {
  out.line(`if (width !== widest || place !== ${place} || shown !== ${shown}) {`);
  out.line(`w.at = begin; return write(v, first, end, request, w, cut, widest, ${place}, ${shown}); }`);
  out.line(`${cutReturn(path, at, size)} }`);
}

/** The lines up to the field that is cut. */
class CutLines extends FieldLines {
  /** Counts the lists. */
  #place = 0;

  protected override fork(out: Emitter): CutLines {
    this.flush();
    const inner = new CutLines(out, this.context, this.layout);
    inner.#place = this.#place;
    return inner;
  }

  protected override optional(field: Field, inner: CutLines): void {
    super.optional(field, inner);
    this.#place = inner.#place;
  }

  protected override begin(): void {}

  protected override name({ name }: Field): void {
    this.text += `${this.context.margin}${name.padEnd(this.most)}  `;
    this.flush();
    this.out.line(`a -= ${this.most} - width; if (widest < ${name.length}) widest = ${name.length};`);
  }

  protected override need(of: 'fields' | 'bytes' | 'list' | 'entries', size: string, field?: Field): void {
    emitNeed(this.out, this.variables, of, size, field, (...cut) => this.#cut(...cut));
  }

  protected override word(field: Field, at: string): void {
    this.#cut(field, at, sizeOfWord(field));
    super.word(field, at);
  }

  #cut({ name }: Field, at: string, size: string): void {
    const { text } = this;
    this.out.line(`if (end - (${at}) < ${size}) {`);
    this.flush();
    emitCut(this.out, quote(name), at, size, 0, '0');
    this.text = text;
  }

  protected override counted(n: string): void {
    this.#place++;
    const count = this.out.name('s');
    this.out.line(`const ${count} = place === ${this.#place} ? shown : ${n};`);
    super.counted(count);
  }

  protected override words(layout: StructType): CutWords {
    return new CutWords(this.out, this.context, layout, entryPath("''", this.list.name), this.#place);
  }

  protected override listEntry(entry: AnyType): void {
    // Lists in lists would need a counter each.
    if (entry instanceof StructType && entry.fixedSize === undefined) this.out.line(this.broken);
    else super.listEntry(entry);
  }
}

/** An entry of a list. One of which no field is there is left out. */
class CutWords extends FieldWords {
  readonly #path: string;
  readonly #place: number;
  /** The variable of the place where the entry begins. */
  #start = '';

  constructor(out: Emitter, context: LineContext, layout: StructType, path: string, place: number) {
    super(out, context, layout);
    this.#path = path;
    this.#place = place;
  }

  protected override head(): void {
    this.#start = this.out.name('e');
    this.out.line(`const ${this.#start} = a;`);
    super.head();
  }

  override only(type: AnyType, role: string | undefined): void {
    this.out.line(`if (end - p < ${type.fixedSize}) {`);
    emitCut(this.out, this.#path, 'p', String(type.fixedSize), this.#place, 'i');
    super.only(type, role);
  }

  protected override need(of: 'fields' | 'bytes' | 'list' | 'entries', size: string, field?: Field): void {
    emitNeed(this.out, this.variables, of, size, field, (...cut) => this.#cut(...cut));
  }

  protected override word(field: Field, at: string): void {
    this.#cut(field, at, sizeOfWord(field));
    super.word(field, at);
  }

  #cut({ name }: Field, at: string, size: string): void {
    const { out, text } = this;
    const path = `${this.#path} + '.' + ${quote(name)}`;
    out.line(`if (end - (${at}) < ${size}) {`);
    if (text === this.ending) {
      this.text = '\n';
      this.flush();
      emitCut(out, path, at, size, this.#place, 'i + 1');
    } else if (text === this.front) {
      out.line(`a = ${this.#start};`);
      emitCut(out, path, at, size, this.#place, 'i');
    } else out.line('return false; }');
    this.text = text;
  }
}
