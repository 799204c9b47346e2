import { concatenated } from '../../base/bytes.js';
import type { StoredPacket } from './message-index.js';

/** A run of bytes in the frames of a message. Offsets count from the first byte of the first frame. */
export type Run = readonly [start: number, end: number];

/** One queue message within the frames of a message. */
export interface FramePart {
  readonly frame: number;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** The queue messages of one message, one after the other. Finds the bytes of its payload in them. */
export class FrameBytes {
  readonly bytes: Uint8Array;
  readonly parts: readonly FramePart[];

  readonly #headerSize: number;

  /** @param headerSize size in bytes of the header of a queue message. A shorter queue message has no payload. */
  constructor(packets: readonly StoredPacket[], headerSize: number) {
    this.#headerSize = headerSize;
    this.bytes = concatenated(packets.map(({ data, start, end }) => data.subarray(start, end)));
    let at = 0;
    this.parts = packets.map(({ start, end, frame, time, comment }) => {
      const part = { frame, time, comment, start: at, end: at + end - start };
      at = part.end;
      return part;
    });
  }

  content(): Uint8Array {
    return bytesOf(this.bytes, this.payload(0, this.bytes.length));
  }

  /** The runs of payload bytes [start, end), one for each frame that contains some of them. */
  payload(start: number, end: number): Run[] {
    const runs: Run[] = [];
    let before = 0;
    for (const part of this.parts) {
      const content = Math.min(part.end, part.start + this.#headerSize);
      const from = content + Math.max(0, start - before);
      const to = Math.min(part.end, content + end - before);
      if (from < to) runs.push([from, to]);
      before += part.end - content;
    }
    return runs;
  }
}

/** The bytes of runs, one after the other. */
export function bytesOf(bytes: Uint8Array, runs: readonly Run[]): Uint8Array {
  return concatenated(runs.map(([start, end]) => bytes.subarray(start, end)));
}
