import { WireError } from '../base/error.js';
import {
  type AnyType,
  type BytesType,
  type Field,
  type ListType,
  type ScalarType,
  StructType,
  scalarCases,
  stopped,
  type TypeVisitor,
  type Values,
  VariantType,
  visitType,
} from '../wire/index.js';
import { compile, Emitter, functionText, noCode, quote } from './emitter.js';
import { fixedRun } from './fixed-run.js';
import { decodePlain } from './plain.js';

/** Decodes [start, end) of the view; undefined when a rule is broken, or a list is above RM's maximum. */
export type FastDecode = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
) => Values | undefined;

/** Generates the decode function of a struct: one bounds check per fixed part, one object literal per struct. */
export function compileDecode(type: AnyType): FastDecode {
  return compile(parameters, decodeSource(type), (view, start, end, request) => {
    const bytes = new Uint8Array(view.buffer, view.byteOffset + start, end - start);
    // A trace also receives the issues that do not stop decoding, such as a list above RM's maximum.
    let issues = 0;
    const trace = { range() {}, issue: () => issues++ };
    try {
      const value = decodePlain(type, bytes, { request, trace });
      return issues === 0 ? value : undefined;
    } catch (error) {
      if (error === stopped || error instanceof WireError) return undefined;
      throw error;
    }
  });
}

const parameters = ['v', 'p', 'end', 'request'];

/** The text of the function that {@link compileDecode} generates, for {@link provideBuilt}. */
export function decodeFunction(type: AnyType): string {
  return functionText(parameters, decodeSource(type));
}

/** The source of the function that {@link compileDecode} generates. */
export function decodeSource(type: AnyType): string {
  const out = new Emitter();
  if (type instanceof VariantType) {
    for (const [value, layout] of type.cases) {
      out.line(`if (request !== undefined && request[${quote(type.field)}] === ${value}) {`);
      finish(out, layout);
      out.line('}');
    }
    out.line('return undefined;');
  } else if (type instanceof StructType) finish(out, type);
  return out.source;
}

/** Decodes a whole payload. Refuses bytes behind it. */
function finish(out: Emitter, type: StructType): void {
  if (type.mayBeEmpty) out.line('if (p >= end) return {};');
  const value = new StructDecoder(out).struct(type);
  out.line(`return p === end ? ${value} : undefined;`);
}

/** The expression that reads a value of fixed size at `at`. */
const reads: TypeVisitor<string, [at: string]> = {
  ...scalarCases(readUnsigned),
  integer: (type, at) => (type.signed ? `v.getInt32(${at}, true)` : readUnsigned(type, at)),
  bits: (type, at) => `v.getUint8(${at}) >>> ${type.shift} & ${type.max}`,
  bytes: (type, at) => copy(at, String(type.fixedSize)),
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

/** Generates the decoding of one struct into an object literal; reserved words that are not zero are added to it. */
class StructDecoder {
  readonly #variables = new Map<string, string>();
  readonly #keys: string[] = [];
  /** Key and variable of optional fields. The variable is undefined if the field is missing. */
  readonly #maybe: [string, string][] = [];
  /** Key and variable of reserved words, which are in the value only if they are not zero. */
  readonly #words: [string, string][] = [];
  readonly #out: Emitter;

  constructor(out: Emitter) {
    this.#out = out;
  }

  /** Emits the reading of all fields; returns the variable that holds the value. `p` ends behind the struct. */
  struct(type: StructType): string {
    const out = this.#out;
    for (let index = 0; index < type.fields.length; ) {
      const run = fixedRun(type.fields, index);
      if (run.length > 0) this.#run(run);
      index += run.length;
      const field = type.fields[index];
      if (field === undefined) break;
      this.#variable(field);
      index++;
    }
    const value = out.name('o');
    const literal = this.#keys.join(', ');
    const [last] = this.#maybe;
    // Most structs have at most one optional field. Two literals are faster than adding a key to one.
    const whole =
      last === undefined
        ? `{ ${literal} }`
        : `${last[1]} === undefined ? { ${literal} } : { ${literal}, ${quote(last[0])}: ${last[1]} }`;
    out.line(`const ${value} = ${whole};`);
    for (const [name, variable] of this.#maybe.slice(1)) {
      out.line(`if (${variable} !== undefined) ${value}[${quote(name)}] = ${variable};`);
    }
    for (const [name, variable] of this.#words) {
      out.line(`if (${variable} !== 0) ${value}[${quote(name)}] = ${variable};`);
    }
    return value;
  }

  /** Emits the reading of consecutive fields of fixed size: one bounds check and reads at constant offsets. */
  #run(fields: readonly Field[]): void {
    const size = fields.reduce((sum, { type }) => sum + (type.fixedSize as number), 0);
    this.#out.line(`if (end - p < ${size}) return undefined;`);
    let offset = 0;
    for (const { name, type } of fields) {
      this.#word(name, type, offset === 0 ? 'p' : `p + ${offset}`);
      offset += type.fixedSize as number;
    }
    this.#out.line(`p += ${size};`);
  }

  #word(name: string, type: AnyType, at: string): void {
    const out = this.#out;
    const variable = out.name('f');
    out.line(`const ${variable} = ${visitType(type, reads, at)};`);
    if (type.kind === 'reserved') this.#words.push([name, variable]);
    else this.#key(name, variable);
  }

  #key(name: string, variable: string): void {
    this.#variables.set(name, variable);
    this.#keys.push(`${quote(name)}: ${variable}`);
  }

  /** A field of variable size or one that may be absent. */
  #variable(field: Field): void {
    const out = this.#out;
    const { presence, name, type } = field;
    if (presence === undefined) {
      this.#key(name, this.#content(field));
      return;
    }
    const tests: string[] = [];
    if (presence.when) {
      tests.push(`(${this.#variables.get(presence.when.field)} & ${presence.when.mask}) !== 0`);
    }
    if (presence.trailing) tests.push('p < end');
    const inner = new StructDecoder(out.fork());
    for (const [key, outer] of this.#variables) inner.#variables.set(key, outer);
    const before = inner.#variables.size;
    if (type.fixedSize !== undefined) inner.#run([field]);
    else inner.#key(name, inner.#content(field));
    // The values that the block reads are assigned to variables declared in front of it.
    const keys = [...inner.#variables].slice(before).map(([key, x]) => [key, x, out.name('x')] as const);
    const words = inner.#words.map(([key, x]) => [key, x, out.name('x')] as const);
    for (const [, , x] of keys) out.line(`let ${x};`);
    for (const [, , x] of words) out.line(`let ${x} = 0;`);
    out.line(`if (${tests.join(' && ')}) {`);
    out.line(inner.#out.source);
    for (const [, from, x] of [...keys, ...words]) out.line(`${x} = ${from};`);
    out.line('}');
    // The list is the last of its keys, but must be tested first.
    for (const [key, , x] of keys.toReversed()) this.#maybe.push([key, x]);
    for (const [key, , x] of words) this.#words.push([key, x]);
  }

  /** Emits the reading of a bytes or list field; returns the variable. */
  #content({ type }: Field): string {
    return visitType(type, {
      ...scalarCases(noCode),
      bytes: (bytes) => this.#bytes(bytes),
      list: (list) => this.#list(list),
      struct: noCode,
      variant: noCode,
    });
  }

  #bytes(type: BytesType): string {
    const out = this.#out;
    const variable = out.name('b');
    const length = this.#variables.get(type.options.lengthFrom as string);
    const padded = type.options.padTo === undefined ? length : `(${length} + 3 & -4)`;
    out.line(`if (end - p < ${padded}) return undefined;`);
    out.line(`const ${variable} = ${copy('p', String(length))};`);
    if (type.options.padTo !== undefined) {
      out.line(
        `for (let k = p + ${length}; k < p + ${padded}; k++) if (v.getUint8(k) !== 0) return undefined;`,
      );
    }
    out.line(`p += ${padded};`);
    return variable;
  }

  #list(type: ListType): string {
    const out = this.#out;
    const { count, headerWords, max } = type.options;
    out.line(`if (end - p < ${type.sizeMin}) return undefined;`);
    const n = out.name('n');
    out.line(`const ${n} = ${visitType(count, reads, 'p')};`);
    if (max !== undefined) out.line(`if (${n} > ${max}) return undefined;`);
    let offset = count.fixedSize as number;
    for (const word of headerWords) {
      this.#word(word.name, word.type, `p + ${offset}`);
      offset += word.type.sizeMin;
    }
    out.line(`p += ${offset};`);
    const list = out.name('l');
    out.line(`let ${list};`);
    const { selector } = type;
    if (selector !== undefined) {
      const selected = this.#variables.get(selector.field);
      for (const [value, entry] of selector.cases) {
        out.line(`if (${selected} === ${value}) {`);
        this.#entries(list, n, entry);
        out.line('} else');
      }
      out.line('return undefined;');
    } else this.#entries(list, n, type.entry as AnyType);
    return list;
  }

  #entries(list: string, n: string, entry: AnyType): void {
    const out = this.#out;
    // Checked before the array is made: the count comes from outside.
    out.line(`if (end - p < ${n} * ${entry.sizeMin}) return undefined;`);
    out.line(`${list} = new Array(${n});`);
    out.line(`for (let i = 0; i < ${n}; i++) {`);
    if (entry instanceof StructType) {
      const value = new StructDecoder(out).struct(entry);
      out.line(`${list}[i] = ${value};`);
    } else {
      out.line(`${list}[i] = ${visitType(entry, reads, 'p')};`);
      out.line(`p += ${entry.fixedSize};`);
    }
    out.line('}');
  }
}

/** The expression that copies bytes, because they must outlive the input buffer. */
function copy(at: string, length: string): string {
  return `new Uint8Array(v.buffer.slice(v.byteOffset + ${at}, v.byteOffset + ${at} + ${length}))`;
}
