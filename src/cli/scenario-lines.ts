import { WireError } from '../base/error.js';
import { formatHex } from '../base/hex.js';
import { parseJson } from '../base/json.js';
import { isLine } from '../base/line-readers.js';
import { decodeText } from '../base/text.js';
import { CaptureInput } from '../capture/input/index.js';
import type { CaptureReader, Packet, PacketSink } from '../capture/packets/index.js';
import { LineSplitter } from '../capture/packets/index.js';
import { RouteGuess } from '../capture/records/index.js';
import { CaptureSteps } from '../sim/index.js';
import { type CommandIo, nameOfInput } from './io.js';

const LINE_SIZE_MAX = 64 * 1024 * 1024;

/** A line of a scenario. */
export interface ScenarioLine {
  readonly value: unknown;
  /** Where it is in the file, from 1. Undefined if it was made from packets of a capture. */
  readonly number: number | undefined;
}

/**
 * Reads a scenario, a recording or a capture of any format as lines of a recording, and gives them to `use`. It reads
 * piece by piece, so memory does not grow with the file. The lines end early when the reader of an output has gone.
 *
 * @param pause is called before it waits for more.
 * @throws FileError if it cannot be read. @throws WireError with the file, and the line at which `use` has failed.
 */
export function readScenario<T>(
  io: CommandIo,
  path: string,
  use: (lines: Iterable<ScenarioLine>) => T,
  pause = () => {},
): T {
  return located(path, (count) => use(count(scenarioLines(io, path, io.files.pieces(path), pause))));
}

/** Receives what {@link readTraffic} reads: recordings one after the other, or the packets of a capture. */
export interface TrafficSink {
  recording(lines: Iterable<ScenarioLine>): void;
  packet(packet: Packet): void;
  /** The capture ends. */
  end(): void;
}

/** As {@link readScenario}, for those who take the packets of captures as they are. */
export function readTraffic(io: CommandIo, path: string, sink: TrafficSink, pause = () => {}): void {
  located(path, (count) => {
    const pieces = io.files.pieces(path)[Symbol.iterator]();
    const first = pieces.next();
    if (first.done === true) throw notOne('nothing');
    const all = startingWith(first.value, pieces);
    if (isScenario(first.value)) {
      for (const lines of recordings(count(scenarioLines(io, path, all, pause)))) sink.recording(lines);
      return;
    }
    const reader = captureReader(io, path, first.value, (packet) => sink.packet(packet));
    for (const piece of all) {
      if (io.isOutputClosed) return;
      reader.push(piece);
      pause();
    }
    reader.end();
    sink.end();
  });
}

/** The recordings of a file: each line that names a scenario begins one. Each must be read to its end. */
export function* recordings(lines: Iterable<ScenarioLine>): Generator<Iterable<ScenarioLine>> {
  const iterator = lines[Symbol.iterator]();
  let next = iterator.next();
  function* one(): Generator<ScenarioLine> {
    for (let isFirst = true; next.done !== true && (isFirst || !isHeader(next.value)); isFirst = false) {
      const { value } = next;
      yield value;
      next = iterator.next();
    }
  }
  while (next.done !== true) yield one();
}

function isHeader({ value, number }: ScenarioLine): boolean {
  return number !== undefined && isLine(value) && typeof value.scenario === 'string';
}

function* startingWith<T>(first: T, rest: Iterator<T>): Generator<T> {
  yield first;
  for (let next = rest.next(); next.done !== true; next = rest.next()) yield next.value;
}

/** Runs what reads a file, and adds to its errors the file and the line at which it has failed. */
function located<T>(
  path: string,
  run: (count: (lines: Iterable<ScenarioLine>) => Iterable<ScenarioLine>) => T,
): T {
  let last: number | undefined;
  let unread: unknown;
  function* counted(lines: Iterable<ScenarioLine>): Generator<ScenarioLine> {
    try {
      for (const line of lines) {
        last = line.number;
        yield line;
      }
    } catch (error) {
      // It is about what comes after the last line.
      unread = error;
      throw error;
    }
  }
  try {
    return run(counted);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    const line = last === undefined || error === unread ? '' : `line ${last}: `;
    throw error.within(`${nameOfInput(path)}: ${line}`);
  }
}

/** The values of lines. */
export function* valuesOf(lines: Iterable<ScenarioLine>): Generator<unknown> {
  for (const { value } of lines) yield value;
}

function* scenarioLines(
  io: CommandIo,
  path: string,
  pieces: Iterable<Uint8Array>,
  pause: () => void,
): Generator<ScenarioLine> {
  const ready: ScenarioLine[] = [];
  let reader: CaptureReader | undefined;
  for (const piece of pieces) {
    reader ??= isScenario(piece) ? jsonLines(ready) : captureLines(io, path, piece, ready);
    reader.push(piece);
    for (const line of ready.splice(0)) {
      if (io.isOutputClosed) return;
      yield line;
    }
    pause();
  }
  if (reader === undefined) throw notOne('nothing');
  reader.end();
  yield* ready;
}

/** Whether the file is a scenario or a recording: the first line of both has the key `scenario`. */
function isScenario(piece: Uint8Array): boolean {
  const start = new TextDecoder().decode(piece.subarray(0, 4096));
  const [first = ''] = start.split('\n');
  return /^\s*\{/.test(first) && /"scenario"\s*:/.test(first);
}

function jsonLines(ready: ScenarioLine[]): CaptureReader {
  const lines = new LineSplitter((text, number, offset) => {
    if (text.trim() !== '') ready.push({ value: parseLine(text, number, offset), number });
  }, LINE_SIZE_MAX);
  return { push: (chunk) => lines.push(chunk), end: () => lines.end() };
}

function parseLine(text: string, number: number, offset: number): unknown {
  try {
    return parseJson(text);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw error.within(`line ${number}: `, { offset });
  }
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
