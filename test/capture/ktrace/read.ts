import { readFileSync } from 'node:fs';
import { join } from 'node:path';
import { gunzipSync } from 'node:zlib';
import { protocol } from '../../../schemas/index.js';
import { formatHex } from '../../../src/base/hex.js';
import { CaptureInput } from '../../../src/capture/input/index.js';

/** A trace that a real kernel printed, with its truth: lines `FROM>TO HEX`, for cut ones `FROM>TO SIZE HEX`. */
export interface Trace {
  readonly name: string;
  readonly text: string;
  readonly frames: readonly string[];
  readonly other: readonly string[];
  readonly cut: readonly string[];
}

/** The traces of test/recorded (its README says where they are from). */
export function recordedTraces(): Trace[] {
  return linesOf('ktrace.ndjson.gz') as Trace[];
}

/** Traces that the scripts of `capture` made in the kernel stage (`GUNYAH_RM_COLLECT=1 npm run test:kernel`). */
export function stageTraces(): Pick<Trace, 'name' | 'text' | 'frames'>[] {
  return linesOf('ktrace-stage.ndjson.gz') as Trace[];
}

function linesOf(name: string): unknown[] {
  const path = join(import.meta.dirname, '../../recorded', name);
  const lines = gunzipSync(readFileSync(path)).toString('utf8').trimEnd().split('\n');
  return lines.map((line) => JSON.parse(line));
}

/** What the reader makes of a text, in the words of the truth. */
export interface Read {
  readonly frames: string[];
  readonly other: string[];
  readonly cut: string[];
  readonly lost: (number | undefined)[];
  readonly times: (bigint | undefined)[];
  readonly warnings: string[];
}

/** Reads a text while it grows: `frames` holds what has come out so far. */
export function liveTrace() {
  const frames: string[] = [];
  const input = new CaptureInput(
    protocol,
    undefined,
    ({ from, to, data, start, end }) => frames.push(`${from}>${to} ${formatHex(data, start, end)}`),
    () => {},
  );
  return {
    frames,
    push: (text: string) => input.push(Buffer.from(text, 'latin1')),
    settle: () => input.settle(),
  };
}

/** Reads a text in pieces of `step` bytes, recognising its format. */
export function readTrace(text: string | Uint8Array, step = Number.POSITIVE_INFINITY): Read {
  const read: Read = { frames: [], other: [], cut: [], lost: [], times: [], warnings: [] };
  const input = new CaptureInput(
    protocol,
    undefined,
    ({ from, to, data, start, end, queue, wholeSize, lost, time }) => {
      const hex = formatHex(data, start, end);
      if (lost !== undefined) read.lost.push(lost.count);
      if (queue !== undefined) read.other.push(from === 3 ? `3>other ${hex}` : `other>3 ${hex}`);
      else if (wholeSize !== undefined) read.cut.push(`${from}>${to} ${wholeSize} ${hex}`);
      else read.frames.push(`${from}>${to} ${hex}`);
      if (queue === undefined) read.times.push(time);
    },
    ({ code }) => read.warnings.push(code),
    { allQueues: true },
  );
  const bytes = typeof text === 'string' ? Buffer.from(text, 'latin1') : text;
  for (let at = 0; at < bytes.length; at += step) input.push(bytes.subarray(at, at + step));
  input.end();
  return read;
}
