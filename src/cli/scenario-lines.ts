import { WireError } from '../base/error.js';
import { CaptureInput } from '../capture/input/index.js';
import type { CaptureReader, PacketSink } from '../capture/packets/index.js';
import { LineSplitter } from '../capture/packets/index.js';
import { RouteGuess } from '../capture/records/index.js';
import { readPieces } from '../node/input.js';
import { CaptureSteps } from '../sim/index.js';
import type { CommandIo } from './io.js';

const LINE_SIZE_MAX = 64 * 1024 * 1024;

/** A line of a scenario. `captured` tells whether it was made from the packets of a capture. */
export interface ScenarioLine {
  readonly value: unknown;
  readonly captured: boolean;
}

/**
 * Reads a scenario, a recording or a capture of any format as lines of a recording. It reads piece by piece, so memory
 * does not grow with the file. Ends early when the reader of an output has gone.
 *
 * @throws FileError if it cannot be read. @throws WireError if it is none of these.
 */
export function* scenarioLines(io: CommandIo, path: string): Generator<ScenarioLine> {
  const ready: ScenarioLine[] = [];
  let reader: CaptureReader | undefined;
  for (const piece of readPieces(io.stdio, path)) {
    reader ??= isScenario(piece) ? jsonLines(ready) : captureLines(io, path, ready);
    reader.push(piece);
    for (const line of ready.splice(0)) {
      if (io.isOutputClosed) return;
      yield line;
    }
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
    if (text.trim() !== '') ready.push({ value: parseLine(text, number, offset), captured: false });
  }, LINE_SIZE_MAX);
  return { push: (chunk) => lines.push(chunk), end: () => lines.end() };
}

function parseLine(text: string, number: number, offset: number): unknown {
  try {
    return JSON.parse(text);
  } catch (error) {
    const actual = (error as SyntaxError).message;
    throw new WireError({ code: 'json', path: '', offset, expected: 'JSON', actual }, `line ${number}: `);
  }
}

function captureLines(io: CommandIo, path: string, ready: ScenarioLine[]): CaptureReader {
  const steps = new CaptureSteps((value) => ready.push({ value, captured: true }));
  const guess = new RouteGuess(io.protocol);
  const sink: PacketSink = (packet) => {
    const [from, to] = guess.of(packet);
    steps.packet({ from, to, frame: packet.data.slice(packet.start, packet.end), comment: packet.comment });
  };
  const input = new CaptureInput(io.protocol, undefined, sink, ({ frame, message }) => {
    io.problem();
    io.warn(`${path}: packet ${frame}: ${message}`);
  });
  return {
    push: (chunk) => input.push(chunk),
    end: () => {
      input.end();
      steps.end();
    },
  };
}

function notOne(actual: string): WireError {
  const expected = 'a scenario, a recording or a capture';
  return new WireError({ code: 'format', path: '', offset: 0, expected, actual });
}
