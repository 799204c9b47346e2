import { copyOfPacket, type Packet, type PacketSink, packetWith } from '../capture/packets/index.js';

/** A sink throws it when it needs no more packets. */
export class StopReading extends Error {}

/** Ends what takes packets. The messages that it still passes on may be the last that are needed: {@link StopReading}. */
export function endOrStop(taker: { end(): void }): void {
  try {
    taker.end();
  } catch (error) {
    if (!(error instanceof StopReading)) throw error;
  }
}

/** A capture that is being read, with its packets that have not been passed on. */
interface Source {
  readonly pieces: AsyncGenerator<void>;
  readonly packets: Packet[];
  /** Index of the next packet. */
  next: number;
  /** Time of the packet before. A packet without a time keeps its place behind it. */
  time: bigint | undefined;
}

/**
 * Passes on the packets of several captures in the order of their times, numbered from 1. Each capture keeps its own
 * order. Of each capture one piece is in memory.
 *
 * @param read reads a capture piece by piece.
 */
export async function* inOrderOfTime(
  paths: readonly string[],
  read: (path: string, sink: PacketSink) => AsyncGenerator<void>,
  sink: PacketSink,
): AsyncGenerator<void> {
  const sources = paths.map((path): Source => {
    const packets: Packet[] = [];
    const pieces = read(path, (packet) => void packets.push(copyOfPacket(packet)));
    return { pieces, packets, next: 0, time: undefined };
  });
  try {
    for (let frame = 1; ; frame++) {
      const ready: Source[] = [];
      for (const one of sources) if (one.next < one.packets.length || (await refill(one))) ready.push(one);
      const source = earliest(ready);
      if (source === undefined) return;
      const packet = source.packets[source.next++] as Packet;
      source.time = timeOf(source, packet);
      sink(packetWith(packet, { frame }));
      if (source.next === source.packets.length) yield;
    }
  } finally {
    for (const { pieces } of sources) await pieces.return(undefined);
  }
}

/** Reads on until there is a packet. @returns false at the end. */
async function refill(source: Source): Promise<boolean> {
  while (source.next === source.packets.length) {
    source.packets.length = 0;
    source.next = 0;
    if ((await source.pieces.next()).done) return source.packets.length > 0;
  }
  return true;
}

function earliest(sources: readonly Source[]): Source | undefined {
  let first: { readonly source: Source; readonly time: bigint | undefined } | undefined;
  for (const source of sources) {
    const time = timeOf(source, source.packets[source.next] as Packet);
    if (first === undefined || (first.time !== undefined && (time === undefined || time < first.time)))
      first = { source, time };
  }
  return first?.source;
}

function timeOf({ time }: Source, packet: Packet): bigint | undefined {
  return packet.time ?? time;
}
