import { UsageError } from '../../base/error.js';
import { encodeText } from '../../base/text.js';
import type { Clock, Packet } from '../packets/index.js';
import { DISSECTOR, LINK_UPPER_PDU, TAG_DISSECTOR } from './link.js';
import {
  BLOCK_ENHANCED_PACKET,
  BLOCK_HEAD_SIZE,
  BLOCK_INTERFACE,
  BLOCK_SECTION,
  BLOCK_SIMPLE_PACKET,
  BLOCK_SIZE_MAX,
  BLOCK_STATISTICS,
  BLOCK_TAIL_SIZE,
  BYTE_ORDER_MAGIC,
  CLOCK_DESCRIPTION,
  NO_TIME_DESCRIPTION,
  OPTION_COMMENT,
  OPTION_DROP_COUNT,
  OPTION_DROPPED,
  OPTION_END,
  OPTION_INTERFACE_DESCRIPTION,
  OPTION_INTERFACE_NAME,
  OPTION_RECEIVED,
  OPTION_TIME_RESOLUTION,
} from './pcapng-blocks.js';

const BUFFER_SIZE = 64 * 1024;
const NANOSECONDS = 9;
const TIME_MAX = 2n ** 64n - 1n;
const VMID_MAX = 0xffff;
/** Largest option in bytes: its length has 16 bits. */
const OPTION_SIZE_MAX = 0xffff;
const INTERFACE_NAME = 'gunyah-rm';
/** The interface of packets with a time, and of simple packets, whose interface is always 0. */
const TIMED_INTERFACE = 0;

/** Tags and room for the pseudo-header: what stands before every message. */
const PACKET_PREFIX = packetPrefix();

/** What a live capture says of a packet besides its bytes. */
export interface PacketFacts {
  /** Packets that were dropped since the packet before. */
  readonly dropped?: number;
  /** Bytes of the queue message, if only its beginning is written. */
  readonly size?: number | undefined;
}

interface Option {
  readonly code: number;
  readonly value: Uint8Array;
}

/**
 * Writes pcapng as protocol/capture-format.md has it: one little-endian section, link type 252, nanoseconds.
 *
 * A packet without time is a simple packet block, which has no timestamp. If it has a comment it needs a block with
 * a timestamp: it is then written with timestamp 0 on a second interface, which is made when first needed and whose
 * if_description is NO_TIME_DESCRIPTION; pcapngReader gives such packets no time, other tools show 1970.
 */
export class PcapngWriter {
  readonly #write: (bytes: Uint8Array) => void;
  #buffer = new Uint8Array(BUFFER_SIZE);
  #view = new DataView(this.#buffer.buffer);
  #used = 0;
  /** Number of the interface with a description. */
  readonly #described = new Map<string, number>();

  /**
   * `write` gets the file piece by piece, in pieces of about 64 KiB. The array is reused after it has returned:
   * one that keeps the bytes must copy them.
   */
  constructor(write: (bytes: Uint8Array) => void) {
    this.#write = write;
    this.#section();
    this.#interface([
      { code: OPTION_INTERFACE_NAME, value: encodeText(INTERFACE_NAME) },
      { code: OPTION_TIME_RESOLUTION, value: Uint8Array.of(NANOSECONDS) },
    ]);
  }

  /**
   * Adds bytes [start, end) as one queue message. `time` is nanoseconds since 1970, 0..2^64-1. A comment longer than
   * one option holds (65535 bytes of UTF-8) becomes several, cut at line ends, which a reader joins again; a single
   * line longer than that is cut and so gains line ends.
   *
   * A `clock` other than UTC is the description of the packet's interface.
   *
   * @param facts of packets with a time.
   *
   * Throws UsageError `range` for a VMID above 65535, a time out of range, or a message too large for a block.
   */
  packet(
    from: number,
    to: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    time: bigint | undefined,
    comment: string | undefined,
    clock?: Clock,
    facts: PacketFacts = {},
  ): void {
    checkVmid('from', from);
    checkVmid('to', to);
    if (!(start >= 0 && start <= end && end <= bytes.length)) {
      throw new UsageError({
        code: 'range',
        path: 'start..end',
        expected: `within 0..${bytes.length}`,
        actual: `${start}..${end}`,
      });
    }
    const isSimple = time === undefined && comment === undefined && facts.size === undefined;
    if (isSimple) this.#simplePacket(from, to, bytes, start, end);
    else this.#enhancedPacket(from, to, bytes, start, end, time, comment, clock, facts);
  }

  /** Says how many packets were recorded and how many dropped, at a time in nanoseconds since 1970. */
  statistics(time: bigint, received: number, dropped: number): void {
    const options = [
      { code: OPTION_RECEIVED, value: u64(received) },
      { code: OPTION_DROPPED, value: u64(dropped) },
    ];
    const at = this.#begin(BLOCK_STATISTICS, 12 + optionsSize(options));
    this.#view.setUint32(at, TIMED_INTERFACE, true);
    this.#view.setUint32(at + 4, Number(time >> 32n), true);
    this.#view.setUint32(at + 8, Number(time & 0xffff_ffffn), true);
    this.#options(at + 12, options);
  }

  /** Writes the buffered blocks, for programs that read the file while it grows. */
  flush(): void {
    this.#flush();
  }

  /** Writes the buffered blocks and completes the file. The writer must not be used again. */
  end(): void {
    this.#flush();
  }

  #section(): void {
    const at = this.#begin(BLOCK_SECTION, 16);
    const view = this.#view;
    view.setUint32(at, BYTE_ORDER_MAGIC, true);
    view.setUint16(at + 4, 1, true);
    view.setUint16(at + 6, 0, true);
    // Section length unknown, because the file is written in one pass.
    view.setBigInt64(at + 8, -1n, true);
  }

  #interface(options: readonly Option[]): void {
    const at = this.#begin(BLOCK_INTERFACE, 8 + optionsSize(options));
    const view = this.#view;
    view.setUint16(at, LINK_UPPER_PDU, true);
    view.setUint16(at + 2, 0, true);
    view.setUint32(at + 4, 0, true);
    this.#options(at + 8, options);
  }

  #simplePacket(from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    const size = PACKET_PREFIX.length + end - start;
    const at = this.#begin(BLOCK_SIMPLE_PACKET, 4 + padded(size));
    this.#view.setUint32(at, size, true);
    this.#message(at + 4, from, to, bytes, start, end);
  }

  #enhancedPacket(
    from: number,
    to: number,
    bytes: Uint8Array,
    start: number,
    end: number,
    time: bigint | undefined,
    comment: string | undefined,
    clock: Clock | undefined,
    { dropped = 0, size: original = end - start }: PacketFacts,
  ): void {
    if (time !== undefined && !isTime(time)) {
      throw new UsageError({
        code: 'range',
        path: 'time',
        expected: '0..2^64-1 ns since 1970',
        actual: time,
      });
    }
    const clockText = clock === undefined ? undefined : `${CLOCK_DESCRIPTION}${clock}`;
    const interfaceId = this.#interfaceOf(time === undefined ? NO_TIME_DESCRIPTION : clockText);
    const options = comment === undefined ? [] : commentOptions(comment);
    if (dropped > 0) options.push({ code: OPTION_DROP_COUNT, value: u64(dropped) });
    const size = PACKET_PREFIX.length + end - start;
    const at = this.#begin(BLOCK_ENHANCED_PACKET, 20 + padded(size) + optionsSize(options));
    const view = this.#view;
    view.setUint32(at, interfaceId, true);
    const ticks = time ?? 0n;
    view.setUint32(at + 4, Number(ticks >> 32n), true);
    view.setUint32(at + 8, Number(ticks & 0xffff_ffffn), true);
    view.setUint32(at + 12, size, true);
    view.setUint32(at + 16, PACKET_PREFIX.length + original, true);
    this.#message(at + 20, from, to, bytes, start, end);
    this.#options(at + 20 + padded(size), options);
  }

  /** The interface with this description, written when it is first needed; undefined: that of times in UTC. */
  #interfaceOf(description: string | undefined): number {
    if (description === undefined) return TIMED_INTERFACE;
    let id = this.#described.get(description);
    if (id === undefined) {
      id = this.#described.size + 1;
      this.#described.set(description, id);
      this.#interface([
        { code: OPTION_INTERFACE_NAME, value: encodeText(INTERFACE_NAME) },
        { code: OPTION_INTERFACE_DESCRIPTION, value: encodeText(description) },
        { code: OPTION_TIME_RESOLUTION, value: Uint8Array.of(NANOSECONDS) },
      ]);
    }
    return id;
  }

  #message(at: number, from: number, to: number, bytes: Uint8Array, start: number, end: number): void {
    const messageAt = at + PACKET_PREFIX.length;
    this.#buffer.set(PACKET_PREFIX, at);
    this.#view.setUint16(messageAt - 4, from, true);
    this.#view.setUint16(messageAt - 2, to, true);
    this.#buffer.set(bytes.subarray(start, end), messageAt);
    const dataEnd = messageAt + end - start;
    this.#buffer.fill(0, dataEnd, at + padded(dataEnd - at));
  }

  #options(start: number, options: readonly Option[]): void {
    let at = start;
    for (const { code, value } of options) {
      this.#view.setUint16(at, code, true);
      this.#view.setUint16(at + 2, value.length, true);
      this.#buffer.set(value, at + 4);
      const next = at + 4 + padded(value.length);
      this.#buffer.fill(0, at + 4 + value.length, next);
      at = next;
    }
    // The end mark is a code and a length, both zero.
    if (options.length > 0) this.#view.setUint32(at, OPTION_END, true);
  }

  /** Makes room for a block with a body of `bodySize` bytes, writes type and lengths; where the body goes. */
  #begin(type: number, bodySize: number): number {
    const size = BLOCK_HEAD_SIZE + bodySize + BLOCK_TAIL_SIZE;
    if (size > BLOCK_SIZE_MAX) {
      throw new UsageError({
        code: 'range',
        path: 'block',
        expected: `at most ${BLOCK_SIZE_MAX} bytes`,
        actual: size,
      });
    }
    if (this.#used + size > this.#buffer.length) {
      this.#flush();
      if (size > this.#buffer.length) this.#resize(size);
    }
    const at = this.#used;
    this.#view.setUint32(at, type, true);
    this.#view.setUint32(at + 4, size, true);
    this.#view.setUint32(at + size - BLOCK_TAIL_SIZE, size, true);
    this.#used += size;
    return at + BLOCK_HEAD_SIZE;
  }

  #flush(): void {
    if (this.#used === 0) return;
    const used = this.#used;
    this.#used = 0;
    this.#write(this.#buffer.subarray(0, used));
    // What a large packet needed is not held, and not filled with others before they are written.
    if (this.#buffer.length > BUFFER_SIZE) this.#resize(BUFFER_SIZE);
  }

  #resize(size: number): void {
    this.#buffer = new Uint8Array(size);
    this.#view = new DataView(this.#buffer.buffer);
  }
}

/** Tag fields are big-endian, whatever the byte order of the file. */
function packetPrefix(): Uint8Array {
  const name = encodeText(DISSECTOR);
  const prefix = new Uint8Array(4 + padded(name.length) + 4 + 4);
  const view = new DataView(prefix.buffer);
  view.setUint16(0, TAG_DISSECTOR);
  view.setUint16(2, padded(name.length));
  prefix.set(name, 4);
  return prefix;
}

function padded(size: number): number {
  return (size + 3) & ~3;
}

/** Bytes of the list with its end mark; an empty list is left out altogether. */
function optionsSize(options: readonly Option[]): number {
  if (options.length === 0) return 0;
  return options.reduce((sum, option) => sum + 4 + padded(option.value.length), 4);
}

function commentOptions(comment: string): Option[] {
  const bytes = encodeText(comment);
  const options: Option[] = [];
  let at = 0;
  while (bytes.length - at > OPTION_SIZE_MAX) {
    // The line end at the cut is what a reader puts between two comments.
    const lineEnd = bytes.subarray(at, at + OPTION_SIZE_MAX + 1).lastIndexOf(0x0a);
    let cut = lineEnd < 0 ? at + OPTION_SIZE_MAX : at + lineEnd;
    while (lineEnd < 0 && ((bytes[cut] as number) & 0xc0) === 0x80) cut -= 1;
    options.push({ code: OPTION_COMMENT, value: bytes.subarray(at, cut) });
    at = lineEnd < 0 ? cut : cut + 1;
  }
  options.push({ code: OPTION_COMMENT, value: bytes.subarray(at) });
  return options;
}

/**
 * Adds a packet that a reader gave.
 *
 * @returns false if it was written without its time, which pcapng cannot hold.
 */
export function copyPacket(
  writer: PcapngWriter,
  from: number,
  to: number,
  packet: Omit<Packet, 'view' | 'frame'>,
): boolean {
  const { data, start, end, time, comment, clock, wholeSize: size } = packet;
  const fits = time === undefined || isTime(time);
  writer.packet(from, to, data, start, end, fits ? time : undefined, comment, clock, { size });
  return fits;
}

/** Whether pcapng can hold a time, in nanoseconds since 1970. */
function isTime(time: bigint): boolean {
  return time >= 0n && time <= TIME_MAX;
}

function u64(value: number): Uint8Array {
  const bytes = new Uint8Array(8);
  new DataView(bytes.buffer).setBigUint64(0, BigInt(value), true);
  return bytes;
}

function checkVmid(path: string, value: number): void {
  if (Number.isInteger(value) && value >= 0 && value <= VMID_MAX) return;
  throw new UsageError({ code: 'range', path, expected: `0..${VMID_MAX}`, actual: value });
}
