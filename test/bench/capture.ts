/**
 * Makes a capture of any length: the recorded traffic over and over, its clock going on from one repetition to the
 * next. `tsx test/bench/capture.ts FILE [FRAMES]`, one million frames unless told otherwise.
 */
import { closeSync, openSync, readFileSync, writeSync } from 'node:fs';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import { PcapngWriter, pcapngReader } from '../../src/capture/pcap/index.js';

const recorded = new URL('../recorded/everything.pcapng.gz', import.meta.url);

interface Frame {
  readonly from: number;
  readonly to: number;
  readonly bytes: Uint8Array;
  readonly time: bigint;
}

function recordedFrames(): Frame[] {
  const frames: Frame[] = [];
  const reader = pcapngReader(
    ({ from = 0, to = 0, data, start, end, time = 0n }) => {
      frames.push({ from, to, bytes: data.slice(start, end), time });
    },
    ({ message }) => {
      throw new Error(message);
    },
  );
  reader.push(gunzipSync(readFileSync(recorded)));
  reader.end();
  return frames;
}

/** Writes a pcapng file of `count` frames. */
export function makeCapture(path: string, count: number): void {
  const frames = recordedFrames();
  const first = (frames[0] as Frame).time;
  const duration = (frames.at(-1) as Frame).time - first + 1_000_000n;
  const file = openSync(path, 'w');
  const writer = new PcapngWriter((bytes) => writeSync(file, bytes));
  for (let index = 0; index < count; index++) {
    const { from, to, bytes, time } = frames[index % frames.length] as Frame;
    const repetition = BigInt(Math.floor(index / frames.length));
    writer.packet(from, to, bytes, 0, bytes.length, time + repetition * duration, undefined);
  }
  writer.end();
  closeSync(file);
}

if (process.argv[1] === fileURLToPath(import.meta.url)) {
  const [path, count = '1000000'] = process.argv.slice(2);
  if (path === undefined || !/^\d+$/.test(count)) {
    process.stderr.write('usage: tsx test/bench/capture.ts FILE [FRAMES]\n');
    process.exitCode = 2;
  } else makeCapture(path, Number(count));
}
