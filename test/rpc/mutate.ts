import { pcapngReader } from '../../src/capture/pcap/index.js';
import type { Random } from '../random.js';
import { recorded } from '../recorded.js';

type Bytes = Uint8Array<ArrayBuffer>;

let read: readonly Bytes[] | undefined;

/** All queue messages of everything.pcapng, in order. They are read once. */
export function recordedFrames(): readonly Bytes[] {
  read ??= readFrames();
  return read;
}

function readFrames(): Bytes[] {
  const frames: Bytes[] = [];
  const reader = pcapngReader(
    ({ data, start, end }) => frames.push(Uint8Array.from(data.subarray(start, end))),
    ({ message }) => {
      throw new Error(message);
    },
  );
  reader.push(recorded('everything.pcapng'));
  reader.end();
  return frames;
}

const headerSize = 8;
const sizeMax = 260;

/** Random and mutated queue messages; recorded ones follow each other in their order, so that fragments still fit. */
export class Mutator {
  private next: number;

  constructor(
    private readonly random: Random,
    private readonly frames: readonly Bytes[],
    /** Message ids to put into headers. */
    private readonly ids: readonly number[],
  ) {
    this.next = random.below(frames.length);
  }

  frame(): Bytes {
    const { random } = this;
    if (random.once(12)) return this.noise();
    const frame = this.frames[this.next] as Bytes;
    this.next = random.once(50) ? random.below(this.frames.length) : (this.next + 1) % this.frames.length;
    let mutated = frame.slice();
    for (let count = random.below(4); count > 0; count--) mutated = this.mutate(mutated);
    return mutated;
  }

  /** Random bytes, mostly behind a header that is taken. */
  private noise(): Bytes {
    const { random } = this;
    const bytes = Uint8Array.from({ length: random.below(sizeMax) }, () => random.below(256));
    if (bytes.length < headerSize || random.once(4)) return bytes;
    bytes[0] = 0x21;
    // Mostly whole messages: random continuations rarely come to anything.
    bytes[1] = random.once(4) ? random.below(256) : 1 + random.below(3);
    // Small bytes make counts and lengths that fit.
    if (random.once(2)) for (let at = headerSize; at < bytes.length; at++) bytes[at] = random.below(3);
    return random.once(8) ? bytes : this.withId(bytes);
  }

  private mutate(frame: Bytes): Bytes {
    const { random } = this;
    const size = frame.length;
    if (size === 0) return this.noise();
    const at = random.below(size);
    const behind = headerSize + random.below(Math.max(1, size - headerSize));
    switch (random.below(9)) {
      case 0:
      case 1:
        frame[at] = (frame[at] as number) ^ (1 << random.below(8));
        return frame;
      case 2:
        return frame.slice(0, at);
      case 3:
        return new Uint8Array([...frame, ...frame.subarray(at, at + 1 + random.below(16))]);
      case 4:
        return frame.fill(random.pick([0, 1, 0x7f, 0x80, 0xff]), behind, behind + (1 << random.below(4)));
      case 5:
        // A word of another place, where it means something else.
        return random.once(2) ? frame.copyWithin(behind, at, at + 4) : frame.copyWithin(behind, behind + 4);
      case 6:
        return this.withId(frame);
      case 7:
        if (size > 1) frame[1] = random.below(256);
        return frame;
      default:
        return this.splice(frame, behind);
    }
  }

  private withId(frame: Bytes): Bytes {
    if (frame.length < headerSize) return frame;
    new DataView(frame.buffer).setUint32(4, this.random.pick(this.ids), true);
    return frame;
  }

  private splice(frame: Bytes, at: number): Bytes {
    const other = this.random.pick(this.frames);
    return new Uint8Array([...frame.subarray(0, at), ...other.subarray(at)]);
  }
}
