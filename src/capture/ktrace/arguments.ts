import { QUEUE_MESSAGE_MAX } from './message.js';

/** The fetched arguments of a trace event, as its line prints them: `name=value` pairs, arrays in braces. */
export interface EventArguments {
  /** `capid` or `desc`: the queue, as printed. */
  queue: string | undefined;
  /** `size` or `len` in bytes. */
  size: number | undefined;
  /** `ret`. */
  result: number | undefined;
  /** `buf` and `lenp`, where a receive puts message and length. */
  buffers: string;
}

/** How many elements the array `data` of a probe has: the same on all its lines, known after the first whole one. */
export interface ArrayShape {
  elements: number | undefined;
}

/** Elements of an array, or scalars, that cover the 240 bytes of a queue message exactly: their width in bytes. */
const WIDTH_BY_COUNT = new Map([
  [30, 8],
  [60, 4],
  [120, 2],
  [240, 1],
]);

const SPACE = 0x20;
const COMMA = 0x2c;
const OPEN_BRACE = 0x7b;
const CLOSE_BRACE = 0x7d;
const X = 0x78;

/** Reads the arguments of lines, one line after the other; what it found of the last one stays until the next. */
export class ArgumentReader implements EventArguments {
  queue: string | undefined;
  size: number | undefined;
  result: number | undefined;
  buffers = '';
  /** Words of the arguments `data` or `d0`, `d1`, …: low and high half. */
  readonly #low = new Uint32Array(QUEUE_MESSAGE_MAX);
  readonly #high = new Uint32Array(QUEUE_MESSAGE_MAX);
  #count = 0;
  /** Digits of the longest hexadecimal word. */
  #digits = 0;
  #hasData = false;
  /** The words are bytes, whatever their number: `trace-cmd report -R`. */
  #isRaw = false;
  #shape: ArrayShape = { elements: undefined };

  /** Reads `line` from index `start` on. @param shape of the probe that printed it; is filled in. */
  read(line: string, start: number, shape: ArrayShape): void {
    this.#shape = shape;
    this.queue = undefined;
    this.size = undefined;
    this.result = undefined;
    this.buffers = '';
    this.#count = 0;
    this.#digits = 0;
    this.#hasData = false;
    this.#isRaw = false;
    let at = start;
    while (at < line.length) {
      if (line.charCodeAt(at) === SPACE) {
        at++;
        continue;
      }
      const equals = line.indexOf('=', at);
      if (equals < 0) return;
      at = this.#argument(line, line.slice(line.lastIndexOf(' ', equals) + 1, equals), equals + 1);
    }
  }

  /**
   * The first bytes of the message, at most `size`; undefined when the line prints none. Fewer when the line was cut
   * or the probe fetched less.
   */
  bytes(size: number): Uint8Array | undefined {
    if (!this.#hasData) return undefined;
    const width = this.#isRaw ? 1 : (WIDTH_BY_COUNT.get(this.#count) ?? widthOf(this.#digits));
    const bytes = new Uint8Array(Math.min(size, this.#count * width));
    for (let word = 0, at = 0; at < bytes.length; word++) {
      let low = this.#low[word] as number;
      for (let index = 0; index < width && at < bytes.length; index++, at++) {
        if (index === 4) low = this.#high[word] as number;
        bytes[at] = low & 0xff;
        low >>>= 8;
      }
    }
    return bytes;
  }

  /** @returns the index behind the value. */
  #argument(line: string, name: string, start: number): number {
    switch (name) {
      case 'data':
        return line.charCodeAt(start) === OPEN_BRACE ? this.#array(line, start + 1) : this.#data(line, start);
      case 'capid':
      case 'desc':
        this.queue = valueAt(line, start);
        break;
      case 'size':
      case 'len':
        this.size = numberAt(line, start);
        break;
      case 'ret':
        this.result = numberAt(line, start);
        break;
      case 'buf':
      case 'lenp':
        this.buffers += ` ${valueAt(line, start)}`;
        break;
      default:
        // d0, d1, …: scalars, or arrays since one array has at most 64 elements.
        if (name === `d${this.#count}` || /^d\d+$/.test(name)) return this.#data(line, start);
    }
    return valueEnd(line, start);
  }

  /** The one array of a message: words behind its size are old memory, and are passed over. */
  #array(line: string, start: number): number {
    this.#hasData = true;
    const { elements } = this.#shape;
    const width = elements === undefined ? undefined : WIDTH_BY_COUNT.get(elements);
    if (elements !== undefined && width !== undefined && this.size !== undefined) {
      const end = line.indexOf('}', start);
      if (end >= 0) {
        this.#words(line, start, Math.min(elements, Math.ceil(this.size / width)));
        this.#count = elements;
        return end + 1;
      }
    }
    const next = this.#words(line, start, QUEUE_MESSAGE_MAX);
    if (line.charCodeAt(next - 1) === CLOSE_BRACE) this.#shape.elements = this.#count;
    return next;
  }

  #data(line: string, start: number): number {
    this.#hasData = true;
    if (line.charCodeAt(start) === OPEN_BRACE) return this.#words(line, start + 1, QUEUE_MESSAGE_MAX);
    if (line.startsWith('ARRAY[', start)) {
      this.#isRaw = true;
      return this.#rawBytes(line, start + 6);
    }
    return this.#words(line, start, 1);
  }

  /** `0x5600001700000121,0x3,…}`, or one word. @returns the index behind the last of `most` words, or the brace. */
  #words(line: string, start: number, most: number): number {
    let at = start;
    for (let left = most; left > 0; left--) {
      const begin = at;
      let code = line.charCodeAt(at);
      let low = 0;
      let high = 0;
      if (line.charCodeAt(at + 1) === X) {
        at += 2;
        for (code = line.charCodeAt(at); ; code = line.charCodeAt(++at)) {
          const digit = hexDigit(code);
          if (digit < 0) break;
          high = ((high << 4) | (low >>> 28)) >>> 0;
          low = ((low << 4) | digit) >>> 0;
        }
        if (at - begin - 2 > this.#digits) this.#digits = at - begin - 2;
      } else {
        while (at < line.length && code !== COMMA && code !== CLOSE_BRACE && code !== SPACE)
          code = line.charCodeAt(++at);
        const value = Number(line.slice(begin, at));
        low = value >>> 0;
        high = Math.floor(value / 2 ** 32) >>> 0;
      }
      // The last word of a line that was cut may be cut too: it is left out.
      if (at >= line.length && start > 0 && line.charCodeAt(start - 1) === OPEN_BRACE) return at;
      if (at === begin) return at + 1;
      if (this.#count < QUEUE_MESSAGE_MAX) {
        this.#low[this.#count] = low;
        this.#high[this.#count++] = high;
      }
      if (code !== COMMA) return at + 1;
      at++;
    }
    return at;
  }

  /** `21, 01, 00]`: bytes without 0x. */
  #rawBytes(line: string, start: number): number {
    let at = start;
    for (; this.#count < QUEUE_MESSAGE_MAX; at += 4) {
      const high = hexDigit(line.charCodeAt(at));
      const low = hexDigit(line.charCodeAt(at + 1));
      if (high < 0 || low < 0) break;
      this.#low[this.#count++] = high * 16 + low;
    }
    const close = line.indexOf(']', at);
    return close < 0 ? line.length : close + 1;
  }
}

function valueEnd(line: string, start: number): number {
  const end = line.indexOf(' ', start);
  return end < 0 ? line.length : end;
}

function valueAt(line: string, start: number): string {
  return line.slice(start, valueEnd(line, start));
}

/** Numbers are printed as hexadecimal with 0x, or as decimal, with a sign when the type has one. */
function numberAt(line: string, start: number): number | undefined {
  const text = valueAt(line, start);
  const value = text === '' ? Number.NaN : Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Fewer elements than cover a whole message: the width that the longest of them needs. */
function widthOf(digits: number): number {
  return digits > 8 ? 8 : digits > 4 ? 4 : digits > 2 ? 2 : 1;
}

/** Value of a hex digit's character code, or -1. */
export function hexDigit(code: number): number {
  if (code >= 0x30 && code <= 0x39) return code - 0x30;
  const lower = code | 0x20;
  return lower >= 0x61 && lower <= 0x66 ? lower - 0x57 : -1;
}
