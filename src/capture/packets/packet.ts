import { PacketTime } from './packet-time.js';

/**
 * The interface of capture readers: they pass on one queue message at a time, without copying it. They do not interpret
 * it.
 */

/**
 * One message-queue message as it stands in a capture. A reader reuses one object for all its packets, and the
 * bytes are the reader's: both are valid only during the callback.
 */
export interface Packet {
  /**
   * Packet number in the file, from 1. In pcapng and pcap every packet block counts, also one that was skipped,
   * so that numbers agree with Wireshark; in text inputs every message counts.
   */
  frame: number;
  /** Nanoseconds since 1970 UTC, may be negative; undefined when the input has no time. */
  time: bigint | undefined;
  /** The same time, which may be had as halves. Without it there is `time` alone. */
  readonly clockTime?: PacketTime | undefined;
  /** Source VMID, 0..65535; undefined when the input has none. */
  from: number | undefined;
  /** Destination VMID, 0..65535; undefined when the input has none. */
  to: number | undefined;
  /** The queue message is bytes [start, end) of this. */
  data: Uint8Array;
  /** Covers exactly the same memory as `data`. */
  view: DataView;
  start: number;
  end: number;
  /** Text of the packet's comment options (several are joined with "\n"), undefined if it has none. */
  comment: string | undefined;
  /** The clock that `time` is from; undefined: UTC. */
  clock: Clock | undefined;
  /** Another queue than RM's, by its capability ID or another name that the input gives; undefined: RM's. */
  queue: string | undefined;
  /** Size in bytes of the whole message, when the input holds only the first bytes of it; undefined: it is whole. */
  wholeSize: number | undefined;
  /** Events that the input lost before this packet; their number undefined when it does not say it. */
  lost: { readonly count: number | undefined } | undefined;
}

/**
 * Clocks of times that are not UTC. `boot`, `mono` and `local` count from the start of the machine, as the kernel's
 * trace clocks of these names do. `wall` is the device's own time of day, in a zone that the text does not name.
 * `no-year` is a time of day and date without a year, for which 1970 stands; without a date it is the first of January.
 * `relative` counts from a moment that is not known: only differences mean something.
 */
export const clocks = ['boot', 'mono', 'local', 'wall', 'no-year', 'relative'] as const;
export type Clock = (typeof clocks)[number];

/** Takes the packets of a capture in file order. The reader must not be used again after the sink has thrown. */
export type PacketSink = (packet: Packet) => void;

/**
 * Takes a usual packet before the reader has filled an object with it. A usual packet was captured whole, has VMIDs and no
 * comment, is of RM's queue, and its time is in UTC. The parameters are as those of {@link Packet}.
 *
 * @returns false, and nothing is done, if the packet is to be passed to the PacketSink.
 */
export type UsualSink = (
  view: DataView,
  start: number,
  end: number,
  from: number,
  to: number,
  frame: number,
  time: PacketTime,
) => boolean;

/**
 * Something in a capture that was skipped or is incomplete, while the rest is read on. Codes: `link_type` (an
 * interface whose packets are skipped; once per interface), `dissector` (a packet meant for another dissector),
 * `packet` (a packet whose framing is broken; skipped), `snaplen` (the capture kept only part of the packet;
 * delivered), `option` (an option list that overruns its block), `gap` (lines missing in a dump), `order` (a packet that
 * comes too late for its place).
 */
export interface CaptureWarning {
  readonly code: string;
  /** The packet concerned, or the last one before when it is not about a packet (0 = before the first). */
  readonly frame: number;
  /** Byte offset in the file of the block, record or line. */
  readonly offset: number;
  /** One line for people, without the frame and the offset. */
  readonly message: string;
  /** Nothing is wrong with the input: people should know it all the same. */
  readonly isNote?: boolean;
}

export type WarningSink = (warning: CaptureWarning) => void;

/** Reads one capture from pieces of any size. After it has thrown it must not be used again. */
export interface CaptureReader {
  /**
   * Takes the next bytes of the file and calls the sink for every packet completed by them. The caller may reuse
   * `chunk` afterwards. Throws WireError (offset = byte offset in the file) when the bytes break the format;
   * everything before has been delivered.
   */
  push(chunk: Uint8Array): void;
  /**
   * Nothing has come for a while: what is complete by itself is passed on, even if something that belongs in front of it
   * might still come.
   */
  settle?(): void;
  /** The input has ended. Throws WireError when it ends inside something; everything before has been delivered. */
  end(): void;
  /**
   * Where it has come to: another reader that is made with this goes on from there, also in another thread. Readers
   * whose state is more than a few numbers lack it.
   */
  readonly state?: unknown;
}

/** The packet object of a reader. A class, because V8 makes literals with accessors slow objects. */
class ReaderPacket implements Packet {
  frame = 0;
  readonly clockTime = new PacketTime();
  from: number | undefined = undefined;
  to: number | undefined = undefined;
  data: Uint8Array = new Uint8Array(0);
  view = new DataView(this.data.buffer);
  start = 0;
  end = 0;
  comment: string | undefined = undefined;
  clock: Clock | undefined = undefined;
  queue: string | undefined = undefined;
  wholeSize: number | undefined = undefined;
  lost: { readonly count: number | undefined } | undefined = undefined;

  get time(): bigint | undefined {
    return this.clockTime.ns;
  }

  set time(ns: bigint | undefined) {
    this.clockTime.ns = ns;
  }
}

/** The one packet object of a reader, before its first packet. */
export function emptyPacket(): ReaderPacket {
  return new ReaderPacket();
}

/** Puts a whole queue message into a packet object. Number, time and comment stay as they are. */
export function putMessage(packet: Packet, from: number, to: number, bytes: Uint8Array): void {
  packet.from = from;
  packet.to = to;
  packet.data = bytes;
  packet.view = new DataView(bytes.buffer, bytes.byteOffset, bytes.byteLength);
  packet.start = 0;
  packet.end = bytes.byteLength;
}

/** What a packet takes in memory besides its bytes and its comment, about. */
export const PACKET_SIZE = 1536;

/** A copy of a packet, since the reader reuses its buffer. */
export function copyOfPacket(packet: Packet): Packet {
  // `slice` of a Buffer, which a user of the library may pass, would be a view of the same memory.
  const data = new Uint8Array(packet.data.subarray(packet.start, packet.end));
  const view = new DataView(data.buffer);
  return packetWith(packet, { data, view, start: 0, end: data.length });
}

/** A packet with other values of some keys. A spread alone would lose the time of a reader's packet. */
export function packetWith<P extends Partial<Packet>, C extends Partial<Packet>>(packet: P, changes: C) {
  return { ...packet, clockTime: undefined, time: packet.time, ...changes };
}
