import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { GrowingBuffer, LineSplitter } from '../packets/index.js';
import { DETECT_SIZE, detectHexStyle } from './detect.js';
import { DumpReader } from './dump.js';
import { type LineReader, MessageAssembler, MessageLineReader, PlainDumpReader } from './messages.js';
import type { DumpStyle, HexStyle } from './styles.js';

/**
 * Reads text captures. Blank lines and lines that begin with `#` are no messages, but a blank line ends a dump.
 * Without `style` the reader recognises it, for which it holds back the first 64 KiB. Messages have no time, and
 * VMIDs only in the style `hex`. In a kernel log lines that are no dump are ignored.
 *
 * Throws WireError with `path` = `line N` and `offset` = where that line begins in the file: `hex` (a line that
 * cannot be read; all messages before it have been delivered), `line_length` and `dump_length` (above 1 MiB).
 */
export function hexReader(sink: PacketSink, warn: WarningSink, style?: HexStyle): CaptureReader {
  return style === undefined ? new RecognisingReader(sink, warn) : styleReader(sink, warn, style);
}

function styleReader(sink: PacketSink, warn: WarningSink, style: HexStyle): CaptureReader {
  const lines = lineReader(style, new MessageAssembler(sink, warn));
  const splitter = new LineSplitter((text, number, offset) => lines.line(text, number, offset));
  return {
    push: (chunk) => splitter.push(chunk),
    end: () => {
      splitter.end();
      lines.end();
    },
  };
}

/** Reads the lines of dumps in one style. The caller cuts the text into lines. */
export function dumpLines(style: DumpStyle, sink: PacketSink, warn: WarningSink): LineReader {
  return new DumpReader(style, new MessageAssembler(sink, warn));
}

function lineReader(style: HexStyle, assembler: MessageAssembler): LineReader {
  if (style === 'hex') return new MessageLineReader(assembler);
  if (style === 'xxd-p') return new PlainDumpReader(assembler);
  return new DumpReader(style, assembler);
}

class RecognisingReader implements CaptureReader {
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #prefix = new GrowingBuffer();
  #reader: CaptureReader | undefined;

  constructor(sink: PacketSink, warn: WarningSink) {
    this.#sink = sink;
    this.#warn = warn;
  }

  push(chunk: Uint8Array): void {
    if (this.#reader !== undefined) {
      this.#reader.push(chunk);
      return;
    }
    this.#prefix.append(chunk, 0, chunk.length);
    if (this.#prefix.length >= DETECT_SIZE) this.#recognise();
  }

  end(): void {
    const reader = this.#reader ?? this.#recognise();
    reader.end();
  }

  /** A text of unknown style is read as `hex`, so that the error names the line that cannot be read. */
  #recognise(): CaptureReader {
    const prefix = this.#prefix.data.subarray(0, this.#prefix.length);
    const reader = styleReader(this.#sink, this.#warn, detectHexStyle(prefix) ?? 'hex');
    this.#reader = reader;
    reader.push(prefix);
    return reader;
  }
}
