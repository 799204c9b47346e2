import type { ByteWriter } from '../../base/byte-writer.js';
import type { TextOutput } from '../../base/text-output.js';
import type { CaptureRecord, RecordPacket } from '../records/index.js';
import { HeadlineWriter } from './headline.js';
import type { PrintOptions } from './options.js';
import { otherLines, payloadLines, writeRecord } from './print.js';

/** Bytes of a message from which on its text is not collected in the buffer. */
const LARGE = 1 << 16;

/**
 * Writes the text of {@link writeRecord}. That of whole messages goes from their bytes to those of the output, unless it
 * is coloured or wrapped, or the bytes are shown, too.
 */
export class RecordWriter {
  readonly #options: PrintOptions;
  readonly #isDirect: boolean;
  readonly #headlines: HeadlineWriter;

  constructor(options: PrintOptions) {
    this.#options = options;
    this.#isDirect = options.style.isPlain === true && options.width === undefined;
    this.#headlines = new HeadlineWriter(options);
  }

  write(record: CaptureRecord, output: TextOutput): void {
    const isDirect = this.#isDirect && record.writeFields !== undefined && record.size < LARGE;
    if (!isDirect || this.#options.hex) {
      this.#slowly(record, output);
      return;
    }
    this.#direct(record, output.writer);
    output.written();
  }

  /** Apart from {@link write}, which makes no function for most records. */
  #slowly(record: CaptureRecord, output: TextOutput): void {
    writeRecord(record, this.#options, (text) => output.write(text));
  }

  #direct(record: CaptureRecord, writer: ByteWriter): void {
    this.#headlines.write(record, writer);
    if (!record.writeFields?.(writer))
      for (const line of payloadLines(record, this.#options)) writer.text(`${line}\n`);
    if (record.isSound && (record.isPlain || record.packets.every(hasNoComment))) return;
    for (const line of otherLines(record, this.#options)) writer.text(`${line}\n`);
  }
}

function hasNoComment({ comment }: RecordPacket): boolean {
  return comment === undefined;
}
