import { type ByteWriter, putDecimal } from '../../base/byte-writer.js';
import type { Cut } from './cut.js';
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
  /** Where the steps of the selected entry begin. */
  entries: ReadonlyMap<number, number> | undefined;
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

/** The payload breaks a rule. */
export const BROKEN = -1;
/** The payload ends in the middle of a field. */
export const CUT = -2;

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
 * Writes the fields that the steps stand for from the bytes [start, end) of the view.
 *
 * @returns where the fields end, {@link BROKEN} with a part written, or {@link CUT} with the fields before and `cut` filled in.
 */
export function writeSteps(
  { steps, words }: Steps,
  view: DataView,
  start: number,
  end: number,
  writer: ByteWriter,
  cut: Cut,
): number {
  let p = start;
  let to = writer.view;
  let a = writer.at;
  let limit = to.byteLength - SLACK;
  for (let index = 0; index < steps.length; index++) {
    const step = steps[index] as Step;
    const { op, need } = step;
    if (end - p < need) {
      writer.at = a;
      return cutAt(step, p, need, end, writer, cut);
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
        if (low > step.max) return BROKEN;
        if (!isKnownEntry(step)) return BROKEN;
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
        return cutAt(step, p, size, end, writer, cut);
      }
      writer.at = a;
      if (!writeBytes(step, view, p, length, size, writer)) return BROKEN;
      p += size;
      to = writer.view;
      limit = to.byteLength - SLACK;
      a = writer.at;
    }
  }
  writer.at = a;
  return p;
}

function holds({ register, mask, isTrailing }: Step, p: number, end: number): boolean {
  return (register < 0 || ((registers[register] as number) & mask) !== 0) && (!isTrailing || p < end);
}

/** False where the entries of a list are selected by a value for which there are none. */
function isKnownEntry({ entries, select }: Step): boolean {
  return entries === undefined || entries.has(registers[select] as number);
}

/** Writes bytes, behind which there is padding up to `size`. False, and nothing written, if that is not zero. */
function writeBytes(
  step: Step,
  view: DataView,
  start: number,
  length: number,
  size: number,
  writer: ByteWriter,
): boolean {
  for (let at = start + length; at < start + size; at++) if (view.getUint8(at) !== 0) return false;
  const isText = step.select < 0 ? step.isText : !step.raw.includes(registers[step.select] as number);
  putBytes(view, start, length, isText, writer);
  return true;
}

/**
 * Fills `cut` in, and closes what has been begun. An entry of a list without any field is left out. Behind a whole value
 * there is never a comma or an opening bracket, so that the last byte tells.
 *
 * @returns {@link CUT}; or {@link BROKEN}, with nothing filled in, where the count of a list is cut whose entries are
 *   unknown: the issue is then the value that selects them.
 */
function cutAt(step: Step, p: number, expected: number, end: number, writer: ByteWriter, cut: Cut): number {
  if (!isKnownEntry(step)) return BROKEN;
  let path = step.name;
  for (let outer = step.list; outer !== undefined; outer = outer.list) {
    const index = (registers[outer.length] as number) - (registers[outer.left] as number);
    path = `${outer.name}[${index}]${outer.isStruct ? `.${path}` : ''}`;
    const isOpen = last(writer) === OPEN;
    if (isOpen) writer.at--;
    if (last(writer) === COMMA) writer.at--;
    else if (!isOpen && outer.isStruct && last(writer) !== OPEN_LIST) put(writer, CLOSE);
    put(writer, CLOSE_LIST);
  }
  cut.path = path;
  cut.offset = p;
  cut.expected = expected;
  cut.actual = end - p;
  return CUT;
}

function last({ bytes, at }: ByteWriter): number {
  return bytes[at - 1] as number;
}

function put(writer: ByteWriter, byte: number): void {
  writer.room(1);
  writer.view.setUint8(writer.at++, byte);
}
