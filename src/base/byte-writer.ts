/** Texts of 0..999 as bytes: three digits and how many of them count, in one word. */
const shortDecimals = Uint32Array.from({ length: 1000 }, (_, value) => {
  const text = String(value);
  let word = text.length << 24;
  for (let at = 0; at < text.length; at++) word |= text.charCodeAt(at) << (8 * at);
  return word;
});
const hexDigits = Uint8Array.from('0123456789abcdef', (digit) => digit.charCodeAt(0));
const encoder = new TextEncoder();
const ZERO = 0x30;

/**
 * Text as UTF-8 bytes in one growing buffer, without strings between. Who writes more than a few bytes makes room first;
 * `at` may be set back to drop what was written last.
 */
export class ByteWriter {
  /** The buffer. Another one after `room` has made it larger. */
  bytes: Uint8Array;
  /** Where the next byte goes: what was written is [0, at). */
  at = 0;

  /** @param capacity bytes, to begin with. */
  constructor(capacity: number) {
    this.bytes = new Uint8Array(capacity);
  }

  /** Makes room for so many more bytes. @returns the buffer. */
  room(size: number): Uint8Array {
    if (this.at + size > this.bytes.length) {
      const grown = new Uint8Array(Math.max(this.at + size, 2 * this.bytes.length));
      grown.set(this.bytes.subarray(0, this.at));
      this.bytes = grown;
    }
    return this.bytes;
  }

  /** Any text. Lone surrogates become U+FFFD. */
  text(text: string): void {
    // A UTF-16 unit takes at most three bytes in UTF-8.
    const bytes = this.room(3 * text.length);
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

  /** Bytes as they are. */
  copy(from: Uint8Array): void {
    const bytes = this.room(from.length);
    const at = this.at;
    if (from.length > 64) bytes.set(from, at);
    else for (let index = 0; index < from.length; index++) bytes[at + index] = from[index] as number;
    this.at = at + from.length;
  }

  /** An integer, as String(value). */
  decimal(value: number): void {
    this.at = putDecimal(this.room(24), this.at, value);
  }

  /** Lower-case hex of bytes [start, end). */
  hex(from: Uint8Array, start: number, end: number): void {
    const bytes = this.room(2 * (end - start));
    let at = this.at;
    for (let index = start; index < end; index++) {
      const byte = from[index] as number;
      bytes[at++] = hexDigits[byte >>> 4] as number;
      bytes[at++] = hexDigits[byte & 15] as number;
    }
    this.at = at;
  }
}

/** Writes an integer at `at`, as String(value), where there is room for 24 bytes. @returns where it ends. */
export function putDecimal(bytes: Uint8Array, at: number, value: number): number {
  if (value >= 0 && value < 1000 && Number.isInteger(value)) {
    const word = shortDecimals[value] as number;
    bytes[at] = word;
    bytes[at + 1] = word >>> 8;
    bytes[at + 2] = word >>> 16;
    return at + (word >>> 24);
  }
  return value >= 0 && value <= 0xffffffff && Number.isInteger(value)
    ? putLong(bytes, at, value)
    : putText(bytes, at, String(value));
}

/** 1000..2^32-1. */
function putLong(bytes: Uint8Array, at: number, value: number): number {
  const upper = Math.floor(value / 1000);
  const end = putDecimal(bytes, at, upper);
  return putThreeDigits(bytes, end, value - 1000 * upper);
}

function putText(bytes: Uint8Array, at: number, text: string): number {
  for (let index = 0; index < text.length; index++) bytes[at + index] = text.charCodeAt(index);
  return at + text.length;
}

/** Writes 0..999 with leading zeros. @returns where it ends. */
function putThreeDigits(bytes: Uint8Array, at: number, value: number): number {
  const tens = (value / 10) | 0;
  const hundreds = (value / 100) | 0;
  bytes[at] = ZERO + hundreds;
  bytes[at + 1] = ZERO + tens - 10 * hundreds;
  bytes[at + 2] = ZERO + value - 10 * tens;
  return at + 3;
}

/** Writes 0..999999999 with nine digits. @returns where it ends. */
export function putNineDigits(bytes: Uint8Array, at: number, value: number): number {
  const thousands = (value / 1000) | 0;
  const millions = (value / 1_000_000) | 0;
  const middle = putThreeDigits(bytes, putThreeDigits(bytes, at, millions), thousands - 1000 * millions);
  return putThreeDigits(bytes, middle, value - 1000 * thousands);
}

/** Writes `0x` and the digits of a u64 given as its halves, without leading zeros. @returns where it ends. */
export function putHexU64(bytes: Uint8Array, at: number, high: number, low: number): number {
  bytes[at] = ZERO;
  bytes[at + 1] = 0x78;
  if (high === 0) return putHexWord(bytes, at + 2, low, 28 - (Math.clz32(low | 1) & ~3));
  const middle = putHexWord(bytes, at + 2, high, 28 - (Math.clz32(high) & ~3));
  return putHexWord(bytes, middle, low, 28);
}

/** The digits of a word, from the one at bit `shift` on. */
function putHexWord(bytes: Uint8Array, at: number, word: number, shift: number): number {
  let to = at;
  for (let left = shift; left >= 0; left -= 4) bytes[to++] = hexDigits[(word >>> left) & 15] as number;
  return to;
}
