import type { ByteWriter } from '../../base/byte-writer.js';
import { eachLayout } from '../../codec/compile-decode.js';
import { compile, type Emitter, stores } from '../../codec/emitter.js';
import { StructReader } from '../../codec/struct-reader.js';
import type { AnyType, BytesType, StructType, Values } from '../../wire/index.js';

/**
 * Writes the payload [start, end) of the view as text.
 *
 * @returns where the fields end: less than `end` if there are more bytes. -1, with some bytes written, when the payload does
 *   not decode, or a list is above RM's maximum.
 */
export type PayloadWriter = (
  view: DataView,
  start: number,
  end: number,
  request: Values | undefined,
  writer: ByteWriter,
) => number;

/** Begins a generated function: `d` is the writer's buffer, `m` its size without what `ByteWriter` keeps free, `a` the place of the next byte. */
const BEGIN = 'let d = w.view, m = d.byteLength - 8, a = w.at;';
/** After a call that writes by the writer. */
export const AGAIN = 'd = w.view; m = d.byteLength - 8; a = w.at;';

/** The statement that makes room for so many bytes. */
function roomFor(size: number): string {
  return `if (a + ${size} > m) { w.at = a; w.room(${size}); d = w.view; m = d.byteLength - 8; }`;
}

/** The name of a constant of a generated function. */
export function constantName(index: number): string {
  return `c${index}`;
}

/**
 * Compiles the function that writes payloads of a type.
 *
 * @param parameters names those of `F` behind those of a {@link PayloadWriter}.
 * @param slow is the function where none can be generated.
 * @param broken the statement for payloads that break a rule.
 * @param emit emits what writes the payload of one layout, and returns.
 */
export function compileWriter<F>(
  type: AnyType,
  constants: readonly unknown[],
  parameters: string,
  slow: F,
  broken: string,
  emit: (out: Emitter, layout: StructType) => void,
): F {
  const body = eachLayout(type, broken, emit);
  const names = constants.map((_, index) => constantName(index));
  const source = `const [${names}] = c; const write = (v, p, end, request, w, ${parameters}) => { const first = p, begin = w.at; ${BEGIN}\n${body}\n}; return write;`;
  return compile<(constants: readonly unknown[]) => F>(['c'], source, () => slow)(constants);
}

/** Generates the writing of one struct; see {@link compileWriter} for the variables. */
export abstract class StructWriter extends StructReader {
  /** Text that comes next. It is stored with the value behind it, since one store takes eight bytes. */
  protected text = '';

  constructor(
    out: Emitter,
    protected readonly constants: unknown[],
    broken: string,
  ) {
    super(out, broken);
  }

  /** The expression of a constant. */
  protected constant(value: unknown): string {
    const known = this.constants.indexOf(value);
    return constantName(known < 0 ? this.constants.push(value) - 1 : known);
  }

  /** Bytes of a stretch of stores without loops between, for which room is made once, in front of the first. */
  #stretch: { size: number; readonly fill: (text: string) => void } | undefined;

  /** Makes room for the text that comes next and for `size` bytes more, and stores the text. */
  protected store(size = 0): void {
    const room = this.text.length + size;
    if (room === 0) return;
    const stretch = this.stretch();
    stretch.size += room;
    stretch.fill(roomFor(stretch.size));
    this.flush();
  }

  /** Begins a stretch here unless there is one. To be called in front of code that may be skipped. */
  protected stretch() {
    this.#stretch ??= { size: 0, fill: this.out.gap() };
    return this.#stretch;
  }

  /** Ends the stretch: in front of code that is repeated, and behind code that makes room itself. */
  protected endStretch(): void {
    this.#stretch = undefined;
  }

  /** Stores the text that comes next, where there is room for it. */
  protected flush(): void {
    if (this.text !== '') this.out.line(stores(this.text));
    this.text = '';
  }

  /** Makes room for so many bytes. */
  protected room(size: number): void {
    if (size > 0) this.out.line(roomFor(size));
  }

  /** The condition that bytes are raw, not text. */
  protected isRaw({ options: { encoding } }: BytesType): string {
    if (typeof encoding === 'string') return String(encoding === 'raw');
    const { raw, select } = encoding;
    return raw.map((value) => `${this.variables.get(select)} === ${value}`).join(' || ') || 'false';
  }
}
