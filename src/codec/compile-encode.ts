import {
  type AnyType,
  type BitsType,
  type BytesType,
  type Field,
  IntegerType,
  type ListType,
  type ScalarType,
  StructType,
  scalarCases,
  VariantType,
  visitType,
} from '../wire/index.js';
import { compile, Emitter, noCode, quote } from './emitter.js';
import { fixedRun } from './fixed-run.js';
import { type FastEncode, plainEncode } from './plain-encode.js';

/** Generates the encode function of a struct, with all checks of the field types and one capacity check per fixed part. */
export function compileEncode(type: AnyType): FastEncode {
  return compile(['o', 'v', 'p'], encodeSource(type), plainEncode(type));
}

/** The source of the function that {@link compileEncode} generates. */
function encodeSource(type: AnyType): string {
  const out = new Emitter();
  out.line('const cap = v.byteLength;');
  // The bit operations in the checks throw TypeError for a bigint, a symbol and an object that has no number value.
  out.line('try {');
  out.line(refuseOthers('o'));
  if (type instanceof VariantType) {
    for (const layout of type.cases.values()) {
      const names = layout.fields.map(({ name }) => `o[${quote(name)}] !== undefined`);
      out.line(`if (${names.join(' || ')}) {`);
      new StructEncoder(out, 'o').struct(layout);
      out.line('return p;');
      out.line('}');
    }
    out.line('return -1;');
  } else if (type instanceof StructType) {
    if (type.mayBeEmpty) {
      out.line('let some = false;');
      out.line('for (const _ in o) { some = true; break; }');
      out.line('if (!some) return p;');
    }
    new StructEncoder(out, 'o').struct(type);
    out.line('return p;');
  }
  out.line('} catch (error) {');
  out.line('if (error instanceof TypeError) return -1;');
  out.line('throw error;');
  out.line('}');
  return out.source;
}

/** The test that `x` is no plain object. Arrays could have the keys of a struct, so the keys alone do not tell. */
function refuseOthers(x: string): string {
  return `if (typeof ${x} !== 'object' || ${x} === null || Array.isArray(${x}) || ${x} instanceof Uint8Array) return -1;`;
}

/** The statement that stores scalar `x` at `at`. */
function write(type: AnyType, at: string, x: string): string {
  switch (type.fixedSize) {
    case 1:
      return `v.setUint8(${at}, ${x});`;
    case 2:
      return `v.setUint16(${at}, ${x}, true);`;
    case 3:
      return `v.setUint16(${at}, ${x} & 65535, true); v.setUint8(${at} + 2, ${x} >>> 16);`;
    case 8:
      return `writeU64(v, ${at}, ${x});`;
    default:
      return `v.setUint32(${at}, ${x}, true);`;
  }
}

/** The test that `x` is not a value of the type. A bit operation changes everything but an integer in range. */
function misfit(type: AnyType, x: string): string {
  if (type instanceof IntegerType && type.signed) return `(${x} | 0) !== ${x}`;
  switch (type.fixedSize) {
    case 8:
      return `typeof ${x} !== 'bigint' || BigInt.asUintN(64, ${x}) !== ${x}`;
    case 4:
      return `(${x} >>> 0) !== ${x}`;
    default:
      return `(${x} & ${2 ** ((type.fixedSize as number) * 8) - 1}) !== ${x}`;
  }
}

/** Length field → the bytes field that it counts. */
type Lengths = ReadonlyMap<string, string>;

/** One struct whose value is the variable `o`. */
class StructEncoder {
  /** How many keys the value may have: a constant, plus one for each optional key that is there. */
  #required = 0;
  readonly #optional: string[] = [];
  /** The expression for the fields so far of a byte that several share. */
  #byte = '';
  readonly #out: Emitter;
  readonly #o: string;

  constructor(out: Emitter, o: string) {
    this.#out = out;
    this.#o = o;
  }

  /** Emits the writing of all fields; `p` ends behind the struct. */
  struct(type: StructType): void {
    const out = this.#out;
    const o = this.#o;
    const { fields } = type;
    for (let index = 0; index < fields.length; ) {
      const run = fixedRun(fields, index);
      if (run.length > 0) this.#run(type.lengths, run);
      index += run.length;
      const field = fields[index];
      if (field === undefined) break;
      this.#variable(type.lengths, field, fields.slice(index + 1));
      index++;
    }
    // More keys than counted means an unknown key. Counting by for-in is fastest.
    const keys = out.name('k');
    out.line(`let ${keys} = ${[this.#required, ...this.#optional].join(' + ')};`);
    out.line(`for (const _ in ${o}) ${keys}--;`);
    out.line(`if (${keys} !== 0) return -1;`);
  }

  #run(lengths: Lengths, fields: readonly Field[]): void {
    const out = this.#out;
    const o = this.#o;
    const size = fields.reduce((sum, field) => sum + (field.type.fixedSize as number), 0);
    out.line(`if (cap - p < ${size}) return -1;`);
    let offset = 0;
    for (const field of fields) {
      const at = offset === 0 ? 'p' : `p + ${offset}`;
      const x = out.name('f');
      out.line(
        `${field.type.kind === 'reserved' || field.isLength ? 'let' : 'const'} ${x} = ${o}[${quote(field.name)}];`,
      );
      this.#fixed(lengths, field, x, at);
      offset += field.type.fixedSize as number;
    }
    out.line(`p += ${size};`);
  }

  /** Emits the checks and the writing of the value `x` of a field of fixed size. */
  #fixed(lengths: Lengths, field: Field, x: string, at: string): void {
    const out = this.#out;
    visitType(field.type, {
      ...scalarCases((type) => this.#number(lengths, field, type, x, at)),
      reserved: (type) => {
        out.line(`if (${x} === undefined) ${x} = 0; else if (${misfit(type, x)}) return -1;`);
        this.#optional.push(`(${this.#o}[${quote(field.name)}] === undefined ? 0 : 1)`);
        out.line(write(type, at, x));
      },
      bits: (type) => this.#bits(type, x, at),
      bytes: ({ fixedSize }) => {
        out.line(`if (!(${x} instanceof Uint8Array) || ${x}.length !== ${fixedSize}) return -1;`);
        out.line(`for (let k = 0; k < ${fixedSize}; k++) v.setUint8(${at} + k, ${x}[k]);`);
        this.#required++;
      },
      list: noCode,
      struct: noCode,
      variant: noCode,
    });
  }

  #bits({ shift, max, last }: BitsType, x: string, at: string): void {
    this.#out.line(`if ((${x} & ${max}) !== ${x}) return -1;`);
    this.#byte += `${this.#byte === '' ? '' : ' | '}${x} << ${shift}`;
    if (last) {
      this.#out.line(`v.setUint8(${at}, ${this.#byte});`);
      this.#byte = '';
    }
    this.#required++;
  }

  #number(lengths: Lengths, field: Field, type: ScalarType, x: string, at: string): void {
    const out = this.#out;
    const o = this.#o;
    const counted = field.isLength ? lengths.get(field.name) : undefined;
    if (counted === undefined) this.#required++;
    else {
      const target = `${o}[${quote(counted)}]`;
      out.line(`if (!(${target} instanceof Uint8Array)) return -1;`);
      this.#optional.push(`(${o}[${quote(field.name)}] === undefined ? 0 : 1)`);
      out.line(
        `if (${x} === undefined) ${x} = ${target}.length; else if (${x} !== ${target}.length) return -1;`,
      );
    }
    out.line(`if (${misfit(type, x)}) return -1;`);
    out.line(write(type, at, x));
  }

  #variable(lengths: Lengths, field: Field, later: readonly Field[]): void {
    const out = this.#out;
    const o = this.#o;
    const { name, presence, type } = field;
    const x = `${o}[${quote(name)}]`;
    if (presence === undefined) {
      this.#required++;
      this.#content(field);
      return;
    }
    const { when, trailing } = presence;
    const flagged = when ? `(${o}[${quote(when.field)}] & ${when.mask}) !== 0` : 'true';
    if (when && !trailing) out.line(`if ((${x} !== undefined) !== (${flagged})) return -1;`);
    else if (when) out.line(`if (${x} !== undefined && !(${flagged})) return -1;`);
    if (trailing && later.length > 0) {
      const given = later.map((next) => `${o}[${quote(next.name)}] !== undefined`).join(' || ');
      out.line(`if (${x} === undefined && (${given})) return -1;`);
    }
    const inner = new StructEncoder(out, o);
    out.line(`if (${x} !== undefined) {`);
    if (type.fixedSize !== undefined) inner.#run(lengths, [field]);
    else {
      inner.#required++;
      inner.#content(field);
    }
    const keys = out.name('q');
    out.line(`var ${keys} = ${[inner.#required, ...inner.#optional].join(' + ')};`);
    out.line('}');
    this.#optional.push(`(${x} === undefined ? 0 : ${keys})`);
  }

  /** Emits the checks and the writing of a field of variable size. */
  #content({ name, type }: Field): void {
    const x = `${this.#o}[${quote(name)}]`;
    visitType(type, {
      ...scalarCases(noCode),
      bytes: (bytes) => this.#bytes(bytes, x),
      list: (list) => this.#list(list, x),
      struct: noCode,
      variant: noCode,
    });
  }

  #bytes(type: BytesType, x: string): void {
    const out = this.#out;
    const b = out.name('b');
    out.line(`const ${b} = ${x};`);
    out.line(`if (!(${b} instanceof Uint8Array)) return -1;`);
    const padded = type.options.padTo === undefined ? `${b}.length` : `(${b}.length + 3 & -4)`;
    out.line(`if (cap - p < ${padded}) return -1;`);
    out.line(`new Uint8Array(v.buffer, v.byteOffset + p, ${b}.length).set(${b});`);
    out.line(`for (let k = p + ${b}.length; k < p + ${padded}; k++) v.setUint8(k, 0);`);
    out.line(`p += ${padded};`);
  }

  #list(type: ListType, x: string): void {
    const out = this.#out;
    const o = this.#o;
    const { count, headerWords } = type.options;
    const l = out.name('l');
    out.line(`const ${l} = ${x};`);
    out.line(
      `if (!Array.isArray(${l}) || ${l}.length > ${count.max} || cap - p < ${type.sizeMin}) return -1;`,
    );
    out.line(write(count, 'p', `${l}.length`));
    let offset = count.fixedSize as number;
    for (const word of headerWords) {
      const w = out.name('w');
      out.line(`let ${w} = ${o}[${quote(word.name)}];`);
      this.#fixed(new Map(), word, w, `p + ${offset}`);
      offset += word.type.sizeMin;
    }
    out.line(`p += ${offset};`);
    const { selector } = type;
    if (selector !== undefined) {
      const selected = `${o}[${quote(selector.field)}]`;
      for (const [value, entry] of selector.cases) {
        out.line(`if (${selected} === ${value}) {`);
        this.#entries(l, entry);
        out.line('} else');
      }
      out.line('return -1;');
    } else this.#entries(l, type.entry as AnyType);
  }

  #entries(list: string, entry: AnyType): void {
    const out = this.#out;
    const e = out.name('e');
    out.line(`if (cap - p < ${list}.length * ${entry.sizeMin}) return -1;`);
    out.line(`for (let i = 0; i < ${list}.length; i++) {`);
    out.line(`const ${e} = ${list}[i];`);
    if (entry instanceof StructType) {
      out.line(refuseOthers(e));
      new StructEncoder(out, e).struct(entry);
    } else {
      out.line(`if (${misfit(entry, e)}) return -1;`);
      out.line(write(entry, 'p', e));
      out.line(`p += ${entry.fixedSize};`);
    }
    out.line('}');
  }
}
