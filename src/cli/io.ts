import { UsageError, WireError } from '../base/error.js';
import {
  captureReader,
  DETECT_SIZE,
  detectFormat,
  INPUT_FORMATS,
  type InputFormat,
} from '../capture/detect.js';
import { ndjsonReader } from '../capture/ndjson-reader.js';
import type { CaptureReader, CaptureWarning, PacketSink } from '../capture/packet.js';
import { readFile } from '../node/input.js';
import { Progress } from '../node/progress.js';
import type { Protocol } from '../schema/index.js';

/** Exit codes of the command line (cli.md). */
export const exitCodes = { ok: 0, problems: 1, usage: 2, file: 3 } as const;

/** Warnings printed one by one; the rest is counted. */
const warningsMax = 20;

/** What the commands share: the protocol, messages to the user, and the exit code. */
export class CommandIo {
  exitCode: number = exitCodes.ok;

  readonly #stderr: (text: string) => void;

  constructor(
    readonly protocol: Protocol,
    stderr: (text: string) => void,
  ) {
    this.#stderr = stderr;
  }

  /** The input has problems; the work goes on. */
  problem(): void {
    this.exitCode = Math.max(this.exitCode, exitCodes.problems);
  }

  /** One line on stderr. Control characters of the input are shown, not obeyed. */
  warn(text: string): void {
    const shown = text.replace(
      /\p{Cc}/gu,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    this.#stderr(`gunyah-rm: ${shown}\n`);
  }

  /**
   * Reads a capture of any format, or of the one given, and hands its packets on. What is wrong with the file itself
   * is reported after everything before it has been handed on, and makes the exit code 1. `pause` is called after each
   * piece, before the next is waited for. Throws FileError when the file cannot be read.
   */
  readCapture(path: string, format: InputFormat | undefined, sink: PacketSink, pause = () => {}): void {
    const name = path === '-' ? 'standard input' : path;
    const warnings = new Warnings(this, name, pause);
    const progress = new Progress(path);
    const input = new Input(this.protocol, format, sink, (warning) => warnings.add(warning));
    try {
      readFile(path, (chunk) => {
        input.push(chunk);
        pause();
        progress.advance(chunk.length);
      });
      input.end();
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      progress.end();
      pause();
      this.warn(`${name}: ${error.message}`);
      this.problem();
    } finally {
      progress.end();
      warnings.end();
    }
  }
}

/** Recognises the format from the first bytes, then feeds its reader. */
class Input {
  #reader: CaptureReader | undefined;
  #prefix = new Uint8Array(0);

  readonly #protocol: Protocol;
  readonly #format: InputFormat | undefined;
  readonly #sink: PacketSink;
  readonly #warn: (warning: CaptureWarning) => void;

  constructor(
    protocol: Protocol,
    format: InputFormat | undefined,
    sink: PacketSink,
    warn: (warning: CaptureWarning) => void,
  ) {
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
        ? ndjsonReader(this.#protocol, this.#sink)
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

/** Prints the first warnings and counts the rest. */
class Warnings {
  #count = 0;

  readonly #io: CommandIo;
  readonly #name: string;
  readonly #pause: () => void;

  constructor(io: CommandIo, name: string, pause: () => void) {
    this.#io = io;
    this.#name = name;
    this.#pause = pause;
  }

  add({ frame, offset, message }: CaptureWarning): void {
    this.#count++;
    // What was printed before comes first.
    if (this.#count <= warningsMax) this.#pause();
    this.#io.problem();
    if (this.#count <= warningsMax)
      this.#io.warn(`${this.#name}: packet ${frame}, offset ${offset}: ${message}`);
  }

  end(): void {
    if (this.#count > warningsMax) this.#io.warn(`${this.#name}: ${this.#count - warningsMax} more warnings`);
  }
}

/** The value of `--format`. Throws UsageError for a format that there is not. */
export function formatOption(value: string): InputFormat {
  const format = INPUT_FORMATS.find((name) => name === value);
  if (format !== undefined) return format;
  throw new UsageError({
    code: 'format',
    path: '--format',
    expected: INPUT_FORMATS.join(', '),
    actual: value,
  });
}
