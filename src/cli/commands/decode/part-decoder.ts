import { Output } from '../../../node/output.js';
import type { CommandIo } from '../../io.js';
import { Decoder } from './decoder.js';
import type { DecodeOptions } from './options.js';
import type { Plan } from './plan.js';

/** Bytes of the memory for a part of the output: more than is mostly written at once. */
export const partSize = 256 * 1024;

/** What a piece of a capture makes. */
export interface PieceResult {
  readonly output: readonly Uint8Array<SharedArrayBuffer>[];
  readonly isProblem: boolean;
  /** The memory of the piece, for the next one. */
  readonly memory?: SharedArrayBuffer;
  /** Memory for outputs that was lent and not needed. */
  readonly unused?: readonly SharedArrayBuffer[];
}

/**
 * Decodes pieces of a capture, and keeps what it prints. The memory of that is shared by all threads and used again and
 * again: V8 counts new memory, and also memory that is moved between threads, and would look for garbage in all of the
 * heap every few pieces.
 */
export class PartDecoder {
  readonly #decoder: Decoder;
  readonly #output: Output;
  #printed: Uint8Array<SharedArrayBuffer>[] = [];
  readonly #spare: SharedArrayBuffer[];

  /** @param spare memory for outputs, which the owner fills again with that of results. */
  constructor(io: CommandIo, options: DecodeOptions, plan: Plan, spare: SharedArrayBuffer[]) {
    this.#spare = spare;
    this.#output = Output.toStandard({
      ...io.stdio,
      write: (bytes) => this.#printed.push(this.#copy(bytes)) > 0,
    });
    this.#decoder = new Decoder(io, this.#output, options, plan, true);
  }

  get assembler(): Decoder['assembler'] {
    return this.#decoder.assembler;
  }

  /** What the packets since the last call have made. */
  take(): PieceResult {
    this.#output.flush();
    const result = { output: this.#printed, isProblem: this.#decoder.isProblem };
    this.#printed = [];
    this.#decoder.isProblem = false;
    return result;
  }

  #copy(bytes: Uint8Array): Uint8Array<SharedArrayBuffer> {
    const { length } = bytes;
    const memory =
      length > partSize
        ? new SharedArrayBuffer(length)
        : (this.#spare.pop() ?? new SharedArrayBuffer(partSize));
    const copy = new Uint8Array(memory, 0, length);
    copy.set(bytes);
    return copy;
  }
}
