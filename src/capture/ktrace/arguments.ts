import { type LearntRoles, type ProbeArgument, Roles, rolesOf } from './argument-roles.js';
import { code, hexDigits, latin1, Names, queueName, Slab } from './line.js';
import { type Direction, QUEUE_MESSAGE_MAX } from './message.js';
import type { UnreadWords } from './unread-word.js';

/** The fetched arguments of a trace event, as its line prints them: `name=value` pairs, arrays in braces. */
export interface EventArguments {
  /** `capid` or `desc`: the queue. */
  queue: string | undefined;
  /** `size` or `len` in bytes. */
  size: number | undefined;
  /** `ret`. */
  result: number | undefined;
  /** `buf` and `lenp`, where a receive puts message and length. */
  buffers: string;
}

/** What all lines of one probe have in common; known after its first whole line. */
export interface DataShape {
  /** Elements of `data`, or of `d0`, `d1`, … together. */
  elements: number | undefined;
  /** Digits of the longest hexadecimal word so far. */
  digits: number;
  /** Other arguments stand behind the data. */
  hasMore: boolean;
  /** What the arguments tell, when their names are not those that the scripts of `capture` give. */
  roles: Roles | undefined;
}

export function newShape(): DataShape {
  return { elements: undefined, digits: 0, hasMore: true, roles: undefined };
}

/** Elements of an array, or scalars, that cover the 240 bytes of a queue message exactly: their width in bytes. */
const WIDTH_BY_COUNT = new Map([
  [30, 8],
  [60, 4],
  [120, 2],
  [240, 1],
]);

/** The first characters of names, as one number. */
const NAME = {
  data: 0x64617461,
  capi: 0x63617069,
  desc: 0x64657363,
  size: 0x73697a65,
  len: 0x6c656e,
  ret: 0x726574,
  buf: 0x627566,
  lenp: 0x6c656e70,
} as const;
const D = 0x64;
const A = 0x41;

/** Reads the arguments of lines, one line after the other; what it found of the last one stays until the next. */
export class ArgumentReader implements EventArguments {
  queue: string | undefined;
  size: number | undefined;
  result: number | undefined;
  buffers = '';
  readonly #queues = new Names(queueName);
  readonly #slab = new Slab();
  /** Bytes of the arguments `data` or `d0`, `d1`, … so far. */
  readonly #bytes = new Uint8Array(QUEUE_MESSAGE_MAX + 8);
  #length = 0;
  #count = 0;
  #hasData = false;
  /** Arguments so far that are called as the size of a message is. */
  #sizes = 0;
  #hasUnknown = false;
  #width = 0;
  /** Index of the word amid which the message ends, and of the next; 0 where it ends with a word or with the array. */
  #lastWord = 0;
  #behind = 0;
  #shape = newShape();
  #data: Uint8Array = new Uint8Array(0);
  #start = 0;
  #end = 0;

  /** Reads bytes [start, end) of `data`. @param shape of the probe that printed them; is filled in. */
  read(data: Uint8Array, start: number, end: number, shape: DataShape): void {
    this.#data = data;
    this.#start = start;
    this.#end = end;
    this.#shape = shape;
    this.queue = undefined;
    this.size = undefined;
    this.result = undefined;
    this.buffers = '';
    this.#length = 0;
    this.#count = 0;
    this.#hasData = false;
    this.#sizes = 0;
    this.#hasUnknown = false;
    this.#width = 0;
    this.#lastWord = 0;
    for (let at = start; at < end; ) {
      let name = 0;
      let length = 0;
      let char = data[at] as number;
      for (; char !== code.equals && char !== code.space; char = data[at] as number) {
        if (length < 4) name = (name << 8) | char;
        length++;
        if (++at >= end) return;
      }
      at++;
      if (char !== code.equals) continue;
      const next = this.#argument(name, length, at - length - 1, at);
      if (next < 0) return;
      at = next;
    }
  }

  /** The names that were looked for do not tell what the line says. */
  get isUnclear(): boolean {
    return (this.isIncomplete || this.#sizes > 1 || this.#hasUnknown) && this.#shape.roles === undefined;
  }

  /** The line shows no bytes, or not how many belong to the message. */
  get isIncomplete(): boolean {
    return !this.#hasData || this.size === undefined;
  }

  /** Looks at the form of the arguments that were read last, for `shape` of the lines to come. */
  learn(direction: Direction): LearntRoles {
    const roles = rolesOf(argumentsOf(latin1(this.#data, this.#start, this.#end)), direction);
    if (roles instanceof Roles) this.#shape.roles = roles;
    return roles;
  }

  /** How many of `size` bytes the kernel has read. @param words what is known of the trace's words. */
  readSize(size: number, words: UnreadWords): number {
    const isUnread = words.has(this.#data, this.#lastWord, this.#behind, this.#end, this.#width);
    return isUnread ? size - (size % this.#width) : size;
  }

  /**
   * The first bytes of the message, at most `size`; undefined when the line prints none. Fewer when the line was cut
   * or the probe fetched less.
   */
  bytes(size: number): Uint8Array | undefined {
    return this.#hasData ? this.#slab.copy(this.#bytes, Math.min(size, this.#length)) : undefined;
  }

  /** @returns the index behind the value, or -1 when nothing behind it is of interest. */
  #argument(name: number, length: number, nameStart: number, at: number): number {
    const { roles } = this.#shape;
    if (roles !== undefined) return this.#byRole(roles, nameStart, at);
    if (name === NAME.data && length === 4) return this.#values(at);
    const end = this.#valueEnd(at);
    if ((name === NAME.capi && length === 5) || (name === NAME.desc && length === 4))
      this.queue = this.#queues.get(this.#data, at, end);
    else if ((name === NAME.size && length === 4) || (name === NAME.len && length === 3)) {
      this.size = this.#number(at, end);
      this.#sizes++;
    } else if (name === NAME.ret && length === 3) this.result = this.#number(at, end);
    else if ((name === NAME.buf && length === 3) || (name === NAME.lenp && length === 4))
      this.buffers += ` ${latin1(this.#data, at, end)}`;
    // d0, d1, …: scalars, or arrays since one array has at most 64 elements.
    else if (this.#data[nameStart] === D && this.#isNumbered(nameStart + 1, at - 1)) return this.#values(at);
    // `trace-cmd report -R` prints the place of the probe as arguments.
    else if (this.#data[nameStart] !== code.underscore) this.#hasUnknown = true;
    return end;
  }

  #byRole(roles: Roles, nameStart: number, at: number): number {
    const role = roles.of(this.#data, nameStart, at - 1);
    if (role === 'data') return this.#values(at);
    const end = this.#valueEnd(at);
    if (role === 'queue') this.queue = this.#queues.get(this.#data, at, end);
    else if (role === 'size') this.size = this.#number(at, end);
    else if (role === 'result') this.result = this.#number(at, end);
    return end;
  }

  #isNumbered(start: number, end: number): boolean {
    for (let at = start; at < end; at++) {
      const digit = (this.#data[at] as number) - code.zero;
      if (digit < 0 || digit > 9) return false;
    }
    return end > start;
  }

  #values(start: number): number {
    if (!this.#hasData) {
      this.#hasData = true;
      const { elements } = this.#shape;
      if (elements === undefined && this.#data[start] !== A) this.#look();
      this.#width = WIDTH_BY_COUNT.get(this.#shape.elements ?? 0) ?? widthOf(this.#shape.digits);
    }
    const data = this.#data;
    const first = data[start];
    let next: number;
    if (first === code.openBrace) next = this.#words(start + 1, true);
    else if (first === A) next = this.#rawBytes(start + 'ARRAY['.length);
    else next = this.#words(start, false);
    return !this.#shape.hasMore && this.#isEnough() ? -1 : next;
  }

  /** Bytes behind the size of a message are old memory, and are passed over. */
  #isEnough(): boolean {
    return this.#length >= Math.min(this.size ?? QUEUE_MESSAGE_MAX, QUEUE_MESSAGE_MAX);
  }

  /** Looks through a whole line for the number and width of its data. */
  #look(): void {
    const shape = this.#shape;
    let elements = 0;
    shape.hasMore = false;
    for (const [, name = '', array, , scalar = ''] of latin1(this.#data, this.#start, this.#end).matchAll(
      ARGUMENT,
    )) {
      const isData = this.#isData(name);
      if (!isData && elements > 0) shape.hasMore = true;
      if (!isData) continue;
      const words = (array ?? scalar).split(',');
      elements += words.length;
      for (const word of words) shape.digits = Math.max(shape.digits, digitsOf(word));
    }
    if (WIDTH_BY_COUNT.has(elements)) shape.elements = elements;
    else shape.hasMore = true;
  }

  #isData(name: string): boolean {
    const { roles } = this.#shape;
    if (roles === undefined) return DATA_NAME.test(name);
    const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
    return roles.of(bytes, 0, bytes.length) === 'data';
  }

  /** `0x5600001700000121,0x3,…}`, or one word. @returns the index behind it. */
  #words(start: number, isArray: boolean): number {
    const data = this.#data;
    const end = this.#end;
    const width = this.#width;
    const needed = Math.min(this.size ?? QUEUE_MESSAGE_MAX, QUEUE_MESSAGE_MAX);
    for (let at = start; at < end; ) {
      const begin = at;
      let low = 0;
      let high = 0;
      if (data[at + 1] === code.x) {
        at += 2;
        // The first eight digits, then the others: shifts work on 32 bits.
        for (const stop = Math.min(at + 8, end); at < stop; at++) {
          const digit = hexDigits[data[at] as number] as number;
          if (digit < 0) break;
          low = (low << 4) | digit;
        }
        const firstEnd = at;
        let rest = 0;
        for (const stop = Math.min(at + 8, end); at < stop; at++) {
          const digit = hexDigits[data[at] as number] as number;
          if (digit < 0) break;
          rest = (rest << 4) | digit;
        }
        const bits = 4 * (at - firstEnd);
        if (bits > 0) {
          high = low >>> (32 - bits);
          low = bits === 32 ? rest : (low << bits) | rest;
        }
      } else {
        while (at < end && data[at] !== code.comma && data[at] !== code.closeBrace && data[at] !== code.space)
          at++;
        const text = latin1(data, begin, at);
        const value = Number(text);
        low = value >>> 0;
        high = Math.floor(value / 2 ** 32) >>> 0;
        if (Math.abs(value) > Number.MAX_SAFE_INTEGER && DECIMAL.test(text)) {
          const exact = BigInt(text);
          low = Number(BigInt.asUintN(32, exact));
          high = Number(BigInt.asUintN(32, exact >> 32n));
        }
      }
      this.#count++;
      // The last word of a line that was cut may be cut too: it is left out.
      if (at >= end && (isArray || this.#count !== (this.#shape.elements ?? this.#count))) return end;
      if (at === begin) return at + 1;
      this.#put(low, high, width);
      if (data[at] !== code.comma || !isArray) return at + 1;
      at++;
      if (this.#length >= needed) {
        this.#lastWord = this.#length > needed ? begin : 0;
        this.#behind = at;
        return this.#arrayEnd(at);
      }
    }
    return end;
  }

  #put(low: number, high: number, width: number): void {
    const at = this.#length;
    if (at >= QUEUE_MESSAGE_MAX) return;
    const bytes = this.#bytes;
    bytes[at] = low;
    bytes[at + 1] = low >>> 8;
    bytes[at + 2] = low >>> 16;
    bytes[at + 3] = low >>> 24;
    if (width === 8) {
      bytes[at + 4] = high;
      bytes[at + 5] = high >>> 8;
      bytes[at + 6] = high >>> 16;
      bytes[at + 7] = high >>> 24;
    }
    this.#length = at + width;
  }

  /** Behind the brace; the end of the line when nothing but the array stands there. */
  #arrayEnd(start: number): number {
    if (!this.#shape.hasMore) return this.#end;
    let at = start;
    while (at < this.#end && this.#data[at] !== code.closeBrace) at++;
    this.#count = this.#shape.elements ?? this.#count;
    return at + 1;
  }

  /** `21, 01, 00]`: bytes without 0x, whatever their number. */
  #rawBytes(start: number): number {
    const data = this.#data;
    const needed = Math.min(this.size ?? QUEUE_MESSAGE_MAX, QUEUE_MESSAGE_MAX);
    let at = start;
    for (; this.#length < needed && at + 1 < this.#end; at += 4) {
      const high = hexDigits[data[at] as number] as number;
      const low = hexDigits[data[at + 1] as number] as number;
      if (high < 0 || low < 0) break;
      this.#bytes[this.#length++] = high * 16 + low;
    }
    if (data[this.#end - 1] === code.closeSquare) return this.#end;
    while (at < this.#end && data[at] !== code.closeSquare) at++;
    return at + 1;
  }

  #valueEnd(start: number): number {
    let at = start;
    while (at < this.#end && this.#data[at] !== code.space) at++;
    return at;
  }

  /** Numbers are printed as hexadecimal with 0x, or as decimal, with a sign when the type has one. */
  #number(start: number, end: number): number | undefined {
    let value = 0;
    for (let at = start; at < end; at++) {
      const digit = (this.#data[at] as number) - code.zero;
      if (digit < 0 || digit > 9 || value > NUMBER_MAX) return otherNumber(latin1(this.#data, start, end));
      value = value * 10 + digit;
    }
    return end > start ? value : undefined;
  }
}

/** A name with an array in braces, an array of raw bytes, or one value. */
const ARGUMENT = /(\w+)=(?:\{([^}]*)\}?|ARRAY\[([^\]]*)\]?|(\S*))/g;
const DATA_NAME = /^d(?:ata|\d+)$/;
const NUMBER_MAX = 1e14;
const DECIMAL = /^-?\d{1,20}$/;

function argumentsOf(text: string): ProbeArgument[] {
  const all: ProbeArgument[] = [];
  for (const [, name = '', array, raw, scalar = ''] of text.matchAll(ARGUMENT)) {
    // The place of the probe, in front of its arguments.
    if (name.startsWith('__probe_')) continue;
    const words = (array ?? raw)?.split(',');
    const first = words === undefined ? scalar : (words[0] as string);
    all.push({ name, elements: words?.length, value: bigintOf(raw === undefined ? first : `0x${first}`) });
  }
  return all;
}

function bigintOf(text: string): bigint | undefined {
  return VALUE.test(text) ? BigInt(text) : undefined;
}

const VALUE = /^(?:0x[0-9a-f]{1,16}|-?\d{1,20})$/i;

/** Hexadecimal digits that a word needs. */
function digitsOf(word: string): number {
  if (word.startsWith('0x')) return word.length - 2;
  const value = bigintOf(word);
  return value === undefined ? 0 : (value < 0n ? -value - 1n : value).toString(16).length;
}

function otherNumber(text: string): number | undefined {
  const value = Number(text);
  return Number.isFinite(value) ? value : undefined;
}

/** Fewer elements than cover a whole message: the width that the longest of them needs. */
function widthOf(digits: number): number {
  return digits > 8 ? 8 : digits > 4 ? 4 : digits > 2 ? 2 : 1;
}
