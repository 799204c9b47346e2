import { constants, fstatSync, openSync, statSync } from 'node:fs';
import { Socket } from 'node:net';
import { FileError } from './file-error.js';
import type { Stdio } from './stdio.js';

/** Bytes that wait for a reader. What comes when they are full is refused. */
const waitingMax = 1024 * 1024;
/** A pipe takes so many bytes whole or not at all (PIPE_BUF of Linux), so that it never ends inside a piece. */
export const PIECE_MAX = 4096;
/** Time until a named pipe without a reader is tried again. */
const retryMs = 100;
/** Time for a reader to take what waits at the end. */
const endMs = 400;

/** Writes to a pipe whose reader may be slow or absent, and never waits for it. */
export class PatientPipe {
  readonly #name: string;
  readonly #onClosed: (error: FileError | undefined) => void;
  readonly #waiting: Uint8Array[] = [];
  #size = 0;
  #socket: Socket | undefined;
  #isBusy = false;
  #retry: NodeJS.Timeout | undefined;
  #drained: (() => void) | undefined;

  private constructor(name: string, onClosed: (error: FileError | undefined) => void) {
    this.#name = name;
    this.#onClosed = onClosed;
  }

  /**
   * The pipe at a path, or standard output for `-`; undefined if that is no pipe.
   *
   * @param onClosed is called when its reader has gone, or with the error of a failed write.
   */
  static open(
    stdio: Stdio,
    path: string,
    onClosed: (error: FileError | undefined) => void,
  ): PatientPipe | undefined {
    const fd = path === '-' ? stdio.outputFd : undefined;
    if (path === '-' && fd === undefined) return undefined;
    const stats = fd === undefined ? statSync(path, { throwIfNoEntry: false }) : fstatSync(fd);
    if (stats?.isFIFO() !== true && (fd === undefined || stats?.isSocket() !== true)) return undefined;
    const pipe = new PatientPipe(path, onClosed);
    if (fd === undefined) pipe.#connect();
    else pipe.#use(fd);
    return pipe;
  }

  /** Takes a piece of at most {@link PIECE_MAX} bytes. @returns false if too much waits already. */
  offer(piece: Uint8Array): boolean {
    if (this.#size + piece.length > waitingMax) return false;
    this.#waiting.push(piece);
    this.#size += piece.length;
    this.#pump();
    return true;
  }

  /** Waits a moment for the reader to take what waits, and gives up the rest. @returns whether all was taken. */
  async end(): Promise<boolean> {
    if (this.#size > 0) {
      await new Promise<void>((done) => {
        this.#drained = done;
        setTimeout(done, endMs).unref();
      });
    }
    clearTimeout(this.#retry);
    this.#socket?.destroy();
    return this.#size === 0;
  }

  /** A named pipe can be opened for writing when it has a reader. */
  #connect(): void {
    try {
      this.#use(openSync(this.#name, constants.O_WRONLY | constants.O_NONBLOCK));
    } catch (error) {
      if ((error as NodeJS.ErrnoException).code !== 'ENXIO') this.#onClosed(new FileError(this.#name, error));
      else this.#retry = setTimeout(() => this.#connect(), retryMs);
    }
  }

  #use(fd: number): void {
    const socket = new Socket({ fd, readable: false, writable: true });
    socket.on('error', (error: NodeJS.ErrnoException) =>
      this.#onClosed(error.code === 'EPIPE' ? undefined : new FileError(this.#name, error)),
    );
    this.#socket = socket;
    this.#pump();
  }

  /** Gives the socket whole pieces, one write at a time: what it holds back is at most one write. */
  #pump(): void {
    if (this.#isBusy || this.#socket === undefined) return;
    const pieces: Uint8Array[] = [];
    let size = 0;
    for (
      let next = this.#waiting[0];
      next !== undefined && size + next.length <= PIECE_MAX;
      next = this.#waiting[0]
    ) {
      pieces.push(next);
      size += next.length;
      this.#waiting.shift();
    }
    if (size === 0) {
      this.#drained?.();
      return;
    }
    this.#isBusy = true;
    this.#socket.write(Buffer.concat(pieces), (error) => {
      this.#isBusy = false;
      if (error) return;
      this.#size -= size;
      this.#pump();
    });
  }
}
