const EMPTY = new Uint8Array(0);

/** A line of a trace as it lies in the input: bytes [start, end) of `data`, valid while the line is read. */
export class Line {
  data: Uint8Array = EMPTY;
  start = 0;
  end = 0;
  #text: string | undefined;
  /** Memory for lines that are given as text. */
  #own: Uint8Array = EMPTY;

  static of(text: string): Line {
    const line = new Line();
    line.setText(text);
    return line;
  }

  /** Takes a line that is given as text, without the escape sequences of terminals. */
  setText(text: string): void {
    const room = text.length * 3;
    if (this.#own.length < room) this.#own = new Uint8Array(room * 2);
    const { written } = utf8Encoder.encodeInto(text, this.#own);
    this.setPlain(this.#own, 0, written);
    if (this.end === written) this.#text = text;
  }

  set(data: Uint8Array, start: number, end: number): void {
    this.data = data;
    this.start = start;
    this.end = end;
    this.#text = undefined;
  }

  /** As `set`, without the escape sequences of terminals, which dmesg and logcat use for colours. */
  setPlain(data: Uint8Array, start: number, end: number): void {
    let first = start;
    while (first < end && data[first] !== ESCAPE) first++;
    if (first === end) {
      this.set(data, start, end);
      return;
    }
    if (this.#own.length < end - start) this.#own = new Uint8Array((end - start) * 2);
    const own = this.#own;
    let length = 0;
    for (let at = start; at < end; ) {
      const next =
        data[at] === ESCAPE && data[at + 1] === code.openSquare ? sequenceEnd(data, at + 2, end) : at;
      if (next === at) own[length++] = data[at++] as number;
      else at = next;
    }
    this.set(own, 0, length);
  }

  get length(): number {
    return this.end - this.start;
  }

  /** The line as text, which costs more than all that most lines are asked for. */
  get text(): string {
    this.#text ??= utf8.decode(this.data.subarray(this.start, this.end));
    return this.#text;
  }
}

export const ESCAPE = 0x1b;

/** The index behind the numbers and the letter of an escape sequence. */
function sequenceEnd(data: Uint8Array, start: number, end: number): number {
  let at = start;
  while (at < end && (data[at] as number) >= code.zero && (data[at] as number) < SEQUENCE_LETTERS) at++;
  return Math.min(at + 1, end);
}

/** From here on a character ends an escape sequence; below it are digits and semicolons. */
const SEQUENCE_LETTERS = 0x40;

const utf8 = new TextDecoder();
const utf8Encoder = new TextEncoder();

/** Characters of a short part of a line, each byte one. */
export function latin1(data: Uint8Array, start: number, end: number): string {
  return String.fromCharCode.apply(null, data.subarray(start, end) as unknown as number[]);
}

export const code = {
  space: 0x20,
  hash: 0x23,
  open: 0x28,
  close: 0x29,
  comma: 0x2c,
  minus: 0x2d,
  dot: 0x2e,
  zero: 0x30,
  nine: 0x39,
  colon: 0x3a,
  equals: 0x3d,
  openSquare: 0x5b,
  backslash: 0x5c,
  closeSquare: 0x5d,
  underscore: 0x5f,
  x: 0x78,
  openBrace: 0x7b,
  closeBrace: 0x7d,
} as const;

/** Value of a hex digit by its character code, else -1. */
export const hexDigits: Readonly<Int8Array> = Int8Array.from({ length: 256 }, (_, char) => {
  if (char >= 0x30 && char <= 0x39) return char - 0x30;
  const lower = char | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
});

/** 1 for letters, digits and the underscore. */
export const wordChars: Readonly<Uint8Array> = Uint8Array.from({ length: 256 }, (_, char) =>
  /\w/.test(String.fromCharCode(char)) ? 1 : 0,
);

export function isDigit(char: number): boolean {
  return char >= code.zero && char <= code.nine;
}

/** Whether the bytes at `at` are those of an ASCII text. */
export function isAt(data: Uint8Array, at: number, text: string): boolean {
  for (let index = 0; index < text.length; index++)
    if (data[at + index] !== text.charCodeAt(index)) return false;
  return true;
}

/** Names that come on line after line, such as tasks and queues: what was made of a name stays with its bytes. */
export class Names<T = string> {
  readonly #make: (text: string) => T;
  readonly #slots: { readonly bytes: Uint8Array; readonly value: T }[] = [];

  /** @param make what is kept of a name; it may be made again for the same name. */
  constructor(make: (text: string) => T) {
    this.#make = make;
  }

  get(data: Uint8Array, start: number, end: number): T {
    const length = end - start;
    let hash = length;
    for (let at = Math.max(start, end - HASHED); at < end; at++)
      hash = (hash * 31 + (data[at] as number)) | 0;
    const slot = hash & (SLOTS - 1);
    const known = this.#slots[slot];
    if (known !== undefined && known.bytes.length === length) {
      let index = 0;
      while (index < length && known.bytes[index] === data[start + index]) index++;
      if (index === length) return known.value;
    }
    const bytes = data.slice(start, end);
    const value = this.#make(latin1(bytes, 0, length));
    this.#slots[slot] = { bytes, value };
    return value;
  }
}

/** The name of a queue: its capability ID in hex, whatever radix the trace has. Other names stay. */
export function queueName(text: string): string {
  if (DECIMAL.test(text)) return `0x${BigInt.asUintN(64, BigInt(text)).toString(16)}`;
  return HEX.test(text) ? `0x${text}` : text;
}

const DECIMAL = /^-?\d{1,20}$/;
/** Longer than any word, and with a letter, which a decimal number has not. */
const HEX = /^(?=.*[a-f])[0-9a-f]{9,16}$/;

/** Power of two. */
const SLOTS = 64;
/** Characters at the end of a name that choose its slot. */
const HASHED = 6;

/** Memory for the bytes of messages: one piece for many, since each piece by itself costs more than its copy. */
export class Slab {
  #data = new Uint8Array(0);
  #used = 0;

  /** `length` bytes, at most SLAB_SIZE, of value 0. */
  room(length: number): Uint8Array {
    if (this.#used + length > this.#data.length) {
      this.#data = new Uint8Array(SLAB_SIZE);
      this.#used = 0;
    }
    this.#used += length;
    return this.#data.subarray(this.#used - length, this.#used);
  }

  /** A copy of the first `length` bytes of `source`. */
  copy(source: Uint8Array, length: number): Uint8Array {
    const bytes = this.room(length);
    for (let at = 0; at < length; at++) bytes[at] = source[at] as number;
    return bytes;
  }
}

const SLAB_SIZE = 16 * 1024;
