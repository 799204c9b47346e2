import { UsageError, WireError } from '../base/error.js';
import { CaptureInput, INPUT_FORMATS, type InputFormat } from '../capture/input/index.js';
import type { CaptureWarning, PacketSink } from '../capture/packets/index.js';
import { readPieces } from '../node/input.js';
import { Output } from '../node/output.js';
import { Progress } from '../node/progress.js';
import type { Stdio } from '../node/stdio.js';
import type { Protocol } from '../schema/index.js';

/** Exit codes of the command line (cli.md). */
export const exitCodes = { ok: 0, problems: 1, usage: 2, file: 3 } as const;

/** Largest number of warnings that are printed. Further ones are only counted. */
const warningsMax = 20;

/** What the commands share: the protocol, the standard streams, messages to the user, and the exit code. */
export class CommandIo {
  exitCode: number = exitCodes.ok;

  constructor(
    readonly protocol: Protocol,
    readonly stdio: Stdio,
  ) {}

  /** Notes that the input has a problem: the exit code will be 1. The command goes on. */
  problem(): void {
    this.exitCode = Math.max(this.exitCode, exitCodes.problems);
  }

  /** Prints a line on stderr. Control characters are escaped, since the text may contain input. */
  warn(text: string): void {
    const shown = text.replace(
      /\p{Cc}/gu,
      (char) => `\\x${char.charCodeAt(0).toString(16).padStart(2, '0')}`,
    );
    this.stdio.writeError(`gunyah-rm: ${shown}\n`);
  }

  /** Text and bytes to a file, or to standard output for `-`. @throws UsageError when it is the file of the input. */
  output(path: string, input?: string): Output {
    return Output.to(this.stdio, path, input);
  }

  /**
   * Reads a capture and passes its packets to `sink`. Without `format` the format is detected. An error in the file is
   * printed after all packets before it have been passed on, and makes the exit code 1. `pause` is called after each
   * piece, before the command waits for the next one.
   *
   * @throws FileError if the file cannot be read.
   */
  readCapture(path: string, format: InputFormat | undefined, sink: PacketSink, pause = () => {}): void {
    const name = path === '-' ? 'standard input' : path;
    const warnings = new Warnings(this, name, pause);
    const progress = new Progress(this.stdio, path);
    const input = new CaptureInput(this.protocol, format, sink, (warning) => warnings.add(warning));
    try {
      for (const chunk of readPieces(this.stdio, path)) {
        input.push(chunk);
        pause();
        progress.advance(chunk.length);
      }
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
    // Flush the output, so that the warning comes after what was printed before.
    if (this.#count <= warningsMax) this.#pause();
    this.#io.problem();
    if (this.#count <= warningsMax)
      this.#io.warn(`${this.#name}: packet ${frame}, offset ${offset}: ${message}`);
  }

  end(): void {
    if (this.#count > warningsMax) this.#io.warn(`${this.#name}: ${this.#count - warningsMax} more warnings`);
  }
}

/** The value of `--format`. @throws UsageError for an unknown format. */
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
