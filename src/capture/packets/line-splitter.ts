import { plainBytes } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { GrowingBuffer } from './growing-buffer.js';

/** Longest line of a text capture, in bytes. It limits the memory for a file without line ends. */
const LINE_SIZE_MAX = 1024 * 1024;
const LINE_FEED = 0x0a;
const CARRIAGE_RETURN = 0x0d;
/** First byte of EF BB BF. */
const BYTE_ORDER_MARK = 0xef;

// Where there is Node's search, that one: it takes a tenth of the time of the language's.
const { indexOf } = ((globalThis as { Buffer?: { prototype: ByteSearch } }).Buffer ?? Uint8Array).prototype;

interface ByteSearch {
  indexOf(this: Uint8Array, byte: number, from: number): number;
}

/** Index of the first such byte from `from` on; -1 when there is none. */
export function indexOfByte(data: Uint8Array, byte: number, from: number): number {
  return indexOf.call(data, byte, from);
}

/**
 * Takes a line without its end: bytes [start, end) of `data`, valid only during the call; its number from 1, and the
 * byte offset at which it begins.
 */
type LineBytesSink = (data: Uint8Array, start: number, end: number, number: number, offset: number) => void;

/** Cuts bytes into lines. A line may end with CR LF, or CR CR LF as consoles print it; a byte-order mark before a line is dropped. */
export class LineCutter {
  readonly #sink: LineBytesSink;
  readonly #sizeMax: number;
  readonly #pending = new GrowingBuffer();
  /** Offset of the next line, or of the one in #pending. */
  #offset = 0;
  #number = 0;

  constructor(sink: LineBytesSink, sizeMax = LINE_SIZE_MAX) {
    this.#sink = sink;
    this.#sizeMax = sizeMax;
  }

  /** Throws WireError `line_length` for a line above `sizeMax` bytes. */
  push(bytes: Uint8Array): void {
    const chunk = plainBytes(bytes);
    const pending = this.#pending;
    let at = 0;
    while (at < chunk.length) {
      const found = indexOfByte(chunk, LINE_FEED, at);
      const end = found < 0 ? chunk.length : found;
      this.#checkSize(pending.length + end - at);
      if (found < 0) {
        pending.append(chunk, at, end);
        return;
      }
      if (pending.length === 0) {
        this.#line(chunk, at, end);
      } else {
        pending.append(chunk, at, end);
        this.#pendingLine();
      }
      this.#offset += 1;
      at = end + 1;
    }
  }

  /** The last line needs no line end. */
  end(): void {
    if (this.#pending.length > 0) this.#pendingLine();
  }

  #pendingLine(): void {
    const { data, length } = this.#pending;
    this.#pending.clear();
    this.#line(data, 0, length);
  }

  #line(data: Uint8Array, start: number, end: number): void {
    const offset = this.#offset;
    this.#offset += end - start;
    this.#number += 1;
    let textEnd = end;
    while (textEnd > start && data[textEnd - 1] === CARRIAGE_RETURN) textEnd--;
    const isMarked = data[start] === BYTE_ORDER_MARK && data[start + 1] === 0xbb && data[start + 2] === 0xbf;
    this.#sink(data, isMarked && textEnd - start >= 3 ? start + 3 : start, textEnd, this.#number, offset);
  }

  #checkSize(size: number): void {
    if (size <= this.#sizeMax) return;
    throw new WireError({
      code: 'line_length',
      path: `line ${this.#number + 1}`,
      offset: this.#offset,
      expected: `at most ${this.#sizeMax} bytes`,
      actual: size,
    });
  }
}

/** Takes a line without its end, its number from 1 and the byte offset at which it begins. */
type LineSink = (line: string, number: number, offset: number) => void;

/** Cuts UTF-8 bytes into lines of text, as LineCutter does. */
export class LineSplitter {
  readonly #lines: LineCutter;

  constructor(sink: LineSink, sizeMax = LINE_SIZE_MAX) {
    const utf8 = new TextDecoder();
    this.#lines = new LineCutter(
      (data, start, end, number, offset) => sink(utf8.decode(data.subarray(start, end)), number, offset),
      sizeMax,
    );
  }

  /** Throws WireError `line_length` for a line above `sizeMax` bytes. */
  push(chunk: Uint8Array): void {
    this.#lines.push(chunk);
  }

  /** The last line needs no line end. */
  end(): void {
    this.#lines.end();
  }
}
