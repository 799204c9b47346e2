import { formatHex } from '../base/hex.js';
import { printable } from '../base/text.js';
import type { FileContents } from '../machine/index.js';
import { readLine } from './lines.js';
import type { LocalTarget } from './target.js';

/**
 * A target in this process as a program that speaks the line protocol. Once it has ended, it does nothing but a `reset`.
 */
export class LineServer {
  readonly #target: LocalTarget;
  readonly #file: FileContents;
  #ended = false;

  /** @param file contents of the files that `load` names. */
  constructor(target: LocalTarget, file: FileContents) {
    this.#target = target;
    this.#file = file;
    target.reset();
  }

  /** The lines that answer a line, each with its end. */
  answer(line: string): string {
    const command = readLine(line, this.#file);
    if (command === 'reset') {
      this.#target.reset();
      this.#ended = false;
      return 'ok\n';
    }
    if (this.#ended) return '';
    if (command === undefined || command === 'fork' || !this.#target.steps.has(command.kind))
      return 'unsupported\n';
    const { out, ended } = this.#target.put(command);
    let text = '';
    for (const { to, frame } of out) text += `rx ${to} ${formatHex(frame)}\n`;
    this.#ended = ended !== undefined;
    return ended === undefined ? `${text}ok\n` : `${text}abort ${printable(ended.text)}\n`;
  }
}
