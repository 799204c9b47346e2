import { WireError } from '../base/error.js';
import { errorText } from '../base/sentence.js';
import { printable } from '../base/text.js';
import {
  CaptureInput,
  type EmptyText,
  type InputFormat,
  type InputOptions,
  type InputState,
} from '../capture/input/index.js';
import { type CaptureWarning, type Packet, type PacketSink, packetWith } from '../capture/packets/index.js';
import { Files } from '../node/files.js';
import { withPauses } from '../node/input.js';
import type { Output } from '../node/output.js';
import { Progress } from '../node/progress.js';
import type { Stdio } from '../node/stdio.js';
import { terminalWidth } from '../node/terminal.js';
import type { Protocol } from '../schema/index.js';
import { exitCodes } from './exit-codes.js';
import { inOrderOfTime, StopReading } from './merge.js';
import { wrapRows } from './notes.js';
import { type OutputForm, outputForm } from './output-form.js';

/** Largest number of warnings that are printed. Further ones are only counted. */
const warningsMax = 20;

/** The name of an input in messages. */
export function nameOfInput(path: string): string {
  return path === '-' ? 'standard input' : path;
}

/** How captures are read. `follow`: goes on when the end of the file is reached, also in files that take its place. */
export interface ReadOptions extends InputOptions {
  readonly follow?: boolean;
  /** Called with each piece of the contents before it is read. */
  readonly before?: PieceSink | undefined;
}

/** @param state where reading has come to; undefined if nothing but this reader can go on from there. */
export type PieceSink = (piece: Uint8Array, state: () => InputState | undefined) => Promise<void>;

/** What the commands share: the protocol, the standard streams, messages to the user, and the exit code. */
export class CommandIo {
  exitCode: number = exitCodes.ok;
  readonly #stop = new AbortController();
  /** What the command does when it is interrupted. The process is listened to once, however many files it reads. */
  readonly #stops: (() => void)[] = [];
  readonly files: Files;
  /** Why an input could not be read to its end. */
  #damage: string | undefined;
  #isQuiet = false;
  #stdio: Stdio;

  constructor(
    readonly protocol: Protocol,
    stdio: Stdio,
  ) {
    this.#stdio = stdio;
    this.files = new Files(stdio);
  }

  get stdio(): Stdio {
    return this.#stdio;
  }

  /** From now on nothing but errors goes to stderr: no notes, no warnings about packets, no progress. */
  beQuiet(): void {
    this.#isQuiet = true;
    this.#stdio = { ...this.#stdio, errorIsTerminal: false };
  }

  /** Notes that an input cannot be read any further. The command goes on with what came before. */
  damaged(text: string): void {
    this.#damage ??= text;
    this.warn(text);
    this.problem();
  }

  /** Notes that the input has a problem: the exit code will be 1. The command goes on. */
  problem(): void {
    this.exitCode = Math.max(this.exitCode, exitCodes.problems);
  }

  /** Prints a line on stderr. Control characters are escaped, since the text may contain input. */
  warn(text: string): void {
    this.stdio.writeError(`gunyah-rm: ${printable(text)}\n`);
  }

  /** As {@link warn}, for what is no error. Nothing if the command is to be quiet. */
  note(text: string): void {
    if (!this.#isQuiet) this.warn(text);
  }

  /**
   * Opens an output: a file, or standard output for `-`.
   *
   * @param form of what will be written. @param option that names the output.
   * @throws UsageError if the name's ending stands for another form, or if it is a file that the command reads.
   */
  output(path: string, form: OutputForm = 'text', option = '--output'): Output {
    outputForm(path, form, form, option);
    return this.files.output(path, option);
  }

  /**
   * Ends an output. If an input was cut short, the output is kept with what came before, and that is said. It is given
   * up if nothing came before.
   *
   * @param isEmpty nothing of the input is in it. @throws FileError
   */
  end(output: Output, isEmpty = output.isEmpty): void {
    if (this.#damage === undefined || output.file === undefined) output.end();
    else if (isEmpty) {
      output.discard();
      this.warn(`${output.file}: not written, since nothing could be read`);
    } else {
      output.end();
      this.warn(`${output.file}: holds only what came before the damage`);
    }
  }

  /** Calls `stop` when the user interrupts the command, whose exit code is then {@link exitCodes.interrupted}. */
  onInterrupt(stop: () => void): void {
    if (this.#stops.length === 0)
      this.stdio.onStop(() => {
        this.#stop.abort();
        for (const one of this.#stops) one();
      });
    this.#stops.push(stop);
  }

  /** Whether the user has interrupted the command. */
  get isInterrupted(): boolean {
    return this.#stop.signal.aborted;
  }

  /** The pieces of a scenario or of what is read as one, up to an interrupt. @throws FileError, FileConflict, WireError */
  scenarioPieces(path: string): AsyncIterable<Uint8Array> {
    if (this.#stops.length === 0) this.onInterrupt(() => {});
    return this.files.scenario(path, this.#stop.signal);
  }

  /** Whether the reader of an output has gone, so that the rest of the work is in vain. */
  get isOutputClosed(): boolean {
    return this.files.isOutputClosed;
  }

  /** Writes a whole output: a file, or standard output for `-`. */
  print(path: string, text: string, form: OutputForm = 'text'): void {
    const output = this.output(path, form);
    output.write(text);
    output.end();
  }

  /** As {@link print}, of rows that are wrapped at the width of a terminal. */
  printRows(path: string, text: string): void {
    const columns = path === '-' ? terminalWidth(this.stdio) : undefined;
    this.print(path, columns === undefined ? text : wrapRows(text, columns));
  }

  /**
   * Reads captures and passes their packets to `sink`: of several captures in the order of time, numbered anew. Without
   * `format` the format is detected. An error in a file is printed after all packets before it have been passed on, and
   * makes the exit code 1. `pause` is called after each piece, before the command waits for the next one. Reading ends
   * early when the reader of an output has gone, the sink throws {@link StopReading}, or the user interrupts it: then the
   * command prints what it has.
   *
   * @returns whether all was read. @throws FileError if a file cannot be read.
   */
  async readCaptures(
    paths: readonly string[],
    format: InputFormat | undefined,
    sink: PacketSink,
    pause = () => {},
    options: ReadOptions = {},
  ): Promise<boolean> {
    this.onInterrupt(() => {});
    const read = (path: string, own: PacketSink) =>
      options.follow
        ? this.#followingCapture(path, format, own, pause, options)
        : this.readingCapture(path, format, own, pause, options, this.#stdio.threads?.pieceSize);
    const [first, ...others] = paths;
    const pieces =
      first !== undefined && others.length === 0 ? read(first, sink) : inOrderOfTime(paths, read, sink);
    try {
      for await (const _ of pieces) if (this.isOutputClosed) return false;
      return !this.isInterrupted;
    } catch (error) {
      if (!(error instanceof StopReading)) throw error;
      return false;
    }
  }

  /** One capture, for commands that read captures by turns: stops after each piece of `pieceSize` bytes. */
  async *readingCapture(
    path: string,
    format: InputFormat | undefined,
    sink: PacketSink,
    pause = () => {},
    options: ReadOptions = {},
    pieceSize = Number.POSITIVE_INFINITY,
  ): AsyncGenerator<void> {
    const progress = new Progress(this.stdio, path);
    const pieces = this.files.contents(path, this.#stop.signal, (size) => progress.advance(size));
    // Standard input may be a trace that is being recorded.
    const contents = path === '-' ? withPauses(pieces) : pieces;
    const clear = () => progress.end();
    yield* this.#readingContents(nameOfInput(path), contents, format, sink, pause, options, pieceSize, clear);
  }

  /** A file that grows. The packets are numbered through all files that take its place. */
  async *#followingCapture(
    path: string,
    format: InputFormat | undefined,
    sink: PacketSink,
    pause: () => void,
    options: InputOptions,
  ): AsyncGenerator<void> {
    let before = 0;
    let frame = 0;
    const numbered = (packet: Packet) => {
      frame = before + packet.frame;
      sink(before === 0 ? packet : packetWith(packet, { frame }));
    };
    for await (const part of this.files.follow(path, this.#stop.signal)) {
      before = frame;
      yield* this.#readingContents(path, withPauses(part), format, numbered, pause, options);
    }
  }

  #noMessage(name: string, { format, lines }: EmptyText): void {
    const where = lines === 1 ? '1 line' : `${lines} lines`;
    this.note(
      `${name}: no message found in ${where}, read as ${format} (describe --formats shows what is looked for)`,
    );
  }

  /** @param contents undefined: nothing comes for the moment. */
  async *#readingContents(
    name: string,
    contents: AsyncIterable<Uint8Array | undefined>,
    format: InputFormat | undefined,
    sink: PacketSink,
    pause: () => void,
    options: ReadOptions,
    pieceSize = Number.POSITIVE_INFINITY,
    clear = () => {},
  ): AsyncGenerator<void> {
    const warnings = new Warnings(this, name, pause);
    const warn = (warning: CaptureWarning) => warnings.add(warning);
    const input = new CaptureInput(this.protocol, format, sink, warn, options);
    try {
      for await (const chunk of contents) {
        if (chunk === undefined) {
          input.settle();
          pause();
          yield;
          continue;
        }
        for (let at = 0; at < chunk.length; at += pieceSize) {
          const piece = chunk.subarray(at, at + pieceSize);
          await options.before?.(piece, () => input.state);
          input.push(piece);
          pause();
          yield;
        }
      }
      input.end();
      if (input.emptyText !== undefined && !this.isInterrupted) this.#noMessage(name, input.emptyText);
    } catch (error) {
      if (!(error instanceof WireError)) throw error;
      // The input was cut by the user.
      if (this.isInterrupted) return;
      clear();
      pause();
      this.damaged(`${name}: ${errorText(error)}`);
    } finally {
      clear();
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

  add({ frame, offset, message, isNote }: CaptureWarning): void {
    this.#count++;
    // Flush the output, so that the warning comes after what was printed before.
    if (this.#count <= warningsMax) this.#pause();
    if (!isNote) this.#io.problem();
    if (this.#count <= warningsMax)
      this.#io.note(`${this.#name}: packet ${frame}, offset ${offset}: ${message}`);
  }

  end(): void {
    if (this.#count > warningsMax) this.#io.note(`${this.#name}: ${this.#count - warningsMax} more warnings`);
  }
}
