import { openReader } from '../../../capture/input/index.js';
import { recordLine } from '../../../capture/ndjson/index.js';
import type { CaptureReader, CaptureWarning, Packet } from '../../../capture/packets/index.js';
import { Assembler, type CaptureRecord } from '../../../capture/records/index.js';
import { settleMs } from '../../../node/input.js';
import { deadline } from '../../../node/timing.js';
import { rulesOf } from '../../../rpc/index.js';
import { captureOutput } from '../../capture-output.js';
import type { CommandIo } from '../../io.js';
import { type TextOptions, TextPrinter } from '../../text-printer.js';

export interface LiveOptions extends TextOptions {
  /** Where the pcapng goes; `-` for standard output. */
  readonly output?: string;
  readonly json?: true;
  readonly allQueues?: true;
  /** Wireshark shows the messages. */
  readonly extcap?: true;
}

/** Takes the text of a trace while it is printed. Shows messages and writes packets when they are complete. */
export class LiveTrace {
  readonly #reader: CaptureReader;
  readonly #flush: () => void;
  readonly #end: () => void;
  /** Ends the wait for a pause. */
  #cancel = () => {};
  packets = 0;

  constructor(io: CommandIo, options: LiveOptions) {
    const { protocol } = io;
    // Text and packets cannot share standard output, and Wireshark reads none.
    const text = options.output === '-' || options.extcap ? undefined : io.output('-');
    const packets =
      options.output === undefined ? undefined : captureOutput(io, options.output, 'pcapng', true);
    const printer = new TextPrinter(io, options, true);
    const print = (record: CaptureRecord) => {
      if (text === undefined) return;
      if (options.json) text.write(recordLine(protocol, record));
      else printer.record(record, text);
    };
    const assembler = new Assembler({
      protocol,
      rules: rulesOf('rm'),
      record: print,
    });
    const sink = (packet: Packet) => {
      this.packets++;
      packets?.packet(packet);
      assembler.packet(packet);
    };
    const allQueues = options.allQueues === true;
    const warn = ({ message }: CaptureWarning) => io.note(message);
    this.#reader = openReader(protocol, 'trace', sink, warn, { allQueues });
    this.#flush = () => {
      packets?.flush();
      text?.flush();
    };
    this.#end = () => {
      this.#reader.end();
      assembler.end();
      packets?.end();
      text?.end();
    };
    // Readers of a pipe wait for the head of the file.
    this.#flush();
  }

  push(bytes: Uint8Array): void {
    this.#cancel();
    this.#reader.push(bytes);
    this.#flush();
    this.#cancel = deadline(settleMs, () => {
      this.#reader.settle?.();
      this.#flush();
    });
  }

  end(): void {
    this.#cancel();
    this.#end();
  }
}
