import { jsonText } from './json.js';

const encoder = new TextEncoder();
const little = true;
const ZERO = 0x30;
const QUOTE = 0x22;
const BACKSLASH = 0x5c;
/** Behind two characters of a word. */
const SPACE_BEHIND = 0x200000;

/** Digits of 0..999 as bytes of a word, the first in the lowest byte. */
const threeDigits = Int32Array.from({ length: 1000 }, (_, value) => wordOf(String(value).padStart(3, '0')));
/** The same without leading zeros. The top byte tells how many there are. */
const shortDecimals = Int32Array.from({ length: 1000 }, (_, value) => {
  const text = String(value);
  return wordOf(text) | (text.length << 24);
});
/** The two hex digits of a byte. */
const hexPairs = Int32Array.from({ length: 256 }, (_, byte) => wordOf(byte.toString(16).padStart(2, '0')));

function wordOf(text: string): number {
  return Array.from(text).reduce((word, char, index) => word | (char.charCodeAt(0) << (8 * index)), 0);
}

/**
 * Bytes behind the room that was asked for, which may be written too. Texts are stored eight bytes at a time, and what
 * comes next overwrites the end of the last eight.
 */
const SLACK = 8;

/** Where writers have their buffers from. */
export interface Buffers {
  /** A buffer of at least so many bytes, with any contents. */
  take(size: number): ArrayBufferLike;
  give(buffer: ArrayBufferLike): void;
}

const newBuffers: Buffers = { take: (size) => new ArrayBuffer(size), give: () => {} };

/**
 * Text as UTF-8 bytes in one growing buffer, without strings between. Who writes more than a few bytes makes room first;
 * `at` may be set back to drop what was written last.
 */
export class ByteWriter {
  /** The buffer. Another one after `room` has made it larger. */
  bytes: Uint8Array;
  /** Covers exactly `bytes`. */
  view: DataView;
  /** Where the next byte goes: what was written is [0, at). */
  at = 0;

  readonly #buffers: Buffers;

  /** @param capacity bytes, to begin with. */
  constructor(capacity: number, buffers = newBuffers) {
    this.#buffers = buffers;
    this.bytes = new Uint8Array(buffers.take(capacity + SLACK));
    this.view = new DataView(this.bytes.buffer);
  }

  /** Makes room for so many more bytes, and some. */
  room(size: number): void {
    if (this.at + size + SLACK > this.bytes.length) {
      const least = Math.max(this.at + size + SLACK, 2 * this.bytes.length);
      const grown = new Uint8Array(this.#buffers.take(least));
      grown.set(this.bytes.subarray(0, this.at));
      this.#buffers.give(this.bytes.buffer);
      this.#use(grown);
    }
  }

  /** Drops what was written, and gives the buffer back. */
  release(): void {
    this.#buffers.give(this.bytes.buffer);
    this.at = 0;
    this.#use(new Uint8Array(0));
  }

  #use(bytes: Uint8Array): void {
    this.bytes = bytes;
    this.view = new DataView(bytes.buffer);
  }

  /** Any text. Lone surrogates become U+FFFD. */
  text(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    this.room(3 * text.length);
    const { bytes } = this;
    if (text.length > 24) {
      this.at += encoder.encodeInto(text, bytes.subarray(this.at)).written;
      return;
    }
    let at = this.at;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code > 0x7f) {
        this.at += encoder.encodeInto(text, bytes.subarray(this.at)).written;
        return;
      }
      bytes[at++] = code;
    }
    this.at = at;
  }

  /** A string as JSON text, as `jsonText` writes it. */
  json(text: string): void {
    this.room(text.length + 2);
    const { bytes } = this;
    let { at } = this;
    bytes[at++] = QUOTE;
    for (let index = 0; index < text.length; index++) {
      const code = text.charCodeAt(index);
      if (code < 0x20 || code > 0x7e || code === QUOTE || code === BACKSLASH) {
        this.text(jsonText(text));
        return;
      }
      bytes[at++] = code;
    }
    bytes[at++] = QUOTE;
    this.at = at;
  }

  /** Bytes as they are. */
  copy(from: Uint8Array): void {
    this.room(from.length);
    const { bytes, at } = this;
    // Calling `set` takes as long as this loop for some bytes.
    if (from.length > 24) bytes.set(from, at);
    else for (let index = 0; index < from.length; index++) bytes[at + index] = from[index] as number;
    this.at = at + from.length;
  }

  prepared(text: PreparedText): void {
    this.room(text.size);
    this.at = putPrepared(this.view, this.at, text);
  }

  /** An integer, as String(value). */
  decimal(value: number): void {
    this.room(24);
    this.at = putDecimal(this.view, this.at, value);
  }

  /** Lower-case hex of bytes [start, end). */
  hex(from: Uint8Array, start: number, end: number): void {
    this.room(2 * (end - start));
    const { view } = this;
    let { at } = this;
    let index = start;
    for (; index + 2 <= end; index += 2, at += 4) {
      const first = hexPairs[from[index] as number] as number;
      view.setInt32(at, first | ((hexPairs[from[index + 1] as number] as number) << 16), little);
    }
    if (index < end) view.setInt16(at, hexPairs[from[index] as number] as number, little);
    this.at += 2 * (end - start);
  }

  /** The same with a space between two bytes. */
  spacedHex(from: Uint8Array, start: number, end: number): void {
    this.room(3 * (end - start));
    const { view } = this;
    let { at } = this;
    for (let index = start; index < end; index++, at += 3)
      view.setInt32(at, (hexPairs[from[index] as number] as number) | SPACE_BEHIND, little);
    this.at = start < end ? at - 1 : at;
  }
}

/**
 * A text that is written often. Eight bytes are one number, because engines store a number at any place of a DataView in
 * the time that a single byte takes.
 */
export interface PreparedText {
  /** The bytes, eight to a number, the last filled up with zeros. */
  readonly words: Float64Array;
  /** Bytes. */
  readonly size: number;
}

/** @throws RangeError for a text that is not ASCII: as numbers other bytes could be changed. */
export function preparedText(text: string): PreparedText {
  const { length } = text;
  const view = new DataView(new ArrayBuffer((length + 7) & ~7));
  for (let index = 0; index < length; index++) {
    const code = text.charCodeAt(index);
    if (code > 0x7e) throw new RangeError('a prepared text is ASCII');
    view.setUint8(index, code);
  }
  const words = new Float64Array(view.byteLength / 8);
  for (let index = 0; index < words.length; index++) words[index] = view.getFloat64(8 * index, little);
  return { words, size: length };
}

/** Writes a prepared text at `at`, where there is {@link ByteWriter.room} for it. @returns where it ends. */
export function putPrepared(view: DataView, at: number, { words, size }: PreparedText): number {
  for (let index = 0; index < words.length; index++)
    view.setFloat64(at + 8 * index, words[index] as number, little);
  return at + size;
}

/** Writes an integer at `at`, as String(value), where there is room for 24 bytes. @returns where it ends. */
export function putDecimal(view: DataView, at: number, value: number): number {
  // The engine divides an unsigned word by a constant with a multiplication, which a double is not.
  const word = value >>> 0;
  if (word !== value) return putAscii(view, at, String(value));
  return word < 1000 ? putShort(view, at, word) : putLong(view, at, word);
}

const SPACES = preparedText(' '.repeat(8)).words[0] as number;

/** The same with spaces in front, as String(value).padStart(7). */
export function putPadded7(view: DataView, at: number, value: number): number {
  if (value >= 10_000_000) return putDecimal(view, at, value);
  if (value < 0) return putAscii(view, at, String(value).padStart(7));
  view.setFloat64(at, SPACES, little);
  let digits = 1;
  for (let bound = 10; value >= bound; bound *= 10) digits++;
  return putDecimal(view, at + 7 - digits, value);
}

function putShort(view: DataView, at: number, value: number): number {
  const word = shortDecimals[value] as number;
  view.setInt32(at, word, little);
  return at + (word >>> 24);
}

/** 1000..2^32-1. */
function putLong(view: DataView, at: number, value: number): number {
  const thousands = (value / 1000) >>> 0;
  const rest = value - 1000 * thousands;
  if (thousands < 1000) return putThreeDigits(view, putShort(view, at, thousands), rest);
  const millions = (thousands / 1000) >>> 0;
  const start =
    millions < 1000
      ? putShort(view, at, millions)
      : putThreeDigits(view, putShort(view, at, (millions / 1000) >>> 0), millions % 1000);
  return putThreeDigits(view, putThreeDigits(view, start, thousands - 1000 * millions), rest);
}

/** Writes a short text of ASCII at `at`, where there is room for it. @returns where it ends. */
export function putAscii(view: DataView, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) view.setUint8(at + index, text.charCodeAt(index));
  return at + text.length;
}

/** Writes 0..999 with leading zeros. @returns where it ends. */
export function putThreeDigits(view: DataView, at: number, value: number): number {
  view.setInt32(at, threeDigits[value] as number, little);
  return at + 3;
}

/** Writes 0..999999999 with nine digits. @returns where it ends. */
export function putNineDigits(view: DataView, at: number, value: number): number {
  const thousands = (value / 1000) | 0;
  const millions = (value / 1_000_000) | 0;
  const middle = putThreeDigits(view, putThreeDigits(view, at, millions), thousands - 1000 * millions);
  return putThreeDigits(view, middle, value - 1000 * thousands);
}

/** Writes `0x` and the digits of a u64 given as its halves, without leading zeros. @returns where it ends. */
export function putHexU64(view: DataView, at: number, high: number, low: number): number {
  view.setInt16(at, ZERO | (0x78 << 8), little);
  if (high === 0) return putHexU32(view, at + 2, low);
  const digits = 8 - (Math.clz32(high) >>> 2);
  const shift = 32 - 4 * digits;
  const upper = shift === 0 ? high : (high << shift) | (low >>> (32 - shift));
  putHexWord(view, at + 2, upper);
  putHexWord(view, at + 10, low << shift);
  return at + 10 + digits;
}

/** Writes the digits of a u32 without leading zeros. @returns where it ends. */
export function putHexU32(view: DataView, at: number, value: number): number {
  const digits = 8 - (Math.clz32(value | 1) >>> 2);
  putHexWord(view, at, value << (32 - 4 * digits));
  return at + digits;
}

/** The eight digits of a word. */
function putHexWord(view: DataView, at: number, word: number): void {
  const first = (hexPairs[word >>> 24] as number) | ((hexPairs[(word >>> 16) & 255] as number) << 16);
  const second = (hexPairs[(word >>> 8) & 255] as number) | ((hexPairs[word & 255] as number) << 16);
  view.setInt32(at, first, little);
  view.setInt32(at + 4, second, little);
}
