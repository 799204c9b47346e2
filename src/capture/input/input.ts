import { WireError } from '../../base/error.js';
import type { Protocol } from '../../schema/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import {
  DETECT_SIZE,
  detectFormat,
  INPUT_FORMATS,
  type InputFormat,
  type InputOptions,
  openReader,
} from './detect.js';

const LINE_FEED = 0x0a;

/**
 * A capture of any format, or of the one given: recognises the format from the first bytes, then feeds its reader.
 * Throws WireError as the readers do, and of its own: `empty` (no byte at all), `format` (none that is known, or not
 * the one given).
 */
export class CaptureInput implements CaptureReader {
  #reader: CaptureReader | undefined;
  #prefix = new Uint8Array(0);
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
    const prefix = new Uint8Array(this.#prefix.length + chunk.length);
    prefix.set(this.#prefix);
    prefix.set(chunk, this.#prefix.length);
    this.#prefix = prefix;
    const format = this.#format ?? detectFormat(prefix);
    // Binary formats, traces and NDJSON show at once, so that a live pipe is not held up; which hex it is may show late.
    // Traces and logs may be JSON too: what it is shows the first line that holds something.
    const isBinary = format === 'pcapng' || format === 'pcap';
    const sure =
      this.#format !== undefined ||
      isBinary ||
      format === 'trace' ||
      (format === 'ndjson' && prefix.indexOf(LINE_FEED) > 8);
    if (format !== undefined && (sure || prefix.length >= DETECT_SIZE)) this.#start(format);
    else if (prefix.length >= DETECT_SIZE) this.#refuse();
  }

  end(): void {
    if (this.#reader === undefined) {
      // No lines are no packets: what a filter that nothing passed printed.
      if (this.#format === 'ndjson' && this.#prefix.length === 0) return;
      if (this.#prefix.length === 0) {
        throw new WireError({ code: 'empty', path: '', offset: 0, expected: 'a capture', actual: 'nothing' });
      }
      const format = this.#format ?? detectFormat(this.#prefix);
      if (format === undefined) this.#refuse();
      else this.#start(format);
    }
    this.#reader?.end();
  }

  #start(format: InputFormat): void {
    const found = format === 'ndjson' ? detectFormat(this.#prefix) : format;
    if (found === 'pcapng' || found === 'pcap') {
      if (format === 'ndjson') {
        throw new WireError({ code: 'format', path: '', offset: 0, expected: format, actual: found });
      }
    }
    this.#reader = openReader(this.#protocol, format, this.#sink, this.#warn, this.#options);
    const prefix = this.#prefix;
    this.#prefix = new Uint8Array(0);
    this.#reader.push(prefix);
  }

  #refuse(): never {
    const start = Array.from(this.#prefix.subarray(0, 8), (byte) => byte.toString(16).padStart(2, '0')).join(
      ' ',
    );
    const expected = `${INPUT_FORMATS.join(', ')} (or say --format)`;
    throw new WireError({ code: 'format', path: '', offset: 0, expected, actual: start });
  }
}
