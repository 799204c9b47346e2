import { WireError } from '../../base/error.js';
import type { Protocol } from '../../schema/index.js';
import { type CaptureReader, GrowingBuffer, type PacketSink, type WarningSink } from '../packets/index.js';
import { detectFormat, FormatDetector, openReader } from './detect.js';
import { INPUT_FORMATS, type InputFormat, type InputOptions } from './formats.js';

/**
 * A capture of any format, or of the one given: recognises the format from the first bytes, then feeds its reader.
 * Throws WireError as the readers do, and of its own: `empty` (no byte at all), `format` (none that is known, or not
 * the one given).
 */
export class CaptureInput implements CaptureReader {
  #reader: CaptureReader | undefined;
  readonly #prefix = new GrowingBuffer();
  readonly #detector = new FormatDetector();
  readonly #protocol: Protocol;
  readonly #format: InputFormat | undefined;
  readonly #sink: PacketSink;
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
    this.#sink = sink;
    this.#warn = warn;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.push(chunk);
      return;
    }
    this.#prefix.append(chunk, 0, chunk.length);
    if (this.#format !== undefined) {
      if (this.#prefix.length >= MAGIC_SIZE) this.#start(this.#format);
      return;
    }
    this.#detector.push(chunk);
    if (this.#detector.isOver) this.#start(this.#detector.found);
  }

  end(): void {
    if (this.#reader === undefined) {
      // No lines are no packets: what a filter that nothing passed printed.
      if (this.#format === 'ndjson' && this.#prefix.length === 0) return;
      if (this.#prefix.length === 0) {
        throw new WireError({ code: 'empty', path: '', offset: 0, expected: 'a capture', actual: 'nothing' });
      }
      if (this.#format === undefined) this.#detector.end();
      this.#start(this.#format ?? this.#detector.found);
    }
    this.#reader?.end();
  }

  #start(format: InputFormat | undefined): void {
    if (format === undefined) this.#refuse();
    const isGiven = this.#format !== undefined;
    const found = isGiven && format === 'ndjson' ? detectFormat(this.#bytes()) : format;
    if (found !== format && (found === 'pcapng' || found === 'pcap'))
      throw new WireError({ code: 'format', path: '', offset: 0, expected: format, actual: found });
    this.#reader = openReader(this.#protocol, format, this.#sink, this.#warn, {
      ...this.#options,
      isGiven,
    });
    this.#reader.push(this.#bytes());
    this.#prefix.clear();
  }

  #bytes(): Uint8Array {
    return this.#prefix.data.subarray(0, this.#prefix.length);
  }

  #refuse(): never {
    const start = Array.from(this.#bytes().subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0'));
    const expected = `${INPUT_FORMATS.join(', ')} (or say --format; describe --formats explains them)`;
    throw new WireError({ code: 'format', path: '', offset: 0, expected, actual: start.join(' ') });
  }
}

/** Bytes that tell captures from text. */
const MAGIC_SIZE = 4;
