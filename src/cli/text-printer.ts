import type { Command } from 'commander';
import type { TextOutput } from '../base/text-output.js';
import { LinePrinter, type PrintOptions, RecordWriter, writeRecord } from '../capture/print/index.js';
import type { CaptureRecord } from '../capture/records/index.js';
import { terminalStyle, terminalWidth } from '../node/terminal.js';
import type { CommandIo } from './io.js';

/** How messages are printed as text. */
export interface TextOptions {
  readonly oneline?: true;
  readonly verbose?: true;
  readonly hex?: true;
}

/** Adds `--oneline` and `-v`. */
export function textFlags(command: Command): Command {
  return command
    .option('--oneline', 'a line per message with what matters of it: the default on a terminal')
    .option('-v, --verbose', 'all fields of each message: the default in a file or a pipe');
}

/**
 * Prints messages as text: on a line each, or with all fields. Without options a terminal gets lines, and a file or a
 * pipe gets all fields, since scripts read them.
 */
export class TextPrinter {
  readonly options: PrintOptions;
  readonly #lines: LinePrinter | undefined;
  readonly #blocks: RecordWriter;

  /** @param toStandard the text goes to standard output, which may be a terminal. */
  constructor(io: CommandIo, { oneline, verbose, hex }: TextOptions, toStandard: boolean) {
    this.options = {
      protocol: io.protocol,
      style: terminalStyle(io.stdio, toStandard),
      width: toStandard ? terminalWidth(io.stdio) : undefined,
      hex: hex === true,
    };
    this.#blocks = new RecordWriter(this.options);
    const isForTerminal = toStandard && io.stdio.columns !== undefined;
    const isOneline = oneline ?? (isForTerminal && !verbose && !hex);
    this.#lines = isOneline ? new LinePrinter(this.options) : undefined;
  }

  /** Whether the text of a record does not depend on records before. */
  get isLocal(): boolean {
    return this.#lines === undefined;
  }

  /** Takes a record that is not printed. Later ones depend on it. */
  skip(record: CaptureRecord): void {
    this.#lines?.skip(record);
  }

  record(record: CaptureRecord, output: TextOutput): void {
    if (this.#lines === undefined) this.#blocks.write(record, output);
    else output.write(this.#lines.line(record));
  }

  /** The text of {@link record}. */
  text(record: CaptureRecord): string {
    if (this.#lines !== undefined) return this.#lines.line(record);
    let all = '';
    writeRecord(record, this.options, (text) => {
      all += text;
    });
    return all;
  }
}
