import type { Protocol } from '../../schema/index.js';
import { FormDetector } from '../hex/index.js';
import type { CaptureReader, PacketSink, WarningSink } from '../packets/index.js';
import {
  binaryFormats,
  type InputFormat,
  type InputOptions,
  inputFormats,
  textCandidates,
} from './formats.js';

export { DETECT_SIZE } from '../hex/index.js';

/** Recognises the format of an input from its bytes as they come, as soon as they tell. */
export class FormatDetector {
  #prefix = new Uint8Array(0);
  #candidates: (typeof binaryFormats)[number][] = [...binaryFormats];
  #found: InputFormat | undefined;
  readonly #text = new FormDetector<InputFormat>(textCandidates);

  /** The format, undefined while it is open or when it is none. */
  get found(): InputFormat | undefined {
    return this.#found ?? (this.#candidates.length === 0 ? this.#text.found : undefined);
  }

  /** The input has shown the format: `found` is not only what it may be since it is nothing else. */
  get isSure(): boolean {
    return this.#found !== undefined || this.#text.isSure;
  }

  /** Nothing that follows can change `found`. */
  get isOver(): boolean {
    return this.#found !== undefined || (this.#candidates.length === 0 && this.#text.isOver);
  }

  /** @throws WireError `ambiguous` if a text could be read in two ways. */
  push(chunk: Uint8Array): void {
    if (this.#candidates.length === 0 || this.#found !== undefined) {
      this.#text.push(chunk);
      return;
    }
    const prefix = new Uint8Array(this.#prefix.length + chunk.length);
    prefix.set(this.#prefix);
    prefix.set(chunk, this.#prefix.length);
    this.#prefix = prefix;
    this.#candidates = this.#candidates.filter(({ begins }) => begins(prefix) !== false);
    this.#found = this.#candidates.find(({ begins }) => begins(prefix))?.name;
    if (this.#candidates.length === 0) this.#text.push(prefix);
  }

  /** The input has ended. @throws WireError as `push` does. */
  end(): void {
    if (this.#found !== undefined) return;
    // Too few bytes for a binary format.
    if (this.#candidates.length > 0) {
      this.#candidates = [];
      this.#text.push(this.#prefix);
    }
    this.#text.end();
  }
}

/**
 * The format of an input from its beginning: DETECT_SIZE (64 KiB) bytes or, when it is shorter, all of it (whether
 * a text is `xxd-p` depends on all its lines). Undefined when it is none of the formats, could be read in two ways, or
 * is empty.
 */
export function detectFormat(prefix: Uint8Array): InputFormat | undefined {
  const detector = new FormatDetector();
  try {
    detector.push(prefix);
    detector.end();
  } catch {
    return undefined;
  }
  return detector.found;
}

/** The reader of any format. @param state of a reader of the same format, which has come so far. */
export function openReader(
  protocol: Protocol,
  format: InputFormat,
  sink: PacketSink,
  warn: WarningSink,
  options: InputOptions = {},
  state?: unknown,
): CaptureReader {
  const { reader } = inputFormats.find(({ name }) => name === format) as (typeof inputFormats)[number];
  return reader({ protocol, sink, warn, options, state });
}
