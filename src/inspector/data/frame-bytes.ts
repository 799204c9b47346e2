import type { StoredPacket } from './message-index.js';

/** A run of bytes of a message's frames, which are counted through from the first. `end` is exclusive. */
export type Run = readonly [start: number, end: number];

/** One queue message within the frames of a message. */
export interface FramePart {
  readonly frame: number;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
  readonly start: number;
  readonly end: number;
}

/** The queue messages of one message end to end, and where the bytes of its payload are in them. */
export class FrameBytes {
  readonly bytes: Uint8Array;
  readonly parts: readonly FramePart[];

  /** @param headerSize of each queue message, in bytes; one that is shorter has no payload. */
  constructor(
    packets: readonly StoredPacket[],
    private readonly headerSize: number,
  ) {
    const size = packets.reduce((sum, { start, end }) => sum + end - start, 0);
    this.bytes = new Uint8Array(size);
    let at = 0;
    this.parts = packets.map(({ data, start, end, frame, time, comment }) => {
      this.bytes.set(data.subarray(start, end), at);
      const part = { frame, time, comment, start: at, end: at + end - start };
      at = part.end;
      return part;
    });
  }

  /** The payload: all bytes but the headers. */
  content(): Uint8Array {
    return bytesOf(this.bytes, this.payload(0, this.bytes.length));
  }

  /** The runs of payload bytes [start, end): one for each frame that they reach into. */
  payload(start: number, end: number): Run[] {
    const runs: Run[] = [];
    let before = 0;
    for (const part of this.parts) {
      const content = Math.min(part.end, part.start + this.headerSize);
      const from = content + Math.max(0, start - before);
      const to = Math.min(part.end, content + end - before);
      if (from < to) runs.push([from, to]);
      before += part.end - content;
    }
    return runs;
  }
}

/** The bytes of some runs, end to end. */
export function bytesOf(bytes: Uint8Array, runs: readonly Run[]): Uint8Array {
  const result = new Uint8Array(runs.reduce((sum, [start, end]) => sum + end - start, 0));
  let at = 0;
  for (const [start, end] of runs) {
    result.set(bytes.subarray(start, end), at);
    at += end - start;
  }
  return result;
}
