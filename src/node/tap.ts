import { PcapngWriter } from '../capture/pcap/index.js';
import { wallClock } from './clock.js';
import { Output } from './output.js';

/** What is written at once while messages flow; someone who watches the file sees them no later. */
const flushIntervalMs = 200;

/** A pcapng file of messages as they happen, stamped with the wall clock. */
export class Tap {
  readonly #output: Output;
  readonly #writer: PcapngWriter;
  #flush: NodeJS.Timeout | undefined;
  /** Completed, or spoilt by a write that failed. */
  #closed = false;

  readonly #onError: (error: unknown) => void;

  /**
   * @param path `-` for standard output. @param onError gets the FileError or ClosedPipe of a write that fails;
   * nothing more is written after it.
   * @throws FileError when the file cannot be made.
   */
  constructor(path: string, onError: (error: unknown) => void) {
    this.#onError = onError;
    this.#output = new Output(path);
    this.#output.open();
    this.#writer = new PcapngWriter((bytes) => this.#output.bytes(bytes));
  }

  /** Adds a message; none after the end. @param comment what is to be said about it. */
  message(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    if (this.#closed) return;
    this.#attempt(() => this.#writer.packet(from, to, message, 0, message.byteLength, wallClock(), comment));
    if (this.#closed) return;
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#attempt(() => this.#writer.flush());
    }, flushIntervalMs);
  }

  /** Completes the file. @throws FileError or ClosedPipe, unless a write has failed before. */
  end(): void {
    clearTimeout(this.#flush);
    if (this.#closed) return;
    this.#closed = true;
    this.#writer.end();
    this.#output.end();
  }

  #attempt(action: () => void): void {
    try {
      action();
    } catch (error) {
      this.#closed = true;
      clearTimeout(this.#flush);
      this.#onError(error);
    }
  }
}
