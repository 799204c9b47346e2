import { WireError } from '../../base/error.js';
import type { Protocol } from '../../schema/index.js';
import { ndjsonReader } from '../ndjson/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { captureReader, DETECT_SIZE, detectFormat, INPUT_FORMATS, type InputFormat } from './detect.js';

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

  constructor(protocol: Protocol, format: InputFormat | undefined, sink: PacketSink, warn: WarningSink) {
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
    // Binary formats and NDJSON show at once, so that a live pipe is not held up; which hex it is may show late.
    const sure =
      this.#format !== undefined || format === 'pcapng' || format === 'pcap' || format === 'ndjson';
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
    this.#reader =
      format === 'ndjson'
        ? ndjsonReader(this.#protocol, this.#sink, this.#warn)
        : captureReader(format, this.#sink, this.#warn);
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
