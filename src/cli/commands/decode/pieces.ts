import type { InputState } from '../../../capture/input/index.js';
import { Assembler, type AssemblerState } from '../../../capture/records/index.js';
import type { Output } from '../../../node/output.js';
import type { Threads } from '../../../node/threads.js';
import { rulesOf } from '../../../rpc/index.js';
import type { CommandIo, PieceSink } from '../../io.js';
import { TaskQueue } from '../../task-queue.js';
import type { Decoder } from './decoder.js';
import type { DecodeOptions } from './options.js';

/** What a thread must know of the command line. */
export interface DecodeSetup {
  readonly files: readonly string[];
  readonly options: DecodeOptions;
  readonly columns: number | undefined;
  readonly env: Readonly<Record<string, string | undefined>>;
}

/** A piece of a capture, cut anywhere, and all that the bytes before mean for it. */
export interface Piece {
  readonly input: InputState;
  readonly assembler: AssemblerState;
  readonly bytes: Uint8Array;
  /** Nothing follows: what is incomplete stays so. */
  readonly isLast: boolean;
}

/** What a thread makes of a piece. */
export interface PieceResult {
  readonly output: readonly Uint8Array[];
  readonly isProblem: boolean;
  /** Of the thread's sink. */
  readonly part: unknown;
}

/** A piece that grows. */
interface OpenPiece extends Omit<Piece, 'isLast'> {
  size: number;
}

/** The variables that the colours of the output depend on. */
const variables = ['NO_COLOR', 'FORCE_COLOR'];

/**
 * Has several threads decode a capture. The first megabytes are decoded here, so that a small capture needs no threads.
 * From there on this thread only reads headers: it follows which fragments make a message and which reply answers which
 * request. Each thread gets pieces of the file with what this thread knows at their beginning, and goes on from there
 * as if it had read all of the file. What they print is put together in the order of the file.
 */
export class Pieces {
  /** Takes the packets. */
  assembler: Assembler;
  readonly #io: CommandIo;
  readonly #output: Output;
  readonly #threads: Threads | undefined;
  readonly #count: number;
  readonly #setup: DecodeSetup;
  readonly #decoder: Decoder;
  #read = 0;
  #queue: TaskQueue<Piece, PieceResult> | undefined;
  #open: OpenPiece | undefined;

  constructor(
    io: CommandIo,
    output: Output,
    files: readonly string[],
    options: DecodeOptions,
    decoder: Decoder,
  ) {
    this.#io = io;
    this.#output = output;
    this.#decoder = decoder;
    this.assembler = decoder.assembler;
    const { threads, columns, env } = io.stdio;
    const [file = '-', more] = files;
    const canSplit =
      decoder.sink.isLocal === true &&
      more === undefined &&
      !options.follow &&
      options.limit === undefined &&
      io.files.isRegular(file);
    this.#threads = canSplit ? threads : undefined;
    this.#count = options.jobs ?? threads?.cores ?? 1;
    const own = Object.fromEntries(variables.map((name) => [name, env[name]]));
    this.#setup = { files, options, columns, env: own };
  }

  /** Takes each piece of the file before it is read. */
  readonly before: PieceSink = async (bytes, state) => {
    const threads = this.#threads;
    if (threads === undefined || this.#count < 2) return;
    if (this.#queue === undefined) {
      this.#read += bytes.length;
      if (this.#read <= threads.from || state() === undefined) return;
      this.#start(threads);
    }
    const open = this.#open;
    if (open !== undefined && open.size + bytes.length > open.bytes.length) await this.#give(open, false);
    this.#open ??= {
      input: state() as InputState,
      assembler: this.assembler.state,
      bytes: new Uint8Array(Math.max(bytes.length, threads.pieceSize)),
      size: 0,
    };
    this.#open.bytes.set(bytes, this.#open.size);
    this.#open.size += bytes.length;
  };

  /** All pieces have come. @param isWhole reading went to the end of the file. */
  async finish(isWhole: boolean): Promise<void> {
    if (this.#queue === undefined) {
      if (isWhole) this.assembler.end();
      return;
    }
    if (this.#open !== undefined) await this.#give(this.#open, isWhole);
    await this.#queue.finish();
  }

  /** Ends the threads. */
  end(): void {
    this.#queue?.end();
  }

  #start(threads: Threads): void {
    const take = ({ output, isProblem, part }: PieceResult) => {
      for (const bytes of output) this.#output.bytes(bytes);
      if (isProblem) this.#io.problem();
      this.#decoder.sink.merge?.(part);
    };
    this.#queue = new TaskQueue(threads, this.#count, 'decode', this.#setup, take);
    const { protocol } = this.#io;
    const { state } = this.assembler;
    this.assembler = new Assembler({ protocol, rules: rulesOf(this.#setup.options.rules), reuses: true });
    this.assembler.load(state);
  }

  async #give({ bytes, size, ...state }: OpenPiece, isLast: boolean): Promise<void> {
    this.#open = undefined;
    const piece = { ...state, bytes: bytes.subarray(0, size), isLast };
    await this.#queue?.give(piece, [bytes.buffer as ArrayBuffer]);
  }
}
