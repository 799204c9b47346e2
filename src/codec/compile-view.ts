import { type AnyType, type Field, ListType, StructType, VariantType, visitType } from '../wire/index.js';
import { behind, byteReads, bytesAt } from './byte-reads.js';
import { compile, Emitter, quote } from './emitter.js';
import { BytesList, checkIndex } from './list-view.js';
import { dependencies, StructCheck, StructReader } from './struct-reader.js';

/** An object with a getter for each field of a struct. */
export type Accessor = Readonly<Record<string, unknown>>;

/** Bytes that must stand in front of a payload. */
export interface Prefix {
  readonly size: number;
  /** Offset → the value that the byte must have. The others may have any. */
  readonly bytes: ReadonlyMap<number, number>;
}

/**
 * Moves a view to the payload at [start, end) of the bytes, or behind its prefix there, and returns its accessor. It is
 * undefined if another prefix stands there. What is done with bytes that do not decode, the function is given when it is made.
 */
export type Wrap = (
  bytes: Uint8Array,
  start?: number,
  end?: number,
  request?: unknown,
) => Accessor | undefined;

/**
 * Messages that end at most here are read in place. Generated code masks offsets with this number, which changes none of
 * them: V8 then knows that no sum of offsets overflows, and does not check each. Further behind, a part of the bytes is taken.
 */
const REACH = 0x3fffffff;
const MASKED = `p &= ${REACH}; end &= ${REACH};`;

/** Takes what two functions do with bytes that do not decode, and makes these two; they move the same accessor. */
export type MakeWraps = (slow: Wrap, other: Wrap) => readonly [Wrap, Wrap];

/** Generates the functions of a view. Undefined where functions cannot be generated. */
export function compileWraps(type: AnyType, prefix: Prefix): MakeWraps | undefined {
  const layouts = type instanceof VariantType ? type.layouts : [type as StructType];
  const constants = layouts.map(accessorClass);
  if (constants.includes(undefined)) return undefined;
  const wrap = (index: number) => `if (c${index}.wrap(o${index}, b, p, end, true) >= 0) return o${index};`;
  const chosen =
    type instanceof VariantType
      ? [...type.cases.keys()]
          .map((value, index) => `if (request?.[${quote(type.field)}] === ${value}) { ${wrap(index)} }`)
          .join('\n')
      : wrap(0);
  const differs = Array.from(prefix.bytes, ([offset, value]) => `b[${behind('p', offset)}] !== ${value}`);
  const skip =
    prefix.size === 0
      ? ''
      : `if (end - p < ${prefix.size} || ${differs.join(' || ')}) return undefined; p += ${prefix.size};`;
  const text = (slow: string) => `function at(b, p = 0, end = b.length, request = undefined) {
if (!(p >= 0 && p <= end && end <= b.length)) return ${slow}(b, p, end, request);
if (end > ${REACH}) return at(b.subarray(p, Math.min(end, p + ${REACH})), undefined, undefined, request);
${MASKED}
${skip}
${chosen}
return ${slow}(b, p, end, request);
}`;
  const names = constants.map((_, index) => `c${index}`);
  const source = `const [${names}] = c;
return (slow, other) => {
${names.map((name, index) => `const o${index} = new ${name}();`).join(' ')}
return [${text('slow')}, ${text('other')}];
};`;
  return generate<MakeWraps>(source, constants);
}

/** What the source gives, which may use the constants as `c`. */
function generate<T>(source: string, constants: readonly unknown[]): T | undefined {
  return compile<((constants: readonly unknown[]) => T) | undefined>(['c'], source, undefined)?.(constants);
}

/** The generated class of a struct's accessors. */
interface AccessorClass {
  new (): Accessor;
  /**
   * Moves an accessor to the struct at `start`. @param whole the struct must end at `end`. @returns the offset behind it;
   * -1, with the accessor where it was, when the bytes do not decode.
   */
  wrap(accessor: Accessor, bytes: Uint8Array, start: number, end: number, whole: boolean): number;
}

const classes = new WeakMap<StructType, AccessorClass>();

/** The class of a struct's accessors; undefined where functions cannot be generated. */
function accessorClass(type: StructType): AccessorClass | undefined {
  const found = classes.get(type);
  if (found !== undefined) return found;
  const constants: unknown[] = [BytesList, checkIndex];
  const source = new ViewReader(new Emitter(), constants).classOf(type);
  const made = generate<AccessorClass>(source, constants);
  if (made !== undefined) classes.set(type, made);
  return made;
}

/** What is kept of a field: part → the variable with its value, or the key of that variable. */
type Parts = Readonly<Record<string, string>>;

/**
 * Generates the class of accessors: getters at constant offsets for the fixed part in front, and a function that checks
 * the bytes and keeps where the other fields are. An offset below 0 stands for a field that is missing.
 */
class ViewReader extends StructReader {
  readonly #constants: unknown[];
  /** Fields that others depend on. */
  #needed: ReadonlySet<string> = new Set();
  /** Fields at a constant offset from the start of the struct. */
  #fixed: ReadonlyMap<string, number> = new Map();
  /** Words in the headers of lists. Their place is that of the list. */
  #headerWords: ReadonlySet<string> = new Set();
  /** The other fields in order. Those of a fork are those of its origin. */
  #kept: { readonly field: Field; readonly parts: Parts }[] = [];
  /** Key of a variable with what is kept of a field → its value when the field is missing. */
  #missing = new Map<string, number>();

  constructor(out: Emitter, constants: unknown[]) {
    super(out, 'return -1;', byteReads);
    this.#constants = constants;
  }

  /** Source that gives the class. */
  classOf(type: StructType): string {
    this.#needed = new Set(type.fields.flatMap(dependencies));
    this.#fixed = new Map(
      type.layout.flatMap(({ field, offset }) =>
        offset === undefined || field.presence !== undefined || field.type.fixedSize === undefined
          ? []
          : [[field.name, offset] as const],
      ),
    );
    this.#headerWords = new Set(
      type.fields.flatMap(({ type }) => (type.headerWords ?? []).map(({ name }) => name)),
    );
    this.read(type);
    const members: string[] = [];
    const stores: string[] = [];
    const clears: string[] = [];
    for (const { field } of type.layout) {
      const offset = this.#fixed.get(field.name);
      if (offset !== undefined) members.push(getter(field, '#p', `p + ${offset}`, type.mayBeEmpty));
    }
    for (const [index, { field, parts }] of this.#kept.entries()) {
      for (const [part, key] of Object.entries(parts)) {
        const none = this.#missing.get(key);
        members.push(`#${part}${index} = ${none};`);
        stores.push(`o.#${part}${index} = ${this.variables.get(key)};`);
        clears.push(`o.#${part}${index} = ${none};`);
      }
      members.push(...this.#keptMembers(field, index));
    }
    if (this.#kept.length > 0) stores.push('o.#message = o.#message + 1 | 0;');
    const empty = `if (p >= end) { if (whole && p !== end) return -1; o.#b = b; o.#p = -1; ${clears.join(' ')} return p; }`;
    const names = this.#constants.slice(2).map((_, index) => `, c${index + 2}`);
    return `const [List, checkIndex${names.join('')}] = c;
return class Struct {
#b = new Uint8Array(0); #p = 0; #message = 0;
${members.join('\n')}
static move(o, b, p) { o.#b = b; o.#p = p; return o; }
static wrap(o, b, p, end, whole) {
${MASKED}
const start = p;
${type.mayBeEmpty ? empty : ''}
${this.out.source}
if (whole && p !== end) return -1;
o.#b = b; o.#p = start;
${stores.join('\n')}
return p;
}
};`;
  }

  /** The members for a field that is not at a constant offset; for a list also those of the words in its header. */
  #keptMembers(field: Field, index: number): string[] {
    const { type } = field;
    const at = `#at${index}`;
    if (type instanceof ListType) {
      let offset = type.sizeMin - type.options.count.fixedSize;
      const words = type.headerWords.map((word) => {
        const text = getter(word, at, `p - ${offset}`, true);
        offset -= word.type.sizeMin;
        return text;
      });
      const made = `return this.#list${index} ??= new (${this.#listClass(type, index)})(this);`;
      return [
        `#list${index} = undefined;`,
        accessorText(field, `if (this.${at} < 0) return undefined; ${made}`),
        ...words,
      ];
    }
    if (type.fixedSize !== undefined) return [getter(field, at, 'p', true)];
    const body = `const b = this.#b, p = this.${at}; if (p < 0) return undefined; return ${bytesAt('p', `this.#length${index}`)};`;
    return [accessorText(field, body)];
  }

  /** Source of the class of a list, inside that of its struct, whose place it reads. */
  #listClass(type: ListType, index: number): string {
    const at = `o.#at${index}`;
    const entries: string[] = [];
    const reads = type.entryTypes.map((entry, number) => {
      if (!(entry instanceof StructType))
        return `const p = ${at} + i * ${entry.fixedSize}; return ${visitType(entry, byteReads, 'p')};`;
      const Class = `c${this.#constants.push(accessorClass(entry)) - 1}`;
      entries.push(`#entry${number} = new ${Class}();`);
      const moved = `this.#entry${number}`;
      if (entry.fixedSize !== undefined)
        return `return ${Class}.move(${moved}, b, ${at} + i * ${entry.fixedSize});`;
      const end = `(b, at) => ${Class}.wrap(${moved}, b, at, b.length, false)`;
      const place = `{ message: o.#message, bytes: b, start: ${at} }`;
      return `${Class}.wrap(${moved}, b, this.startOf(i, ${place}, ${end}), b.length, false); return ${moved};`;
    });
    const [only = ''] = reads;
    const cases = reads.map((read, number) => `case ${number}: { ${read} }`);
    return `class extends List {
#o;
${entries.join('\n')}
constructor(o) { super(); this.#o = o; }
get length() { return this.#o.#length${index}; }
item(i) {
const o = this.#o, b = o.#b;
if (!(i >= 0 && i < o.#length${index}) || i % 1 !== 0) checkIndex(i, o.#length${index});
${reads.length === 1 ? only : `switch (o.#entries${index}) { ${cases.join('\n')} }`}
}
}`;
  }

  protected override fork(out: Emitter): ViewReader {
    const inner = new ViewReader(out, this.#constants);
    inner.#needed = this.#needed;
    inner.#fixed = this.#fixed;
    inner.#headerWords = this.#headerWords;
    inner.#kept = this.#kept;
    inner.#missing = this.#missing;
    return inner;
  }

  protected override word(field: Field, at: string): void {
    const { name, type } = field;
    if (this.#needed.has(name)) this.variables.set(name, this.#constant(visitType(type, byteReads, at)));
    if (!this.#fixed.has(name) && !this.#headerWords.has(name)) this.#keep(field, { at: this.#constant(at) });
  }

  protected override bytes(field: Field, length: string): void {
    this.#keep(field, { at: this.#constant('p'), length });
  }

  protected override listBegins(field: Field, n: string): void {
    const parts = { at: this.#constant('p'), length: n };
    this.#case = undefined;
    this.#cases = 0;
    if ((field.type as ListType).selector !== undefined) {
      this.#case = this.out.name('r');
      this.out.line(`let ${this.#case} = 0;`);
    }
    this.#keep(field, this.#case === undefined ? parts : { ...parts, entries: this.#case });
  }

  /** Variable that tells which type the entries of the list that has begun have, if they may have several. */
  #case: string | undefined;
  /** How many of these types have been emitted. */
  #cases = 0;

  protected override entries(n: string, entry: AnyType): void {
    const { out } = this;
    if (this.#case !== undefined) out.line(`${this.#case} = ${this.#cases++};`);
    if (entry.fixedSize !== undefined) out.line(`p += ${n} * ${entry.fixedSize};`);
    else super.entries(n, entry);
  }

  protected override listEntry(entry: AnyType): void {
    StructCheck.emit(this.out, entry as StructType, this.broken, byteReads);
  }

  /** Decoding takes longer lists than RM does, so this does. */
  protected override aboveMax(): void {}
  protected override listEnds(): void {}
  protected override optional(): void {}

  /** A number, too: of a variable that may also be undefined V8 checks at each use which of both it is. */
  protected override withoutBlock(key: string): number | undefined {
    return this.#missing.get(key);
  }

  /** Keeps what must be known of a field. */
  #keep(field: Field, parts: Parts): void {
    const keys = Object.entries(parts).map(([part, variable]) => {
      const key = `${part} ${field.name}`;
      this.variables.set(key, variable);
      this.#missing.set(key, part === 'at' ? -1 : 0);
      return [part, key] as const;
    });
    this.#kept.push({ field, parts: Object.fromEntries(keys) });
  }

  /** A variable with the present value of an expression. */
  #constant(value: string): string {
    const variable = this.out.name('f');
    this.out.line(`const ${variable} = ${value};`);
    return variable;
  }
}

function accessorText({ name }: Field, body: string): string {
  return `get ${quote(name)}() { ${body} }`;
}

/** The getter of a value of fixed size at `at`, where `p` is what the member `place` holds. */
function getter(field: Field, place: string, at: string, mayMiss: boolean): string {
  const { type } = field;
  const read = visitType(type, byteReads, at);
  const value =
    type.kind === 'reserved'
      ? `const value = ${read}; return value === 0 ? undefined : value;`
      : `return ${read};`;
  const missing = mayMiss ? `if (this.${place} < 0) return undefined; ` : '';
  return accessorText(field, `${missing}const b = this.#b, p = this.${place} & ${REACH}; ${value}`);
}
