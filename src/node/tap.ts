import { PcapngWriter } from '../capture/pcap/index.js';
import { wallClock } from './clock.js';
import { FileError } from './file-error.js';
import type { Output } from './output.js';
import { PatientPipe } from './patient-pipe.js';
import type { Stdio } from './stdio.js';

/** Messages are in a file at the latest after this time, for readers that follow it. */
const flushIntervalMs = 200;
/** Bytes of a message that are written to a pipe, so that its block is one piece. Queues take at most 240 bytes. */
const pipedSizeMax = 3072;

/** What a tap tells whoever has made it. */
export interface TapEvents {
  readonly warn: (text: string) => void;
  /** The reader of the output has gone. */
  readonly closed: () => void;
}

/**
 * Writes messages as pcapng while they happen, with the time of the wall clock. A file is in its place from
 * {@link open} on, and can be read while it grows. Nobody waits for the reader of a pipe: when too much waits for it,
 * packets are dropped, which the capture and a warning count. After a failed write nothing more is recorded, since peers
 * must not lose anything by it: a warning says so at once, and {@link end} throws.
 */
export class Tap {
  readonly #output: Output;
  readonly #pipe: PatientPipe | undefined;
  readonly #events: TapEvents;
  readonly #writer: PcapngWriter;
  #flush: NodeJS.Timeout | undefined;
  /** Nothing is written any more: it has ended or failed. */
  #closed = false;
  #failure: unknown;
  /** Messages that came after the failure. */
  #missed = 0;
  #isOpen = false;
  #received = 0;
  #dropped = 0;
  /** Dropped packets that no packet in the capture has counted. */
  #uncounted = 0;
  #isRefused = false;

  /** @param output nothing else may write to it. */
  constructor(stdio: Stdio, path: string, output: Output, events: TapEvents) {
    this.#events = events;
    this.#output = output;
    this.#pipe = PatientPipe.open(stdio, path, (error) => this.#close(error));
    const pipe = this.#pipe;
    this.#writer = new PcapngWriter(
      // The writer uses its array again.
      pipe === undefined
        ? (bytes) => output.bytes(bytes)
        : (bytes) => {
            this.#isRefused = !pipe.offer(bytes.slice());
          },
    );
    if (pipe !== undefined) this.#writer.flush();
  }

  /** The file takes its place. Before, an older one stays there. @throws FileError */
  open(): void {
    this.#isOpen = true;
    if (this.#pipe === undefined) this.#output.publish();
  }

  /** Adds a message. Does nothing after the end. @param comment comment of the packet. */
  message(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    if (this.#closed) {
      this.#missed++;
      return;
    }
    if (this.#pipe === undefined) this.#toFile(from, to, message, comment);
    else this.#toPipe(from, to, message, comment);
  }

  /** Completes the capture. @throws FileError that of an earlier write, too */
  async end(): Promise<void> {
    clearTimeout(this.#flush);
    if (!this.#closed) {
      this.#closed = true;
      this.#writer.statistics(wallClock(), this.#received, this.#dropped);
      this.#writer.end();
      if (this.#pipe === undefined && this.#isOpen) this.#output.end();
    }
    if ((await this.#pipe?.end()) === false) this.#events.warn('tap: its reader has not taken everything');
    if (this.#dropped > 0) this.#events.warn(`tap: ${this.#dropped} packets were dropped`);
    if (this.#failure === undefined) return;
    if (this.#missed > 0) this.#events.warn(`tap: ${this.#missed} messages were not recorded`);
    throw this.#failure;
  }

  #toFile(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    this.#received++;
    this.#attempt(() => this.#writer.packet(from, to, message, 0, message.byteLength, wallClock(), comment));
    if (this.#closed) return;
    this.#flush ??= setTimeout(() => {
      this.#flush = undefined;
      this.#attempt(() => this.#writer.flush());
    }, flushIntervalMs);
  }

  #toPipe(from: number, to: number, message: Uint8Array, comment: string | undefined): void {
    const size = message.byteLength;
    const facts = { dropped: this.#uncounted, size };
    this.#writer.packet(
      from,
      to,
      message,
      0,
      Math.min(size, pipedSizeMax),
      wallClock(),
      comment,
      undefined,
      facts,
    );
    this.#writer.flush();
    this.#received++;
    this.#uncounted = this.#isRefused ? this.#uncounted + 1 : 0;
    if (!this.#isRefused) return;
    if (this.#dropped === 0) this.#events.warn('tap: its reader is too slow, packets are dropped');
    this.#dropped++;
  }

  #attempt(action: () => void): void {
    try {
      action();
      if (this.#output.isClosed) this.#close(undefined);
    } catch (error) {
      this.#close(error);
    }
  }

  #close(error: unknown): void {
    if (this.#closed) return;
    this.#closed = true;
    clearTimeout(this.#flush);
    if (error === undefined) {
      this.#events.closed();
      return;
    }
    this.#failure = error;
    const reason = error instanceof FileError ? `${error.file}: ${error.message}` : String(error);
    this.#events.warn(`tap: ${reason}; nothing more is recorded`);
  }
}
