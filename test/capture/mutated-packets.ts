import { protocol } from '../../schemas/index.js';
import { emptyPacket, type PacketSink } from '../../src/capture/packets/index.js';
import { Random } from '../random.js';
import { Mutator, recordedFrames } from '../rpc/mutate.js';

const frames = recordedFrames();
const ids = protocol.messages.map(({ id }) => id);

/** Gives the packets of a stream with changed messages; a few have a comment, a clock, are cut, or come after a gap. */
export function play(sink: PacketSink, seed: number, count: number): void {
  const random = new Random(seed);
  const mutator = new Mutator(random, frames, ids);
  const packet = emptyPacket();
  for (packet.frame = 1; packet.frame <= count; packet.frame++) {
    const data = mutator.frame();
    // The message lies somewhere in a larger buffer.
    const before = random.below(9);
    packet.data = new Uint8Array(before + data.length + 3).fill(0xa5);
    packet.data.set(data, before);
    packet.view = new DataView(packet.data.buffer);
    packet.start = before;
    packet.end = before + data.length;
    const isRequest = ((data[1] ?? 0) & 3) === 1;
    packet.from = isRequest ? 3 : 255;
    packet.to = isRequest ? 255 : random.pick([3, 3, 3, 128]);
    if (random.once(10))
      packet.time = random.pick([undefined, 0n, -1n, 1n << 63n, 1_700_000_000_123_456_789n]);
    else packet.clockTime.split(0x17979cfe, random.below(2 ** 32));
    packet.comment = random.once(20) ? random.pick(['first', 'second', '']) : undefined;
    packet.clock = random.once(50) ? 'boot' : undefined;
    packet.wholeSize = random.once(50) ? data.length + random.below(2) : undefined;
    packet.lost = random.once(50) ? { count: random.pick([undefined, 1]) } : undefined;
    packet.queue = random.once(50) ? 'other' : undefined;
    sink(packet);
  }
}
