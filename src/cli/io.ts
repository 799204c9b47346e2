import { UsageError, WireError } from '../base/error.js';
import { CaptureInput, INPUT_FORMATS, type InputFormat } from '../capture/input/index.js';
import type { CaptureWarning, PacketSink } from '../capture/packets/index.js';
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
    const input = new CaptureInput(this.protocol, format, sink, (warning) => warnings.add(warning));
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
