import { WireError } from '../../base/error.js';
import type { Protocol } from '../../schema/index.js';
import { formBehindPrefixes } from '../hex/index.js';
import {
  type CaptureReader,
  GrowingBuffer,
  indexOfByte,
  type PacketSink,
  type WarningSink,
} from '../packets/index.js';
import { detectFormat, FormatDetector, openReader } from './detect.js';
import { binaryFormats, INPUT_FORMATS, type InputFormat, type InputOptions, textFormats } from './formats.js';
import { Utf16Input } from './utf16.js';

/** Bytes that tell captures from text. */
const MAGIC_SIZE = 4;
const LINE_FEED = 0x0a;
/** Bytes that an error shows of the beginning of a file. */
const SHOWN = 8;

/** Where the reading of a capture has come to: with it `openReader` makes a reader that goes on from there. */
export interface InputState {
  readonly format: InputFormat;
  readonly reader: unknown;
}

/** A text in which there was no message. */
export interface EmptyText {
  readonly format: InputFormat;
  readonly lines: number;
}

/**
 * A capture of any format, or of the one given: recognises the format from the first bytes, then feeds its reader.
 * Throws WireError as the readers do, and of its own: `empty` (no byte at all), `format` (none that is known, or not
 * the one given).
 */
export class CaptureInput implements CaptureReader {
  #reader: CaptureReader | undefined;
  #opened: InputFormat | undefined;
  /** Undefined where the caller says that the input is no text. */
  readonly #utf16: Utf16Input | undefined;
  readonly #prefix = new GrowingBuffer();
  readonly #detector = new FormatDetector();
  readonly #protocol: Protocol;
  readonly #format: InputFormat | undefined;
  readonly #sink: PacketSink;
  /** The beginning of a text whose format was not recognised. */
  #guessedStart: Uint8Array | undefined;
  /** Set while a text is read in which no message has come. */
  #emptyText: { readonly format: InputFormat; lines: number; endsInLine: boolean } | undefined;
  readonly #warn: WarningSink;
  readonly #options: InputOptions;

  constructor(
    protocol: Protocol,
    format: InputFormat | undefined,
    sink: PacketSink,
    warn: WarningSink,
    options: InputOptions = {},
  ) {
    this.#options = options;
    this.#protocol = protocol;
    this.#format = format;
    this.#utf16 = binaryFormats.some(({ name }) => name === format) ? undefined : new Utf16Input();
    this.#sink = sink;
    this.#warn = warn;
  }

  push(bytes: Uint8Array): void {
    this.#take(this.#utf16?.push(bytes) ?? bytes);
  }

  #take(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#push(this.#reader, chunk);
      return;
    }
    this.#prefix.append(chunk, 0, chunk.length);
    if (this.#format !== undefined) {
      if (this.#prefix.length >= MAGIC_SIZE) this.#start(this.#format);
      return;
    }
    this.#detector.push(chunk);
    if (this.#detector.isOver) this.#startFound();
  }

  /** Where it has come to; undefined before the format is known, and for formats that cannot be read from the middle. */
  get state(): InputState | undefined {
    const state = this.#reader?.state;
    return state === undefined ? undefined : { format: this.#opened as InputFormat, reader: state };
  }

  settle(): void {
    this.#reader?.settle?.();
  }

  end(): void {
    if (this.#utf16 !== undefined) this.#take(this.#utf16.end());
    if (this.#reader === undefined) {
      // No lines are no packets: what a filter that nothing passed printed.
      if (this.#format === 'ndjson' && this.#prefix.length === 0) return;
      if (this.#prefix.length === 0) {
        throw new WireError({ code: 'empty', path: '', offset: 0, expected: 'a capture', actual: 'nothing' });
      }
      if (this.#format === undefined) {
        this.#detector.end();
        this.#startFound(true);
      } else this.#start(this.#format);
    }
    this.#reader?.end();
    if (this.#guessedStart !== undefined && this.#emptyText !== undefined) this.#refuse(this.#guessedStart);
  }

  /** After `end`: what was read, if it was a text without any message. */
  get emptyText(): EmptyText | undefined {
    const text = this.#emptyText;
    return text && { format: text.format, lines: text.lines + (text.endsInLine ? 1 : 0) };
  }

  #push(reader: CaptureReader, chunk: Uint8Array): void {
    reader.push(chunk);
    const text = this.#emptyText;
    if (text === undefined || chunk.length === 0) return;
    text.lines += linesOf(chunk);
    text.endsInLine = chunk.at(-1) !== LINE_FEED;
  }

  /** The format is recognised, or will not be. Where no line has shown it, the lines may have something before them. */
  #startFound(isWhole = false): void {
    const { found, isSure } = this.#detector;
    const prefixed = isSure ? undefined : formBehindPrefixes(this.#bytes());
    if (prefixed !== undefined) this.#start(prefixed, true);
    else if (found !== undefined || isWhole) this.#start(found);
    else this.#guess();
  }

  /** A long text that is nothing else may be a log without stamps, with dumps or traces behind what was read. */
  #guess(): void {
    const start = this.#bytes();
    if (start.includes(0)) this.#refuse();
    this.#guessedStart = start.slice(0, SHOWN);
    this.#start('dmesg');
  }

  #start(format: InputFormat | undefined, hasPrefixes = false): void {
    if (format === undefined) this.#refuse();
    const isGiven = this.#format !== undefined;
    const found = isGiven && format === 'ndjson' ? detectFormat(this.#bytes()) : format;
    if (found !== format && (found === 'pcapng' || found === 'pcap'))
      throw new WireError({ code: 'format', path: '', offset: 0, expected: format, actual: found });
    this.#opened = format;
    const options = { ...this.#options, isGiven, hasPrefixes };
    const reader = openReader(this.#protocol, format, this.#sinkOf(format), this.#warn, options);
    this.#reader = reader;
    this.#push(reader, this.#bytes());
    this.#prefix.clear();
  }

  /** Lines of NDJSON are messages, and captures may be empty. In other texts people expect some. */
  #sinkOf(format: InputFormat): PacketSink {
    if (format === 'ndjson' || !textFormats.some(({ name }) => name === format)) return this.#sink;
    this.#emptyText = { format, lines: 0, endsInLine: false };
    return (packet) => {
      this.#emptyText = undefined;
      this.#sink(packet);
    };
  }

  #bytes(): Uint8Array {
    return this.#prefix.data.subarray(0, this.#prefix.length);
  }

  #refuse(start: Uint8Array = this.#bytes()): never {
    const bytes = Array.from(start.subarray(0, SHOWN), (byte) => byte.toString(16).padStart(2, '0'));
    const expected = `${INPUT_FORMATS.join(', ')} (or say --format; describe --formats explains them)`;
    throw new WireError({ code: 'format', path: '', offset: 0, expected, actual: bytes.join(' ') });
  }
}

function linesOf(bytes: Uint8Array): number {
  let lines = 0;
  for (let at = indexOfByte(bytes, LINE_FEED, 0); at >= 0; at = indexOfByte(bytes, LINE_FEED, at + 1))
    lines++;
  return lines;
}
