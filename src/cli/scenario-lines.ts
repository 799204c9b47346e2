import { WireError } from '../base/error.js';
import { formatHex } from '../base/hex.js';
import { parseJson } from '../base/json.js';
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

/** Takes a packet of a capture, and whose message it is. */
type RoutedSink = (packet: Packet, from: number) => void;

/**
 * Reads a scenario, a recording or a capture of any format as lines of a recording, and gives them to `use`. It reads
 * piece by piece, so memory does not grow with the file. The lines end early when the reader of an output has gone.
 *
 * @param pause is called before it waits for more. @param packet gets each packet of a capture, before the lines that are
 *   made from it.
 * @throws FileError if it cannot be read. @throws WireError with the file, and the line at which `use` has failed.
 */
export function readScenario<T>(
  io: CommandIo,
  path: string,
  use: (lines: Iterable<ScenarioLine>) => T,
  pause = () => {},
  packet: RoutedSink = () => {},
): T {
  let last: number | undefined;
  let unread: unknown;
  function* counted(): Generator<ScenarioLine> {
    try {
      for (const line of scenarioLines(io, path, pause, packet)) {
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
    return use(counted());
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
  pause: () => void,
  packet: RoutedSink,
): Generator<ScenarioLine> {
  const ready: ScenarioLine[] = [];
  let reader: CaptureReader | undefined;
  for (const piece of io.files.pieces(path)) {
    reader ??= isScenario(piece) ? jsonLines(ready) : captureLines(io, path, piece, ready, packet);
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

function captureLines(
  io: CommandIo,
  path: string,
  piece: Uint8Array,
  ready: ScenarioLine[],
  see: RoutedSink,
): CaptureReader {
  const steps = new CaptureSteps((value) => ready.push({ value, number: undefined }));
  const guess = new RouteGuess(io.protocol);
  const sink: PacketSink = (packet) => {
    const [from, to] = guess.of(packet);
    see(packet, from);
    steps.packet({ from, to, frame: packet.data.slice(packet.start, packet.end), comment: packet.comment });
  };
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
    end: () => {
      known(() => reader.end());
      steps.end();
    },
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
