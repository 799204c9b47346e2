import { emptyPacket, type Packet, packetWith } from '../../capture/packets/index.js';
import { type DecodedPayload, decodePayload, replyDependsOnRequest } from '../../capture/payload/index.js';
import { StatesBefore } from '../../capture/print/index.js';
import type { CaptureRecord, RecordType, UnansweredRequest } from '../../capture/records/index.js';
import { Assembler } from '../../capture/records/index.js';
import { rmRules } from '../../rpc/index.js';
import { type Message, MessageType, type Protocol } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { ByteStore, type Stored } from './byte-store.js';
import { noteOf } from './note.js';
import { PacketTimes } from './packet-times.js';
import { Table } from './table.js';

/** Types in the order of their numbers in the column `type`. The first four are the message types of the header. */
export const recordTypes: readonly RecordType[] = [
  'continuation',
  'request',
  'reply',
  'notification',
  'malformed',
  'other',
];

/** Bits of the column `flags`: facts about a record that no other column has. */
export const Flag = {
  /** It has an RPC header, so seq and id are valid. */
  header: 1,
  incomplete: 2,
  /** It is a reply with an error word. */
  error: 4,
  issues: 8,
  rest: 16,
  raw: 32,
  comment: 64,
  duplicate: 128,
  /** It has more than one packet, or its packet is longer than a queue message may be. */
  several: 256,
  /** A user has marked it. */
  marked: 512,
} as const;

/** What few packets have. */
type PacketFacts = Pick<Packet, 'clock' | 'queue' | 'wholeSize' | 'lost'>;
/** Stands for a VMID that the capture does not say. */
const NOBODY = 0xffffffff;

const noFacts: PacketFacts = { clock: undefined, queue: undefined, wholeSize: undefined, lost: undefined };

/** One queue message of a record. */
export interface StoredPacket extends Stored, PacketFacts {
  readonly from: number | undefined;
  readonly to: number | undefined;
  readonly frame: number;
  readonly time: bigint | undefined;
  readonly comment: string | undefined;
}

/** Is called for each record while the capture is read. */
export interface IndexObserver {
  /** The packets of the record have the numbers of the file. `index` is `no` minus one. */
  record(record: CaptureRecord, index: number): void;
  unanswered(request: UnansweredRequest): void;
}

/**
 * All messages of a capture as columns and bytes. It takes some 80 bytes for each queue message besides its bytes.
 * Everything else about a message is decoded again when it is needed, from its packets.
 */
export class MessageIndex {
  /**
   * One row per message. `partner` is the `no` of the request of a reply or of the reply of a request, 0 if there is
   * none. `at` is the time in nanoseconds since `base`, NaN if the message has no time.
   */
  readonly messages = new Table({
    firstPart: Uint32Array,
    type: Uint8Array,
    flags: Uint16Array,
    from: Uint16Array,
    to: Uint16Array,
    seq: Uint16Array,
    id: Uint32Array,
    error: Uint32Array,
    partner: Uint32Array,
    latencyNs: Float64Array,
    size: Uint32Array,
    at: Float64Array,
  });
  /** Time of the first packet that has one. */
  base: bigint | undefined;
  /** One row per queue message, in the order of the file. */
  readonly #packets = new Table({
    frame: Uint32Array,
    position: Uint32Array,
    size: Uint32Array,
    time: BigInt64Array,
    from: Uint32Array,
    to: Uint32Array,
  });
  /** The packets of all messages, grouped by message. */
  readonly #parts = new Table({ packet: Uint32Array });
  readonly #bytes = new ByteStore();
  readonly #times = new PacketTimes();
  readonly #comments = new Map<number, string>();
  readonly #facts = new Map<number, PacketFacts>();
  readonly #duplicates = new Map<number, number>();
  readonly #states = new StatesBefore();
  readonly #statesBefore = new Map<number, number>();
  readonly #assembler: Assembler;
  readonly #numbered: Packet = emptyPacket();
  #scratch = new Uint8Array(0);
  readonly #observer: IndexObserver;

  constructor(
    readonly protocol: Protocol,
    observer: IndexObserver,
  ) {
    this.#observer = observer;
    this.#assembler = new Assembler({
      protocol,
      rules: rmRules,
      record: (record) => this.#add(record),
      unanswered: ({ no, id, name, seq, from, to, frame, time }) =>
        observer.unanswered({ no, id, name, seq, from, to, frame: this.#frame(frame), time }),
    });
  }

  get count(): number {
    return this.messages.length;
  }

  get packetCount(): number {
    return this.#packets.length;
  }

  /** Takes the next packet of the capture. */
  packet(packet: Packet): void {
    const { data, view, start, end, from, to, time, comment, clock, queue, wholeSize, lost } = packet;
    const index = this.#packets.add();
    const { columns } = this.#packets;
    columns.frame[index] = packet.frame;
    columns.position[index] = this.#bytes.add(data, start, end);
    columns.size[index] = end - start;
    columns.from[index] = from ?? NOBODY;
    columns.to[index] = to ?? NOBODY;
    columns.time[index] = this.#times.store(index, time);
    if (comment !== undefined) this.#comments.set(index, comment);
    const facts = { clock, queue, wholeSize, lost };
    if (Object.values(facts).some((fact) => fact !== undefined)) this.#facts.set(index, facts);
    this.base ??= time;
    // Packet numbers in a file need not be unique. So the assembler gets the row in #packets as packet number.
    Object.assign(this.#numbered, {
      frame: index,
      data,
      view,
      start,
      end,
      from,
      to,
      time,
      comment,
      ...facts,
    });
    this.#assembler.packet(this.#numbered);
  }

  /** The capture has ended. */
  end(): void {
    this.#assembler.end();
  }

  /** The declaration of a message. Undefined for an unknown id. */
  messageOf(index: number): Message | undefined {
    const { columns } = this.messages;
    return this.has(index, Flag.header) ? this.protocol.byId.get(columns.id[index] as number) : undefined;
  }

  has(index: number, flag: number): boolean {
    return ((this.messages.columns.flags[index] as number) & flag) !== 0;
  }

  /** The comment of a message's first packet. */
  comment(index: number): string | undefined {
    return this.#comments.get(this.#firstPacket(index));
  }

  /** Gives the first packet of a message another comment, or none. */
  setComment(index: number, comment: string | undefined): void {
    const packet = this.#firstPacket(index);
    if (comment === undefined) this.#comments.delete(packet);
    else this.#comments.set(packet, comment);
    const { flags } = this.messages.columns;
    const hasOther = this.packets(index).some((own) => own.comment !== undefined);
    flags[index] =
      ((flags[index] as number) & ~(Flag.comment | Flag.marked)) |
      (hasOther ? Flag.comment : 0) |
      (noteOf(comment).marked ? Flag.marked : 0);
  }

  /** The message of each packet, in the order of the file. */
  messagesOfPackets(): Uint32Array {
    const messages = new Uint32Array(this.packetCount);
    const { firstPart } = this.messages.columns;
    const { packet } = this.#parts.columns;
    for (let index = 0; index < this.count; index++) {
      const first = firstPart[index] as number;
      const end = first + this.packetCountOf(index);
      for (let part = first; part < end; part++) messages[packet[part] as number] = index;
    }
    return messages;
  }

  /** A queue message by its place in the file, counted from 0. */
  packetAt(packet: number): StoredPacket {
    const { from, to } = this.#packets.columns;
    return {
      ...this.#stored(packet),
      from: from[packet] === NOBODY ? undefined : from[packet],
      to: to[packet] === NOBODY ? undefined : to[packet],
      frame: this.#frame(packet),
      time: this.#time(packet),
      comment: this.#comments.get(packet),
      ...(this.#facts.get(packet) ?? noFacts),
    };
  }

  /** `no` of the first request that this one repeats. */
  duplicateOf(index: number): number | undefined {
    return this.#duplicates.get(index);
  }

  /** The state before, of a message that reports another state of a VM. */
  stateBefore(index: number): number | undefined {
    return this.#statesBefore.get(index);
  }

  packetCountOf(index: number): number {
    const { firstPart } = this.messages.columns;
    const end = index + 1 < this.count ? (firstPart[index + 1] as number) : this.#parts.length;
    return end - (firstPart[index] as number);
  }

  /** The queue messages of a message, with their headers. */
  packets(index: number): StoredPacket[] {
    const first = this.messages.columns.firstPart[index] as number;
    return Array.from({ length: this.packetCountOf(index) }, (_, part) =>
      this.packetAt(this.#parts.columns.packet[first + part] as number),
    );
  }

  /** Decodes a message again and returns its whole record, including the payload bytes. */
  record(index: number): CaptureRecord {
    const { columns } = this.messages;
    let found: CaptureRecord | undefined;
    const assembler = new Assembler({
      protocol: this.protocol,
      rules: rmRules,
      keepBytes: true,
      record(record) {
        found = record;
      },
    });
    const request = this.#requestOf(index);
    if (request !== undefined && replyDependsOnRequest(this.messageOf(index)))
      this.#replay(assembler, request);
    this.#replay(assembler, index);
    assembler.end();
    const latencyNs = columns.latencyNs[index] as number;
    return {
      ...(found as CaptureRecord),
      no: index + 1,
      request: request === undefined ? undefined : request + 1,
      duplicateOf: this.#duplicates.get(index),
      latencyNs: Number.isNaN(latencyNs) ? undefined : latencyNs,
    };
  }

  /** The payload of a complete request, reply or notification. Undefined for other records. Much faster than `record`. */
  payload(index: number): DecodedPayload | undefined {
    const { columns } = this.messages;
    const type = columns.type[index] as number;
    if (type === MessageType.continuation || type > MessageType.notification) return undefined;
    if (this.has(index, Flag.incomplete)) return undefined;
    const request = this.requestValues(index);
    const { view, start, end } = this.content(index);
    return decodePayload(this.messageOf(index), type, view, start, end, request);
  }

  /** The payload of the request of a reply. Undefined if the layout of the reply does not depend on it. */
  requestValues(index: number): Values | undefined {
    const request = this.#requestOf(index);
    if (request === undefined || !replyDependsOnRequest(this.messageOf(index))) return undefined;
    return this.payload(request)?.payload;
  }

  #add(record: CaptureRecord): void {
    const index = this.messages.add();
    const { columns } = this.messages;
    const { packets, type, seq, id, error, request } = record;
    columns.firstPart[index] = this.#parts.length;
    for (const { frame } of packets) {
      const part = this.#parts.add();
      this.#parts.columns.packet[part] = frame;
    }
    columns.type[index] = recordTypes.indexOf(type);
    columns.flags[index] = this.#flagsOf(record);
    columns.from[index] = record.from;
    columns.to[index] = record.to;
    columns.seq[index] = seq ?? 0;
    columns.id[index] = id ?? 0;
    columns.error[index] = error ?? 0;
    columns.latencyNs[index] = record.latencyNs ?? Number.NaN;
    columns.size[index] = record.size;
    const time = packets[0]?.time;
    columns.at[index] = time === undefined || this.base === undefined ? Number.NaN : Number(time - this.base);
    if (record.duplicateOf !== undefined) this.#duplicates.set(index, record.duplicateOf);
    if (request !== undefined) {
      columns.partner[index] = request;
      columns.partner[request - 1] = index + 1;
    }
    const before = this.#states.take(record);
    if (before !== undefined) this.#statesBefore.set(index, before);
    this.#observer.record(this.#inFile(record), index);
  }

  /** The record with the packet numbers of the file. */
  #inFile(record: CaptureRecord): CaptureRecord {
    const packets = record.packets.map((packet) => ({ ...packet, frame: this.#frame(packet.frame) }));
    return { ...record, packets };
  }

  #flagsOf({ packets, issues, ...record }: CaptureRecord): number {
    const { content } = this.protocol.limits;
    return (
      (record.id === undefined ? 0 : Flag.header) |
      (record.incomplete ? Flag.incomplete : 0) |
      (record.error === undefined ? 0 : Flag.error) |
      (issues.length === 0 ? 0 : Flag.issues) |
      (record.rest === undefined ? 0 : Flag.rest) |
      (record.raw === undefined ? 0 : Flag.raw) |
      (packets.some(({ comment }) => comment !== undefined) ? Flag.comment : 0) |
      (noteOf(packets[0]?.comment).marked ? Flag.marked : 0) |
      (record.duplicateOf === undefined ? 0 : Flag.duplicate) |
      (packets.length > 1 || packets.some(({ size }) => size > content) ? Flag.several : 0)
    );
  }

  #requestOf(index: number): number | undefined {
    const { type, partner } = this.messages.columns;
    const no = partner[index] as number;
    return type[index] === MessageType.reply && no > 0 ? no - 1 : undefined;
  }

  #replay(assembler: Assembler, index: number): void {
    const { from, to } = this.messages.columns;
    const route = { from: from[index], to: to[index] };
    for (const packet of this.packets(index)) assembler.packet(packetWith(packet, route));
  }

  /** The payload bytes of a message, contiguous. They are valid until the next call. */
  content(index: number): Stored {
    const { header } = this.protocol.limits;
    const first = this.messages.columns.firstPart[index] as number;
    const count = this.packetCountOf(index);
    const stored = this.#stored(this.#firstPacket(index));
    if (count === 1) return { ...stored, start: stored.start + header };
    const size = this.messages.columns.size[index] as number;
    if (this.#scratch.length < size) this.#scratch = new Uint8Array(size * 2);
    let end = 0;
    for (let part = first; part < first + count; part++) {
      const run = this.#stored(this.#parts.columns.packet[part] as number);
      this.#scratch.set(run.data.subarray(run.start + header, run.end), end);
      end += run.end - run.start - header;
    }
    return { data: this.#scratch, view: new DataView(this.#scratch.buffer), start: 0, end };
  }

  #firstPacket(index: number): number {
    return this.#parts.columns.packet[this.messages.columns.firstPart[index] as number] as number;
  }

  #stored(packet: number): Stored {
    const { position, size } = this.#packets.columns;
    return this.#bytes.at(position[packet] as number, size[packet] as number);
  }

  #frame(packet: number): number {
    return this.#packets.columns.frame[packet] as number;
  }

  #time(packet: number): bigint | undefined {
    return this.#times.load(packet, this.#packets.columns.time[packet] as bigint);
  }
}
