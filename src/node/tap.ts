import { PcapngWriter } from '../capture/pcap/index.js';
import { wallClock } from './clock.js';
import type { Output } from './output.js';

/** Messages are in the file at the latest after this time, for readers that follow it. */
const flushIntervalMs = 200;

/** Writes messages to a pcapng file while they happen, with the time of the wall clock. */
export class Tap {
  readonly #output: Output;
  readonly #writer: PcapngWriter;
  #flush: NodeJS.Timeout | undefined;
  /** The file is complete, or a write has failed. */
  #closed = false;

  readonly #onError: (error: unknown) => void;
  readonly #onClosed: () => void;

  /**
   * @param output nothing else may write to it. @param onError is called with the FileError of a failed write. Nothing
   * is written after it. @param onClosed is called when the reader of the output is gone.
   * @throws FileError if the file cannot be made.
   */
  constructor(output: Output, onError: (error: unknown) => void, onClosed: () => void) {
    this.#onError = onError;
    this.#onClosed = onClosed;
    this.#output = output;
    this.#output.publish();
    this.#writer = new PcapngWriter((bytes) => this.#output.bytes(bytes));
  }

  /** Adds a message. Does nothing after the end. @param comment comment of the packet in the file. */
  message(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    if (this.#closed) return;
    this.#attempt(() => this.#writer.packet(from, to, message, 0, message.byteLength, wallClock(), comment));
    if (this.#closed) return;
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#attempt(() => this.#writer.flush());
    }, flushIntervalMs);
  }

  /** Completes the file. Does nothing after a failed write. @throws FileError */
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
      if (!this.#output.isClosed) return;
      this.#closed = true;
      this.#onClosed();
    } catch (error) {
      this.#closed = true;
      clearTimeout(this.#flush);
      this.#onError(error);
    }
  }
}
