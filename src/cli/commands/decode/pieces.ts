import type { InputState } from '../../../capture/input/index.js';
import { Assembler, type AssemblerState } from '../../../capture/records/index.js';
import type { Output } from '../../../node/output.js';
import type { Threads } from '../../../node/threads.js';
import { rulesOf } from '../../../rpc/index.js';
import type { CommandIo, PieceSink } from '../../io.js';
import { endOrStop } from '../../merge.js';
import { TaskQueue } from '../../task-queue.js';
import type { Decoder } from './decoder.js';
import type { DecodeOptions } from './options.js';
import { PartDecoder, type PieceResult, partSize } from './part-decoder.js';
import type { Plan } from './plan.js';

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
  readonly bytes: Uint8Array<SharedArrayBuffer>;
  /** Nothing follows: what is incomplete stays so. */
  readonly isLast: boolean;
  /** Memory of earlier results, for the output. */
  readonly spare: readonly SharedArrayBuffer[];
}

/** A piece that grows: for a thread, or, without `piece`, decoded here. */
interface OpenPiece {
  readonly piece: Omit<Piece, 'isLast' | 'spare'> | undefined;
  size: number;
}

/** What decodes pieces. */
interface Shared {
  readonly queue: TaskQueue<Piece, PieceResult>;
  /** Decodes pieces in this thread. */
  readonly own: PartDecoder;
  /** Follows the pieces that others decode. */
  readonly headers: Assembler;
}

/** The variables that the colours of the output depend on. */
const variables = ['NO_COLOR', 'FORCE_COLOR'];

/** Results for each thread that may wait for their place in the output, so that memory does not grow. */
const waitingMax = 2;

/**
 * Share of messages that must have become records before threads are started, 0..1. This thread follows each message, also
 * of the pieces that others decode. Where most messages are only followed, others have nothing to do for it.
 */
const recordShareMin = 1 / 3;

/**
 * Has several threads decode a capture. A small capture needs no threads, nor does one of which few messages are wanted.
 * Of a large one the beginning is decoded here, which tells the format and how many messages are wanted. From there on the
 * file is cut into pieces. A piece is given to a thread that has nothing to do, with all that the bytes before mean for it:
 * the thread goes on as if it had read them. This thread then only reads the headers of the piece: it follows which
 * fragments make a message, and which reply answers which request. If no thread is free it decodes the piece itself. What
 * all print is put together in the order of the file.
 */
export class Pieces {
  /** Takes the packets. */
  assembler: Assembler;
  readonly #io: CommandIo;
  readonly #output: Output;
  readonly #threads: Threads | undefined;
  readonly #jobs: number;
  readonly #setup: DecodeSetup;
  readonly #plan: Plan;
  readonly #decoder: Decoder;
  /** Bytes of the file, which may be compressed. */
  readonly #size: number;
  #read = 0;
  #shared: Shared | undefined;
  #open: OpenPiece | undefined;
  /** Memory of outputs and of pieces, to be used again. */
  readonly #spare: SharedArrayBuffer[] = [];
  /** Outputs of the largest piece so far: so much memory is lent to a thread with a piece. */
  #outputsMax = 0;
  readonly #memory: SharedArrayBuffer[] = [];

  constructor(
    io: CommandIo,
    output: Output,
    files: readonly string[],
    options: DecodeOptions,
    plan: Plan,
    decoder: Decoder,
  ) {
    this.#io = io;
    this.#output = output;
    this.#plan = plan;
    this.#decoder = decoder;
    this.assembler = decoder.assembler;
    const { threads, columns, env } = io.stdio;
    const [file = '-', more] = files;
    const size = io.files.sizeOf(file);
    const canSplit =
      decoder.sink.isLocal === true &&
      more === undefined &&
      !options.follow &&
      options.limit === undefined &&
      size !== undefined;
    this.#size = size ?? 0;
    this.#jobs = options.jobs;
    this.#threads = canSplit && this.#jobs > 1 ? threads : undefined;
    const own = Object.fromEntries(variables.map((name) => [name, env[name]]));
    this.#setup = { files, options, columns, env: own };
  }

  /** Takes each piece of the file before it is read. */
  readonly before: PieceSink = async (bytes, state) => {
    const threads = this.#threads;
    if (threads === undefined) return;
    if (this.#shared === undefined) {
      this.#read += bytes.length;
      if (Math.max(this.#read, this.#size) <= threads.from.decode || state() === undefined) return;
      if (this.#decoder.recordShare < recordShareMin) return;
      this.#shared = this.#share(threads);
    }
    const { queue } = this.#shared;
    if (this.#open !== undefined && this.#open.size + bytes.length > threads.pieceSize) this.#close(false);
    if (this.#open === undefined) {
      await queue.atMost(waitingMax * this.#jobs);
      this.#open = this.#begin(this.#shared, Math.max(bytes.length, threads.pieceSize), state);
    }
    this.#open.piece?.bytes.set(bytes, this.#open.size);
    this.#open.size += bytes.length;
  };

  /** All pieces have come. @param isWhole reading went to the end of the file. */
  async finish(isWhole: boolean): Promise<void> {
    if (this.#shared === undefined) {
      if (isWhole) endOrStop(this.assembler);
      return;
    }
    this.#close(isWhole);
    await this.#shared.queue.atMost(0);
  }

  /** Ends the threads. */
  end(): void {
    this.#shared?.queue.end();
  }

  #share(threads: Threads): Shared {
    const take = ({ output, isProblem, memory, unused = [] }: PieceResult) => {
      for (const bytes of output) {
        this.#output.bytes(bytes);
        if (bytes.buffer.byteLength === partSize) this.#spare.push(bytes.buffer);
      }
      this.#spare.push(...unused);
      this.#outputsMax = Math.max(this.#outputsMax, output.length);
      if (memory !== undefined) this.#memory.push(memory);
      if (isProblem) this.#io.problem();
    };
    const { protocol } = this.#io;
    const { options } = this.#setup;
    return {
      queue: new TaskQueue(threads, this.#jobs - 1, 'decode', this.#setup, take),
      own: new PartDecoder(this.#io, options, this.#plan, this.#spare),
      headers: new Assembler({ protocol, rules: rulesOf(options.rules), reuses: true }),
    };
  }

  #begin({ queue, own, headers }: Shared, capacity: number, state: () => InputState | undefined): OpenPiece {
    if (!queue.hasRoom) {
      this.#goOn(own.assembler);
      return { piece: undefined, size: 0 };
    }
    this.#goOn(headers);
    const assembler = headers.state;
    const memory = this.#memory.pop();
    const bytes = new Uint8Array(
      memory !== undefined && memory.byteLength >= capacity ? memory : new SharedArrayBuffer(capacity),
    );
    return { piece: { input: state() as InputState, assembler, bytes }, size: 0 };
  }

  /** From now on this assembler takes the packets. */
  #goOn(next: Assembler): void {
    if (next === this.assembler) return;
    next.load(this.assembler.state);
    this.assembler = next;
  }

  #close(isLast: boolean): void {
    const { queue, own } = this.#shared as Shared;
    const { piece, size } = this.#open as OpenPiece;
    this.#open = undefined;
    if (piece === undefined) {
      if (isLast) this.assembler.end();
      queue.add(own.take());
    } else {
      const { bytes } = piece;
      const spare = this.#spare.splice(0, this.#outputsMax);
      queue.give({ ...piece, bytes: bytes.subarray(0, size), isLast, spare });
    }
  }
}
