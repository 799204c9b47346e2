import { concatenated } from '../base/bytes.js';
import { inContext, WireError } from '../base/error.js';
import { formatHex } from '../base/hex.js';
import { parseJson } from '../base/json.js';
import { isLine } from '../base/line-readers.js';
import { decodeText } from '../base/text.js';
import { CaptureInput } from '../capture/input/index.js';
import type { CaptureReader, PacketSink } from '../capture/packets/index.js';
import { LineSplitter } from '../capture/packets/index.js';
import { RouteGuess } from '../capture/records/index.js';
import { turn } from '../node/timing.js';
import { CaptureSteps } from '../sim/index.js';
import { type CommandIo, nameOfInput } from './io.js';

const LINE_SIZE_MAX = 64 * 1024 * 1024;

/** A line of a scenario. */
export interface ScenarioLine {
  readonly value: unknown;
  /** Where it is in the file, from 1. Undefined if it was made from packets of a capture. */
  readonly number: number | undefined;
}

/** Takes lines, and makes something of them. */
interface LineReader<T> {
  line(value: unknown): void;
  end(): T;
}

/**
 * Reads a scenario, a recording or a capture of any format as lines of a recording. It reads piece by piece, so memory
 * does not grow with the file.
 *
 * @returns what `reader` makes of the lines.
 * @throws FileError if it cannot be read. @throws WireError with the file, and the line at which `reader` has failed.
 */
export function readScenario<T>(io: CommandIo, path: string, reader: LineReader<T>): T {
  const maker = new LineMaker(io, path);
  const take = (lines: readonly ScenarioLine[]) => {
    for (const line of lines) located(line, () => reader.line(line.value));
  };
  return inContext(`${nameOfInput(path)}: `, () => {
    for (const piece of io.files.pieces(path)) take(maker.push(piece));
    take(maker.end());
    return reader.end();
  });
}

/** Lines, or pauses inside them, after which signals are looked at. */
const SLICE = 16;

/** How a scenario is taken. */
export interface TakeOptions {
  /** Called before it waits for more. */
  readonly pause?: () => void;
  /** Takes the packets of a capture as they are. Without it they become lines. */
  readonly packet?: PacketSink;
  /** The pieces of the file, when somebody else looks at them first. */
  readonly pieces?: AsyncIterable<Uint8Array>;
}

/**
 * As {@link readScenario}, for commands that can be interrupted: gives the lines to `take` one by one, as they arrive.
 * They end early when the reader of an output has gone.
 *
 * @param take plays a line, and pauses in what takes long. @returns false when no more lines are wanted.
 * @throws FileError, WireError as `readScenario`.
 */
export async function takeScenario(
  io: CommandIo,
  path: string,
  take: (line: ScenarioLine) => boolean | Iterator<void, boolean>,
  { pause, packet, pieces = io.scenarioPieces(path) }: TakeOptions = {},
): Promise<void> {
  const maker = new LineMaker(io, path, packet);
  let count = 0;
  const play = async (line: ScenarioLine): Promise<boolean> => {
    const taken = located(line, () => take(line));
    for (;;) {
      const part =
        typeof taken === 'boolean' ? { done: true, value: taken } : located(line, () => taken.next());
      if (++count % SLICE === 0) await turn();
      if (io.isInterrupted || io.isOutputClosed) return false;
      if (part.done === true) return part.value === true;
    }
  };
  try {
    for await (const piece of pieces) {
      // A thread may have looked at many pieces ahead.
      if (io.isInterrupted) return;
      for (const line of maker.push(piece)) if (!(await play(line))) return;
      if (io.isOutputClosed) return;
      pause?.();
    }
    if (io.isInterrupted) return;
    for (const line of maker.end()) if (!(await play(line))) return;
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    // The user has cut the input: compressed data has no end then.
    if (io.isInterrupted) return;
    throw error.within(`${nameOfInput(path)}: `);
  }
}

/** Whether a line names a scenario. */
export function isHeader({ value, number }: ScenarioLine): boolean {
  return number !== undefined && isLine(value) && typeof value.scenario === 'string';
}

/** Adds to errors about a line where it is in its file. */
function located<T>({ number }: ScenarioLine, use: () => T): T {
  return number === undefined ? use() : inContext(`line ${number}: `, use);
}

/** Makes lines of the pieces of a file. */
class LineMaker {
  readonly #io: CommandIo;
  readonly #path: string;
  readonly #ready: ScenarioLine[] = [];
  readonly #packet: PacketSink | undefined;
  #reader: CaptureReader | undefined;
  /** The first bytes, until they tell what the file is. */
  #head: Uint8Array = new Uint8Array(0);

  /** @param packet takes the packets of a capture, which become lines without it. */
  constructor(io: CommandIo, path: string, packet?: PacketSink) {
    this.#io = io;
    this.#path = path;
    this.#packet = packet;
  }

  /** @returns the lines that are whole now. */
  push(piece: Uint8Array): ScenarioLine[] {
    if (this.#reader !== undefined) this.#reader.push(piece);
    else {
      this.#head = this.#head.length === 0 ? piece : concatenated([this.#head, piece]);
      if (this.#head.length >= HEAD_SIZE || this.#head.includes(LINE_FEED)) this.#begin();
      // The array of the piece is used again.
      else this.#head = this.#head.slice();
    }
    return this.#ready.splice(0);
  }

  end(): ScenarioLine[] {
    if (this.#reader === undefined && this.#head.length === 0) throw notOne('nothing');
    const reader = this.#reader ?? this.#begin();
    reader.end();
    return this.#ready.splice(0);
  }

  #begin(): CaptureReader {
    const head = this.#head;
    const reader = isScenario(head) ? jsonLines(this.#ready) : this.#capture(head);
    this.#reader = reader;
    reader.push(head);
    this.#head = new Uint8Array(0);
    return reader;
  }

  #capture(head: Uint8Array): CaptureReader {
    if (this.#packet === undefined) return captureLines(this.#io, this.#path, head, this.#ready);
    return captureReader(this.#io, this.#path, head, this.#packet);
  }
}

/** Bytes in which the first line of a scenario has its key. */
const HEAD_SIZE = 4096;
const LINE_FEED = 0x0a;

/** Whether a file that begins so is a scenario or a recording: the first line of both has the key `scenario`. */
export function isScenario(piece: Uint8Array): boolean {
  const start = new TextDecoder().decode(piece.subarray(0, HEAD_SIZE));
  const [first = ''] = start.split('\n');
  return /^\s*\{/.test(first) && /"scenario"\s*:/.test(first);
}

function jsonLines(ready: ScenarioLine[]): CaptureReader {
  const lines = new LineSplitter((text, number, offset) => {
    if (text.trim() === '') return;
    ready.push({ value: inContext(`line ${number}: `, () => parseJson(text), { offset }), number });
  }, LINE_SIZE_MAX);
  return { push: (chunk) => lines.push(chunk), end: () => lines.end() };
}

function captureLines(io: CommandIo, path: string, piece: Uint8Array, ready: ScenarioLine[]): CaptureReader {
  const steps = new CaptureSteps((value) => ready.push({ value, number: undefined }));
  const guess = new RouteGuess(io.protocol);
  const reader = captureReader(io, path, piece, (packet) => {
    const [from, to] = guess.of(packet);
    steps.packet({ from, to, frame: packet.data.slice(packet.start, packet.end), comment: packet.comment });
  });
  return {
    push: (chunk) => reader.push(chunk),
    end: () => {
      reader.end();
      steps.end();
    },
  };
}

/** Reads the packets of a capture. @param piece its first bytes. */
function captureReader(io: CommandIo, path: string, piece: Uint8Array, sink: PacketSink): CaptureReader {
  const reader = new CaptureInput(io.protocol, undefined, sink, ({ frame, message, isNote }) => {
    if (!isNote) io.problem();
    io.note(`${nameOfInput(path)}: packet ${frame}: ${message}`);
  });
  // The array of the piece is used again.
  const start = startOf(piece);
  const known = (read: () => void) => {
    try {
      read();
    } catch (error) {
      throw error instanceof WireError && error.code === 'format' ? notOne(start) : error;
    }
  };
  return {
    push: (chunk) => known(() => reader.push(chunk)),
    end: () => known(() => reader.end()),
  };
}

/** The first bytes, as text if they are text. */
function startOf(piece: Uint8Array): string {
  const start = piece.subarray(0, 16);
  const text = decodeText(start.subarray(0, start.indexOf(0x0a) < 0 ? start.length : start.indexOf(0x0a)));
  return text === undefined ? formatHex(start) : JSON.stringify(text);
}

function notOne(actual: string): WireError {
  const expected = 'a scenario, a recording or a capture';
  return new WireError({ code: 'format', path: '', offset: 0, expected, actual });
}
