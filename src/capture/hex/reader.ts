import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import { GrowingBuffer, LineSplitter } from '../packets/index.js';
import { type FormDetector, textDetector } from './detect.js';
import { type HexStyle, textForms } from './forms.js';
import { KernelLogLines } from './kernel-log.js';
import { shownLines, withoutPrefixes } from './line-prefixes.js';
import { MessageAssembler } from './messages.js';

/**
 * Reads text captures. Blank lines and lines that begin with `#` are no messages, but a blank line ends a dump.
 * Without `style` the reader recognises it. Messages have no time, and VMIDs only in the style `hex` and in packets of
 * `wireshark`. Prose around the messages is left out.
 *
 * Throws WireError with `path` = `line N` and `offset` = where that line begins in the file: `hex` (a line that
 * cannot be read; all messages before it have been delivered), `ambiguous` (one that could be read in two ways),
 * `line_length` and `dump_length` (above 1 MiB).
 *
 * @param isGiven somebody said that the text is of this style: then what begins no RPC message is read too, and every
 * line must be of the style. False for a style that was recognised.
 * @param hasPrefixes what programs and people put before lines is left out.
 */
export function hexReader(
  sink: PacketSink,
  warn: WarningSink,
  style?: HexStyle,
  isGiven = true,
  hasPrefixes = false,
): CaptureReader {
  if (style === undefined) return new RecognisingReader(sink, warn);
  return styleReader(sink, warn, style, isGiven, hasPrefixes);
}

function styleReader(
  sink: PacketSink,
  warn: WarningSink,
  style: HexStyle,
  isGiven: boolean,
  hasPrefixes: boolean,
): CaptureReader {
  const form = textForms.find(({ name }) => name === style) as (typeof textForms)[number];
  const lines = form.reader(new MessageAssembler(sink, warn), isGiven);
  const splitter = new LineSplitter((text, number, offset) => {
    for (const line of shownLines(text))
      lines.line(hasPrefixes ? withoutPrefixes(line) : line, number, offset);
  });
  return {
    push: (chunk) => splitter.push(chunk),
    end: () => {
      splitter.end();
      lines.end();
    },
  };
}

/** Reads the lines of a kernel's log. The caller cuts the text into lines. */
export function kernelLogLines(sink: PacketSink, warn: WarningSink): KernelLogLines {
  return new KernelLogLines(new MessageAssembler(sink, warn));
}

class RecognisingReader implements CaptureReader {
  readonly #sink: PacketSink;
  readonly #warn: WarningSink;
  readonly #prefix = new GrowingBuffer();
  readonly #detector: FormDetector<HexStyle> = textDetector();
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
    this.#detector.push(chunk);
    if (this.#detector.isOver) this.#start();
  }

  end(): void {
    if (this.#reader === undefined) this.#detector.end();
    const reader = this.#reader ?? this.#start();
    reader.end();
  }

  /** A text of unknown style is read as `hex`, so that the error names the line that cannot be read. */
  #start(): CaptureReader {
    const prefix = this.#prefix.data.subarray(0, this.#prefix.length);
    const reader = styleReader(this.#sink, this.#warn, this.#detector.found ?? 'hex', false, false);
    this.#reader = reader;
    reader.push(prefix);
    return reader;
  }
}
