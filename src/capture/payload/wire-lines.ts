import { putDecimal } from '../../base/byte-writer.js';
import { type Emitter, stores } from '../../codec/emitter.js';
import { reads } from '../../codec/struct-reader.js';
import type { Protocol } from '../../schema/index.js';
import {
  type AnyType,
  BytesType,
  type Field,
  type ListType,
  StructType,
  visitType,
} from '../../wire/index.js';
import { fieldMargin, innerMargin } from './margins.js';
import { notationOf, writeBytes } from './notation.js';
import { AGAIN, compileWriter, type PayloadWriter, StructWriter } from './struct-writer.js';

/** @param width columns of the fields' names, where that is known. */
type LinesWriter = (...payload: [...Parameters<PayloadWriter>, width?: number]) => number;

/**
 * Generates the function that writes the fields of payloads of a type from bytes to bytes, a line for each: the same text
 * as `fieldLines` of `capture/print` makes of the decoded value, without colours and not wrapped.
 */
export function linesWriter(protocol: Protocol, type: AnyType, margin = fieldMargin): PayloadWriter {
  const context = lineContext(protocol, margin, 'return -1;');
  const slow = () => -1;
  const { constants, broken } = context;
  return compileWriter<LinesWriter>(type, constants, 'width = 0', slow, broken, (out, layout) => {
    if (layout.mayBeEmpty) out.line('if (p >= end) return p;');
    new FieldLines(out, context, layout).whole();
    out.line('w.at = a; return p;');
  });
}

/** The first constants of generated functions. */
const DECIMAL = 'c0';
const BYTES = 'c1';

export interface LineContext {
  readonly protocol: Protocol;
  readonly constants: unknown[];
  readonly margin: string;
  /** The statement for bytes that break a rule. */
  readonly broken: string;
}

export function lineContext(protocol: Protocol, margin: string, broken: string): LineContext {
  return { protocol, constants: [putDecimal, writeBytes], margin, broken };
}

/** Generates the writing of a struct's fields, each with its name. */
abstract class FieldWriter extends StructWriter {
  /** What stands behind each field. */
  protected abstract readonly ending: string;

  constructor(
    out: Emitter,
    protected readonly context: LineContext,
    protected readonly layout: StructType,
  ) {
    super(out, context.constants, context.broken);
  }

  /** Emits what stands in front of a value. */
  protected abstract name(field: Field): void;

  /** Emits that there is room for these fields, but for bytes and entries of lists. */
  protected roomFor(fields: readonly Pick<Field, 'name' | 'type' | 'role'>[]): void {
    const { protocol, margin } = this.context;
    // In front of a name, and behind it: also the place in a list, or how many entries it has.
    const around = margin.length + innerMargin.length + 40;
    const longest = Math.max(0, ...fields.map(({ name }) => name.length));
    const sizes = fields.map(({ type, role }) => {
      const value = type.kind === 'bytes' || type.kind === 'list' ? 0 : notationOf(protocol, type, role).size;
      return around + longest + value;
    });
    this.room(sizes.reduce((sum, size) => sum + size, around));
  }

  protected override optional(_: Field, inner: FieldWriter): void {
    inner.flush();
  }

  protected override word(field: Field, at: string): void {
    const { out } = this;
    const { name, type, role } = field;
    if (type.kind !== 'bytes' && type.fixedSize !== 8) {
      const variable = out.name('f');
      out.line(`const ${variable} = ${visitType(type, reads, at)};`);
      this.variables.set(name, variable);
    }
    if (type.kind !== 'reserved') {
      this.name(field);
      this.value(type, role, at, this.variables.get(name));
      this.text = this.ending;
      return;
    }
    // What is shown leaves the same text to come.
    const isPending = this.text === this.ending;
    if (!isPending) this.flush();
    out.line(`if (${this.variables.get(name)} !== 0) {`);
    this.name(field);
    this.value(type, role, at, this.variables.get(name));
    this.text = this.ending;
    if (!isPending) this.flush();
    out.line('}');
  }

  protected override bytes(field: Field, length: string): void {
    this.name(field);
    this.bytesAt(field.type as BytesType, 'p', length);
    this.text = this.ending;
  }

  /** Emits the writing of a value of fixed size, in `variable` where it is not read yet. */
  protected value(type: AnyType, role: string | undefined, at: string, variable?: string): void {
    if (type.kind === 'bytes') {
      this.bytesAt(type as BytesType, at, String(type.fixedSize));
      return;
    }
    const words =
      type.fixedSize === 8
        ? `v.getUint32(${at}, true), v.getUint32(${at} + 4, true)`
        : `${variable ?? visitType(type, reads, at)}, 0`;
    const { put } = notationOf(this.context.protocol, type, role);
    this.flush();
    this.out.line(`a = ${this.constant(put)}(d, a, ${words});`);
  }

  protected bytesAt(type: BytesType, at: string, length: string): void {
    this.flush();
    this.out.line(`w.at = a; ${BYTES}(v, ${at}, ${length}, !(${this.isRaw(type)}), w); ${AGAIN}`);
    this.roomFor(this.layout.fieldsInOrder);
  }
}

/** A line for each field. */
export class FieldLines extends FieldWriter {
  protected readonly ending = '\n';
  /** Longest name of the fields that every value has. */
  readonly #sure: number;
  /** Longest name of all fields. */
  protected readonly most: number;
  protected list!: Field;

  constructor(out: Emitter, context: LineContext, layout: StructType) {
    super(out, context, layout);
    const longest = (fields: readonly Field[]) => Math.max(0, ...fields.map(({ name }) => name.length));
    const isSure = ({ type, presence }: Field) => type.kind !== 'reserved' && presence === undefined;
    this.#sure = longest(layout.fieldsInOrder.filter(isSure));
    this.most = longest(layout.fieldsInOrder);
  }

  whole(): void {
    this.begin();
    this.roomFor(this.layout.fieldsInOrder);
    this.read(this.layout);
    this.flush();
  }

  /** Emits how wide the names are, as far as that is known. */
  protected begin(): void {
    if (this.#sure < this.most) this.out.line(`if (width === 0) width = ${this.#sure};`);
  }

  protected override fork(out: Emitter): FieldLines {
    this.flush();
    return new FieldLines(out, this.context, this.layout);
  }

  protected override name({ name }: Field): void {
    const { out } = this;
    // A longer name makes all lines wider, also those before.
    if (name.length > this.#sure)
      out.line(
        `if (width < ${name.length}) { w.at = begin; return write(v, first, end, request, w, ${name.length}); }`,
      );
    this.text += `${this.context.margin}${name.padEnd(this.most)}  `;
    if (this.#sure === this.most) return;
    this.flush();
    out.line(`a -= ${this.most} - width;`);
  }

  protected override word(field: Field, at: string): void {
    super.word(field, at);
    if (field.type.kind === 'bytes') this.#inside(field, at, String(field.type.fixedSize));
  }

  protected override bytes(field: Field, length: string): void {
    super.bytes(field, length);
    this.#inside(field, 'p', length);
  }

  /** Raw bytes whose inside has a declared layout. */
  #inside({ type }: Field, at: string, length: string): void {
    const layout = type instanceof BytesType ? type.options.inside : undefined;
    if (layout === undefined) return;
    const { protocol, margin } = this.context;
    const inner = this.constant(linesWriter(protocol, layout, `${margin}${innerMargin}`));
    this.flush();
    this.out.line(
      `w.at = a; if (${length} > 0 && ${inner}(v, ${at}, ${at} + ${length}, undefined, w) < 0) ${this.broken} ${AGAIN}`,
    );
    this.roomFor(this.layout.fieldsInOrder);
  }

  protected override listBegins(field: Field, n: string): void {
    this.list = field;
    this.name(field);
    this.flush();
    this.counted(n);
  }

  /** How many entries a list has. */
  protected counted(n: string): void {
    this.out.line(`a = ${DECIMAL}(d, a, ${n});`);
    this.out.line(`if (${n} === 1) { ${stores(' entry\n')} } else { ${stores(' entries\n')} }`);
  }

  /** What writes an entry of a list. */
  protected words(layout: StructType): FieldWords {
    return new FieldWords(this.out, this.context, layout);
  }

  protected override listEntry(entry: AnyType): void {
    const words = this.words(entry instanceof StructType ? entry : this.layout);
    if (entry instanceof StructType) words.all();
    else words.only(entry, this.list.role);
  }

  protected override listEnds(): void {
    this.roomFor(this.layout.fieldsInOrder);
  }
}

/** The fields of a list's entry on one line, or its only value. */
export class FieldWords extends FieldWriter {
  protected readonly ending = ', ';
  /** What stands in front of the first field. */
  protected readonly front = '] ';

  all(): void {
    this.#begin(this.layout.fieldsInOrder);
    this.read(this.layout);
    // Behind fields that may be missing it is not known what to take back.
    if (this.text !== this.ending) this.out.line(this.broken);
    this.text = '\n';
    this.flush();
  }

  only(type: AnyType, role: string | undefined): void {
    this.#begin([{ name: '', type, role }]);
    this.value(type, role, 'p');
    this.text = '\n';
    this.flush();
    this.out.line(`p += ${type.fixedSize};`);
  }

  #begin(fields: readonly Pick<Field, 'name' | 'type' | 'role'>[]): void {
    this.roomFor(fields);
    this.head();
    this.text = this.front;
  }

  /** Emits the place in the list `i`. */
  protected head(): void {
    this.text = `${this.context.margin}${innerMargin}[`;
    this.flush();
    this.out.line(`a = ${DECIMAL}(d, a, i);`);
  }

  protected override fork(out: Emitter): FieldWords {
    this.flush();
    return new FieldWords(out, this.context, this.layout);
  }

  protected override name({ name }: Field): void {
    this.text += `${name} `;
  }

  /** Nothing declared has lists in lists. */
  protected override listBegins(_: Field & { readonly type: ListType }): void {
    this.out.line(this.broken);
  }
  protected override listEntry(): void {}
  protected override listEnds(): void {}
}
