import { closeSync, fstatSync, openSync, readSync, statSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { attempt } from './file-error.js';
import { turn } from './timing.js';

/** Milliseconds between two looks at the file. Watching by events fails on network and device file systems. */
const pollMs = 50;
const pieceSize = 256 * 1024;

/**
 * A file that others write, up to `stop`, in parts. A new part begins when another file has taken the file's name
 * (rotation) and the old one is read to its end, or when the file has become shorter. What is written between two looks
 * into a file that was cut and has then grown beyond its old size cannot be told from growth.
 *
 * @throws FileError if there is no such file at the beginning, or if it cannot be read.
 */
export async function* followFile(
  path: string,
  stop: AbortSignal,
): AsyncGenerator<AsyncIterable<Uint8Array>> {
  let file = new GrowingFile(path);
  try {
    while (!stop.aborted) {
      yield file.part(stop);
      if (!file.isReplaced()) continue;
      file.close();
      file = new GrowingFile(path);
    }
  } finally {
    file.close();
  }
}

class GrowingFile {
  readonly #path: string;
  readonly #fd: number;
  #position = 0;

  constructor(path: string) {
    this.#path = path;
    this.#fd = attempt(path, () => openSync(path, 'r'));
  }

  /** What is there and what is added, until the file is replaced or cut. An array is reused for the next. */
  async *part(stop: AbortSignal): AsyncGenerator<Uint8Array> {
    const buffer = new Uint8Array(pieceSize);
    while (!stop.aborted) {
      // Before the last look for bytes, since the writer may go on between the two.
      const isReplaced = this.isReplaced();
      let isAtEnd = true;
      for (let size = this.#read(buffer); size > 0 && !stop.aborted; size = this.#read(buffer)) {
        isAtEnd = false;
        yield buffer.subarray(0, size);
        await turn();
      }
      if (!isAtEnd) continue;
      if (isReplaced) return;
      if (this.#isCut()) {
        this.#position = 0;
        return;
      }
      await sleep(pollMs, undefined, { signal: stop }).catch(() => {});
    }
  }

  /** Whether the name stands for another file now. A name that is gone may come back. */
  isReplaced(): boolean {
    const named = statSync(this.#path, { throwIfNoEntry: false });
    const own = fstatSync(this.#fd);
    return named !== undefined && (named.ino !== own.ino || named.dev !== own.dev);
  }

  close(): void {
    closeSync(this.#fd);
  }

  #isCut(): boolean {
    return fstatSync(this.#fd).size < this.#position;
  }

  #read(buffer: Uint8Array): number {
    const size = attempt(this.#path, () => readSync(this.#fd, buffer, 0, buffer.length, this.#position));
    this.#position += size;
    return size;
  }
}
