import { type ByteWriter, putDecimal } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import { trailingIssue } from '../../codec/index.js';
import { putBytes } from './json-puts.js';
import type { Put } from './puts.js';

// What a step does. The first read a number. Behind the count of a list comes its `LIST` step, behind that the steps of an
// entry, and `NEXT` behind these. `WHEN` skips steps unless a condition holds.
export const U8 = 0;
export const U16 = 1;
export const U24 = 2;
export const U32 = 3;
export const I32 = 4;
export const U64 = 5;
export const BITS = 6;
export const TEXT = 7;
export const BYTES = 8;
export const LIST = 9;
export const NEXT = 10;
export const WHEN = 11;

// What becomes of a number. Reserved words are written unless they are 0.
export const WRITTEN = 0;
export const RESERVED = 1;
export const COUNT = 2;

/** A field that nothing depends on has no register. */
export const NO_REGISTER = -1;

/** Registers that the steps of a layout may use. */
export const REGISTERS_MAX = 64;

/** One field of a payload, or a part of one. All steps are of one class, so that the engine compiles their loop once. */
export class Step {
  /** Where the text in front of the value begins among the words of the layout, how many they are, and its bytes. */
  words = 0;
  wordsEnd = 0;
  textSize = 0;
  /** A comma belongs in front of the text, unless the object has no key yet. */
  isDoubtful = false;
  /** Most bytes that the text and a value of fixed size take. */
  room = 0;
  /** Bytes of the value, and bytes that must be there for it. They differ for fields of some bits. */
  size = 0;
  need = 0;
  /** What becomes of the number. */
  use = WRITTEN as number;
  /** The register of the value. */
  register = NO_REGISTER;
  /** Of bits: where they lie in the byte. Of a condition: those of which one must be set. */
  shift = 0;
  mask = 0;
  put: Put = putDecimal;
  /** The register of the length of bytes, or of the count of a list. */
  length = NO_REGISTER;
  isPadded = false;
  /** The register whose value selects the encoding of bytes, or the entries of a list. */
  select = NO_REGISTER;
  /** The values for which bytes are not text. */
  raw: readonly number[] = [];
  isText = false;
  /** Most entries. */
  max = 0xffff_ffff;
  /** Of a list: bytes from its count to its entries. */
  headSize = 0;
  /** Where the steps of the selected entry begin, and which values select one, for people. */
  entries: ReadonlyMap<number, number> | undefined;
  choice = '';
  /** The register of the entries that are left, where the steps of an entry begin, and where it goes on behind the last one. */
  left = NO_REGISTER;
  first = 0;
  behind = 0;
  /** The list whose entry the field stands in. */
  list: Step | undefined;
  isStruct = false;
  /** The condition holds where bytes are left. */
  isTrailing = false;

  constructor(
    /** What it does. */
    readonly op: number,
    /** Of the field. */
    readonly name: string,
  ) {}
}

/** What writes the payloads of a layout. */
export interface Steps {
  readonly steps: readonly Step[];
  /** The texts of all steps, eight bytes to a number. */
  readonly words: Float64Array;
}

/** Bytes at the end of the buffer that `ByteWriter.room` keeps free. */
const SLACK = 8;
const COMMA = 0x2c;
const OPEN = 0x7b;
const CLOSE = 0x7d;
const OPEN_LIST = 0x5b;
const CLOSE_LIST = 0x5d;

/** Values of fields that others depend on, and of the counters of lists, while a payload is written. */
const registers = new Uint32Array(REGISTERS_MAX);

/**
 * Writes the fields that the steps stand for from the bytes [start, end) of the view, as far as they decode.
 *
 * @param issues gets what is wrong, as `diagnose` says it.
 * @returns where the fields end.
 */
export function writeSteps(
  { steps, words }: Steps,
  view: DataView,
  start: number,
  end: number,
  writer: ByteWriter,
  issues: Issue[],
): number {
  const begin = writer.at;
  let p = start;
  let to = writer.view;
  let a = writer.at;
  let limit = to.byteLength - SLACK;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    const { op, need } = step;
    if (end - p < need) {
      writer.at = a;
      issues.push(stopOf(step, p - start, need, end - p));
      close(step, begin, writer);
      return p;
    }
    if (a + step.room > limit) {
      writer.at = a;
      writer.room(step.room);
      to = writer.view;
      limit = to.byteLength - SLACK;
    }
    let low = 0;
    let high = 0;
    switch (op) {
      case U8:
        low = view.getUint8(p);
        break;
      case U16:
        low = view.getUint16(p, true);
        break;
      case U24:
        low = view.getUint16(p, true) + view.getUint8(p + 2) * 0x1_0000;
        break;
      case U32:
        low = view.getUint32(p, true);
        break;
      case I32:
        low = view.getInt32(p, true);
        break;
      case U64:
        low = view.getUint32(p, true);
        high = view.getUint32(p + 4, true);
        break;
      case BITS:
        low = (view.getUint8(p) >>> step.shift) & step.mask;
        break;
      case NEXT:
        low = (registers[step.left] as number) - 1;
        registers[step.left] = low;
        if (low > 0) {
          to.setUint8(a++, COMMA);
          index = step.first - 1;
        } else {
          to.setUint8(a++, CLOSE_LIST);
          index = step.behind - 1;
        }
        continue;
      case WHEN:
        if (!holds(step, p, end)) index = step.behind - 1;
        continue;
      default:
    }
    if (step.register >= 0) registers[step.register] = low;
    if (step.use !== WRITTEN) {
      if (step.use === COUNT) {
        if (!isKnownEntry(step)) {
          writer.at = a;
          issues.push(stopOf(step, p - start, 0, 0));
          close(step, begin, writer);
          return p;
        }
        p += step.size;
        continue;
      }
      if (low === 0) {
        p += step.size;
        continue;
      }
    }
    const before = a;
    if (step.isDoubtful && to.getUint8(a - 1) !== OPEN) to.setUint8(a++, COMMA);
    const { wordsEnd } = step;
    for (let word = step.words, at = a; word < wordsEnd; word++, at += 8)
      to.setFloat64(at, words[word] as number, true);
    a += step.textSize;
    if (op <= BITS) {
      const { put } = step;
      a = put === putDecimal ? putDecimal(to, a, low) : put(to, a, low, high);
      p += step.size;
    } else if (op === LIST) {
      const count = registers[step.length] as number;
      if (count > step.max) {
        const offset = p - start - step.headSize;
        issues.push({ code: 'max', path: pathOf(step), offset, expected: step.max, actual: count });
      }
      if (count === 0) {
        to.setUint8(a++, CLOSE_LIST);
        index = step.behind - 1;
      } else {
        registers[step.left] = count;
        if (step.entries !== undefined)
          index = (step.entries.get(registers[step.select] as number) as number) - 1;
      }
    } else if (op === BYTES) {
      const length = step.length < 0 ? need : (registers[step.length] as number);
      const size = step.isPadded ? length + (-length & 3) : length;
      if (end - p < size) {
        writer.at = before;
        issues.push(stopOf(step, p - start, size, end - p));
        close(step, begin, writer);
        return p;
      }
      writer.at = a;
      putBytes(view, p, length, isText(step), writer);
      if (size > length) checkPadding(step, view, start, p + length, p + size, issues);
      p += size;
      to = writer.view;
      limit = to.byteLength - SLACK;
      a = writer.at;
    }
  }
  writer.at = a;
  if (p < end) issues.push(trailingIssue(p - start, end - start));
  return p;
}

function holds({ register, mask, isTrailing }: Step, p: number, end: number): boolean {
  return (register < 0 || ((registers[register] as number) & mask) !== 0) && (!isTrailing || p < end);
}

/** False where the entries of a list are selected by a value for which there are none. */
function isKnownEntry({ entries, select }: Step): boolean {
  return entries === undefined || entries.has(registers[select] as number);
}

function isText({ select, isText, raw }: Step): boolean {
  return select < 0 ? isText : !raw.includes(registers[select] as number);
}

function checkPadding(
  step: Step,
  view: DataView,
  start: number,
  from: number,
  to: number,
  issues: Issue[],
): void {
  for (let at = from; at < to; at++) {
    const actual = view.getUint8(at);
    if (actual === 0) continue;
    issues.push({ code: 'padding', path: pathOf(step), offset: at - start, expected: 0, actual });
    return;
  }
}

/** Why it does not go on: the entries of the list are not known, which is asked first, or bytes are missing. */
function stopOf(step: Step, offset: number, expected: number, actual: number): Issue {
  const path = pathOf(step);
  if (isKnownEntry(step)) return { code: 'truncated', path, offset, expected, actual };
  return { code: 'choice', path, offset, expected: step.choice, actual: registers[step.select] as number };
}

function pathOf(step: Step): string {
  let path = step.name;
  for (let outer = step.list; outer !== undefined; outer = outer.list) {
    const index = (registers[outer.length] as number) - (registers[outer.left] as number);
    path = `${outer.name}[${index}]${outer.isStruct ? `.${path}` : ''}`;
  }
  return path;
}

/**
 * Closes what has been begun where a field does not decode. An entry of a list without any field is left out. Behind a
 * whole value there is never a comma or an opening bracket, so that the last byte tells.
 */
function close(step: Step, begin: number, writer: ByteWriter): void {
  for (let outer = step.list; outer !== undefined; outer = outer.list) {
    const isOpen = last(writer) === OPEN;
    if (isOpen) writer.at--;
    if (last(writer) === COMMA) writer.at--;
    else if (!isOpen && outer.isStruct && last(writer) !== OPEN_LIST) put(writer, CLOSE);
    put(writer, CLOSE_LIST);
  }
  if (writer.at === begin) put(writer, OPEN);
  put(writer, CLOSE);
}

function last({ bytes, at }: ByteWriter): number {
  return bytes[at - 1] as number;
}

function put(writer: ByteWriter, byte: number): void {
  writer.room(1);
  writer.view.setUint8(writer.at++, byte);
}
