import { WireError } from '../base/error.js';
import {
  type AnyType,
  type Field,
  StructType,
  stopped,
  type Values,
  VariantType,
  visitType,
} from '../wire/index.js';
import { compile, Emitter, functionText, quote } from './emitter.js';
import { decodePlain } from './plain.js';
import { copyOf, reads, StructCheck, StructReader } from './struct-reader.js';

/** Decodes [start, end) of the view; undefined when a rule is broken, or a list is above RM's maximum. */
export type FastDecode = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
) => Values | undefined;

/** Whether [start, end) of the view decodes, and no list is above RM's maximum. */
export type FastCheck = (view: DataView, start: number, end: number, request: Values | undefined) => boolean;

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

/**
 * Generates the check of a struct. `decode` is asked where functions cannot be generated. Of a fixed size any bytes decode, so
 * that nothing is generated for most layouts.
 */
export function compileCheck(type: AnyType, decode: FastDecode): FastCheck {
  const { fixedSize } = type;
  if (fixedSize !== undefined) return (_view, start, end) => end - start === fixedSize;
  const slow: FastCheck = (...payload) => decode(...payload) !== undefined;
  return compile(parameters, checkSource(type), slow);
}

const parameters = ['v', 'p', 'end', 'request'];

/** The texts of the functions that {@link compileDecode} and {@link compileCheck} generate, for {@link provideBuilt}. */
export function decodeFunctions(type: AnyType): string[] {
  const sources =
    type.fixedSize === undefined ? [decodeSource(type), checkSource(type)] : [decodeSource(type)];
  return sources.map((source) => functionText(parameters, source));
}

/** The source of the function that {@link compileDecode} generates. */
export function decodeSource(type: AnyType): string {
  return eachLayout(type, 'return undefined;', (out, layout) => {
    if (layout.mayBeEmpty) out.line('if (p >= end) return {};');
    const value = new StructDecoder(out, 'return undefined;').struct(layout);
    out.line(`return p === end ? ${value} : undefined;`);
  });
}

function checkSource(type: AnyType): string {
  return eachLayout(type, 'return false;', (out, layout) => {
    if (layout.mayBeEmpty) out.line('if (p >= end) return true;');
    StructCheck.emit(out, layout, 'return false;');
    out.line('return p === end;');
  });
}

/** Source that goes through a whole payload, bytes behind it refused: for each layout that its request can choose. */
export function eachLayout(
  type: AnyType,
  broken: string,
  emit: (out: Emitter, layout: StructType) => void,
): string {
  const out = new Emitter();
  if (type instanceof VariantType) {
    for (const [value, layout] of type.cases) {
      out.line(`if (request !== undefined && request[${quote(type.field)}] === ${value}) {`);
      emit(out, layout);
      out.line('}');
    }
    out.line(broken);
  } else if (type instanceof StructType) emit(out, type);
  return out.source;
}

/** Generates the decoding of one struct into an object literal; reserved words that are not zero are added to it. */
class StructDecoder extends StructReader {
  readonly #keys: string[] = [];
  /** Key and variable of optional fields. The variable is undefined if the field is missing. */
  readonly #maybe: [string, string][] = [];
  /** Key and variable of reserved words, which are in the value only if they are not zero. */
  readonly #words: [string, string][] = [];
  #list = '';

  /** Emits the reading of all fields; returns the variable that holds the value. `p` ends behind the struct. */
  struct(type: StructType): string {
    this.read(type);
    const { out } = this;
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
      out.line(`if (${variable} !== undefined && ${variable} !== 0) ${value}[${quote(name)}] = ${variable};`);
    }
    return value;
  }

  protected override fork(out: Emitter): StructDecoder {
    return new StructDecoder(out, this.broken);
  }

  protected override word({ name, type }: Field, at: string): void {
    const variable = this.out.name('f');
    this.out.line(`const ${variable} = ${visitType(type, reads, at)};`);
    this.#key(name, type, variable);
  }

  protected override bytes({ name, type }: Field, length: string): void {
    const variable = this.out.name('b');
    this.out.line(`const ${variable} = ${copyOf('p', length)};`);
    this.#key(name, type, variable);
  }

  protected override listBegins({ name, type }: Field, n: string): void {
    this.#list = this.out.name('l');
    this.out.line(`let ${this.#list};`);
    this.#count = n;
    this.#key(name, type, this.#list);
  }

  #count = '';

  protected override entries(n: string, entry: AnyType): void {
    this.out.line(`${this.#list} = new Array(${this.#count});`);
    super.entries(n, entry);
  }

  protected override listEntry(entry: AnyType): void {
    const { out } = this;
    if (entry instanceof StructType) {
      const value = new StructDecoder(out, this.broken).struct(entry);
      out.line(`${this.#list}[i] = ${value};`);
    } else {
      out.line(`${this.#list}[i] = ${visitType(entry, reads, 'p')};`);
      out.line(`p += ${entry.fixedSize};`);
    }
  }

  protected override listEnds(): void {}

  protected override optional({ name }: Field, inner: StructDecoder): void {
    // The list is the last of its keys, but must be tested first.
    for (const key of [name, ...[...inner.#named].filter((other) => other !== name)]) {
      const variable = this.variables.get(key) as string;
      if (inner.#words.some(([word]) => word === key)) this.#words.push([key, variable]);
      else this.#maybe.push([key, variable]);
    }
  }

  readonly #named = new Set<string>();

  #key(name: string, type: AnyType, variable: string): void {
    this.#named.add(name);
    this.variables.set(name, variable);
    if (type.kind === 'reserved') this.#words.push([name, variable]);
    else this.#keys.push(`${quote(name)}: ${variable}`);
  }
}
