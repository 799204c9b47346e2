import { type ByteWriter, preparedText } from '../base/byte-writer.js';
import { HexDecoder } from '../base/hex-decoder.js';
import { printable } from '../base/text.js';
import type { FileContents } from '../machine/index.js';
import { readLine, writeReceived } from './lines.js';
import type { LocalTarget } from './target.js';

const ok = preparedText('ok\n');
const unsupported = preparedText('unsupported\n');

/**
 * A target in this process as a program that speaks the line protocol. Once it has ended, it does nothing but a `reset`.
 */
export class LineServer {
  readonly #target: LocalTarget;
  readonly #file: FileContents;
  readonly #hex = new HexDecoder();
  #ended = false;

  /** @param file contents of the files that `load` names. */
  constructor(target: LocalTarget, file: FileContents) {
    this.#target = target;
    this.#file = file;
    target.reset();
  }

  /** Writes the lines that answer the line [start, end), each with its end. */
  answer(line: Uint8Array, start: number, end: number, out: ByteWriter): void {
    const command = readLine(line, start, end, this.#hex, this.#file);
    if (command === 'reset') {
      this.#target.reset();
      this.#ended = false;
      out.prepared(ok);
      return;
    }
    if (this.#ended) return;
    if (command === undefined || command === 'fork' || !this.#target.steps.has(command.kind)) {
      out.prepared(unsupported);
      return;
    }
    const response = this.#target.put(command);
    for (const { to, frame } of response.out) writeReceived(out, to, frame);
    this.#ended = response.ended !== undefined;
    if (response.ended === undefined) out.prepared(ok);
    else out.text(`abort ${printable(response.ended.text)}\n`);
  }
}
