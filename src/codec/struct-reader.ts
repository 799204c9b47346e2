import {
  type AnyType,
  type BytesType,
  type Field,
  type ListType,
  type ScalarType,
  StructType,
  scalarCases,
  type TypeVisitor,
  u8,
  visitType,
} from '../wire/index.js';
import { type Emitter, noCode } from './emitter.js';
import { fixedRun } from './fixed-run.js';

/** The expressions that read values of fixed size, `at` an offset. */
export type Reads = TypeVisitor<string, [at: string]>;

/** Those that read from the DataView `v`. Bytes are copied. */
export const reads: Reads = {
  ...scalarCases(readUnsigned),
  integer: (type, at) => (type.signed ? `v.getInt32(${at}, true)` : readUnsigned(type, at)),
  bits: (type, at) => `v.getUint8(${at}) >>> ${type.shift} & ${type.max}`,
  bytes: (type, at) => copyOf(at, String(type.fixedSize)),
  list: noCode,
  struct: noCode,
  variant: noCode,
};

function readUnsigned(type: ScalarType, at: string): string {
  switch (type.fixedSize) {
    case 1:
      return `v.getUint8(${at})`;
    case 2:
      return `v.getUint16(${at}, true)`;
    case 3:
      return `v.getUint16(${at}, true) + v.getUint8(${at} + 2) * 65536`;
    case 8:
      return `readU64(v, ${at})`;
    default:
      return `v.getUint32(${at}, true)`;
  }
}

/** The expression that copies bytes, because they must outlive the input buffer. */
export function copyOf(at: string, length: string): string {
  return `new Uint8Array(v.buffer.slice(v.byteOffset + ${at}, v.byteOffset + ${at} + ${length}))`;
}

/**
 * Emits code that goes through the bytes [p, end) of a struct in the view `v`: one bounds check for each part of fixed
 * size, conditions, lengths and counts. `broken` is the statement for bytes that break a rule. What is done with the
 * values, subclasses emit: the methods that they may override say what has been emitted before.
 */
export abstract class StructReader {
  /** Field → the variable with its value, for fields that others depend on. */
  protected readonly variables = new Map<string, string>();

  constructor(
    protected readonly out: Emitter,
    protected readonly broken: string,
    /** How values of fixed size are read. */
    protected readonly readBy: Reads = reads,
  ) {}

  /** A reader of the same kind for a struct inside, or for the fields of a condition. */
  protected abstract fork(out: Emitter): StructReader;

  /** A value of fixed size is at the offset `at`. Sets its variable. */
  protected abstract word(field: Field, at: string): void;

  /** Bytes of the variable length `length` are at `p`. */
  protected abstract bytes(field: Field, length: string): void;

  /** The header of a list has been read; `n` is the variable of its count. */
  protected abstract listBegins(field: Field, n: string): void;

  /** Emits the check that so many bytes are left: of consecutive fields, of the bytes or the header of `field`, or of entries. */
  protected need(_of: 'fields' | 'bytes' | 'list' | 'entries', size: string, _field?: Field): void {
    this.out.line(`if (end - p < ${size}) ${this.broken}`);
  }

  /** Emits what is done with a list above RM's maximum, which `condition` tells. The header is not read yet. */
  protected aboveMax(condition: string): void {
    this.out.line(`if (${condition}) ${this.broken}`);
  }

  /** Inside the loop over entries `i`, `entry` is at `p`. Must emit its reading; `read` does that for its fields. */
  protected abstract listEntry(entry: AnyType): void;

  /** Behind the last entry. */
  protected abstract listEnds(field: Field): void;

  /** Fields that a condition guards have been emitted into `inner`, as a block that may be skipped. */
  protected abstract optional(field: Field, inner: StructReader): void;

  /** What the variable of this key is when the block that sets it is skipped. */
  protected withoutBlock(_key: string): number | undefined {
    return undefined;
  }

  /** Emits the reading of all fields. `p` ends behind the struct. */
  protected read(type: StructType): void {
    for (let index = 0; index < type.fields.length; ) {
      const run = fixedRun(type.fields, index);
      if (run.length > 0) this.#run(run);
      index += run.length;
      const field = type.fields[index];
      if (field === undefined) break;
      if (field.presence === undefined) this.#content(field);
      else this.#conditional(field);
      index++;
    }
  }

  /** Consecutive fields of fixed size: one bounds check and reads at constant offsets. */
  #run(fields: readonly Field[]): void {
    const size = fields.reduce((sum, { type }) => sum + (type.fixedSize as number), 0);
    this.need('fields', String(size));
    let offset = 0;
    for (const field of fields) {
      this.word(field, offset === 0 ? 'p' : `p + ${offset}`);
      offset += field.type.fixedSize as number;
    }
    this.out.line(`p += ${size};`);
  }

  #conditional(field: Field): void {
    const { presence, type } = field;
    const tests: string[] = [];
    if (presence?.when)
      tests.push(`(${this.variables.get(presence.when.field)} & ${presence.when.mask}) !== 0`);
    if (presence?.trailing) tests.push('p < end');
    const inner = this.fork(this.out.fork());
    for (const [key, outer] of this.variables) inner.variables.set(key, outer);
    const before = inner.variables.size;
    if (type.fixedSize !== undefined) inner.#run([field]);
    else inner.#content(field);
    // The values that the block reads are assigned to variables declared in front of it.
    const read = [...inner.variables].slice(before).map(([key, x]) => [key, x, this.out.name('x')] as const);
    for (const [key, , x] of read) {
      const value = this.withoutBlock(key);
      this.out.line(value === undefined ? `let ${x};` : `let ${x} = ${value};`);
      this.variables.set(key, x);
    }
    const assignments = read.map(([, from, x]) => `${x} = ${from};`).join(' ');
    this.optional(field, inner);
    this.out.line(`if (${tests.join(' && ')}) {`);
    this.out.line(inner.out.source);
    this.out.line(`${assignments} }`);
  }

  #content(field: Field): void {
    visitType(field.type, {
      ...scalarCases(noCode),
      bytes: (type) => this.#bytes(field, type),
      list: (type) => this.#list(field, type),
      struct: noCode,
      variant: noCode,
    });
  }

  #bytes(field: Field, { options: { lengthFrom, padTo } }: BytesType): void {
    const { out } = this;
    const length = this.variables.get(lengthFrom as string) as string;
    const padded = padTo === undefined ? length : `(${length} + 3 & -4)`;
    this.need('bytes', padded, field);
    if (padTo !== undefined)
      out.line(
        `for (let k = p + ${length}; k < p + ${padded}; k++) if (${visitType(u8, this.readBy, 'k')} !== 0) ${this.broken}`,
      );
    this.bytes(field, length);
    out.line(`p += ${padded};`);
  }

  #list(field: Field, type: ListType): void {
    const { out } = this;
    const { count, headerWords, max } = type.options;
    this.need('list', String(type.sizeMin), field);
    const n = out.name('n');
    out.line(`const ${n} = ${visitType(count, this.readBy, 'p')};`);
    if (max !== undefined) this.aboveMax(`${n} > ${max}`);
    let offset = count.fixedSize as number;
    for (const word of headerWords) {
      this.word(word, `p + ${offset}`);
      offset += word.type.sizeMin;
    }
    out.line(`p += ${offset};`);
    this.listBegins(field, n);
    const { selector } = type;
    if (selector !== undefined) {
      const selected = this.variables.get(selector.field);
      for (const [value, entry] of selector.cases) {
        out.line(`if (${selected} === ${value}) {`);
        this.#entries(n, entry);
        out.line('} else');
      }
      out.line(this.broken);
    } else this.#entries(n, type.entry as AnyType);
    this.listEnds(field);
  }

  #entries(n: string, entry: AnyType): void {
    // Checked before anything is made of the entries: the count comes from outside.
    this.need('entries', `${n} * ${entry.sizeMin}`);
    this.entries(n, entry);
  }

  /** All entries; their smallest sizes fit. */
  protected entries(n: string, entry: AnyType): void {
    this.out.line(`for (let i = 0; i < ${n}; i++) {`);
    this.listEntry(entry);
    this.out.line('}');
  }
}

/** Emits the check alone: whether bytes are what a struct declares. Afterwards `p` is behind it. */
export class StructCheck extends StructReader {
  /** Fields that others depend on. */
  #needed: ReadonlySet<string> = new Set();

  static emit(out: Emitter, type: StructType, broken: string, readBy = reads): void {
    new StructCheck(out, broken, readBy).#check(type);
  }

  #check(type: StructType): void {
    this.#needed = new Set(type.fields.flatMap(dependencies));
    this.read(type);
  }

  protected override fork(out: Emitter): StructCheck {
    const inner = new StructCheck(out, this.broken, this.readBy);
    inner.#needed = this.#needed;
    return inner;
  }

  protected override word({ name, type }: Field, at: string): void {
    if (!this.#needed.has(name)) return;
    const variable = this.out.name('f');
    this.out.line(`const ${variable} = ${visitType(type, this.readBy, at)};`);
    this.variables.set(name, variable);
  }

  protected override entries(n: string, entry: AnyType): void {
    if (entry.fixedSize === undefined) super.entries(n, entry);
    else this.out.line(`p += ${n} * ${entry.fixedSize};`);
  }

  protected override listEntry(entry: AnyType): void {
    if (entry instanceof StructType) new StructCheck(this.out, this.broken, this.readBy).#check(entry);
  }

  protected override bytes(): void {}
  protected override listBegins(): void {}
  protected override listEnds(): void {}
  protected override optional(): void {}
}

/** The fields whose values decide how this one is read. */
export function dependencies({ type, presence }: Field): string[] {
  return [presence?.when?.field, type.lengthFrom, selectorOf(type)].filter((name) => name !== undefined);
}

function selectorOf(type: AnyType): string | undefined {
  return visitType(type, {
    ...scalarCases(() => undefined),
    bytes: () => undefined,
    list: ({ selector }) => selector?.field,
    struct: () => undefined,
    variant: () => undefined,
  });
}
