import { viewOf } from '../../base/bytes.js';
import type { Issue } from '../../base/error.js';
import type { HeaderReader } from '../../rpc/index.js';
import {
  type Header,
  type Message,
  MessageType,
  type MessageTypeName,
  type Payload,
} from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type Clock, PacketTime } from '../packets/index.js';
import { type DecodedPayload, decodePayload } from '../payload/index.js';
import type { CaptureRecord, RecordPacket } from './record.js';

/** What is known of each whole message besides what its payload's bytes mean. */
type WholeMessage = Omit<
  CaptureRecord,
  'type' | 'seq' | 'id' | keyof Omit<DecodedPayload, 'error' | 'layout'>
> & {
  readonly type: MessageTypeName;
  readonly seq: number;
  readonly id: number;
};

/** The bytes of a packet, which nobody changes, and what reads its header. */
export interface QueueMessage {
  readonly bytes: Uint8Array;
  readonly reader: HeaderReader;
}

/** A packet with a time of its own, of which a bigint is made when somebody asks for it. */
class KeptPacket implements RecordPacket {
  readonly frame: number;
  readonly clockTime = new PacketTime();
  readonly clock: Clock | undefined;
  readonly comment: string | undefined;
  readonly size: number;
  readonly gaps: readonly Issue[];
  readonly #header: Header | undefined;
  readonly #message: QueueMessage | undefined;

  /** @param message the bytes of the packet, if they are kept. */
  constructor(packet: RecordPacket, message: QueueMessage | undefined) {
    this.frame = packet.frame;
    if (packet.clockTime === undefined) this.clockTime.ns = packet.time;
    else this.clockTime.copy(packet.clockTime);
    this.clock = packet.clock;
    this.comment = packet.comment;
    this.size = packet.size;
    this.gaps = packet.gaps;
    this.#message = message;
    this.#header = message === undefined ? packet.header : undefined;
  }

  get header(): Header | undefined {
    return this.#message === undefined
      ? this.#header
      : this.#message.reader.read(viewOf(this.#message.bytes), 0);
  }

  get time(): bigint | undefined {
    return this.clockTime.ns;
  }
}

/** A whole message with bytes of its own, which is decoded when somebody asks for its fields. */
export class KeptRecord implements CaptureRecord {
  readonly no: number;
  readonly packets: readonly RecordPacket[];
  readonly from: number;
  readonly to: number;
  readonly queue = undefined;
  readonly type: MessageTypeName;
  readonly seq: number;
  readonly id: number;
  readonly message: Message | undefined;
  readonly announced: number;
  readonly incomplete = false;
  readonly error: number | undefined;
  readonly request: number | undefined;
  readonly latencyNs: number | undefined;
  readonly duplicateOf: number | undefined;
  readonly layout: Payload | undefined;
  readonly size: number;
  readonly bytes: Uint8Array;
  /** Value of the request that a reply answers. */
  readonly asked: Values | undefined;
  /** Issues of the packets, which come before those of the payload. */
  readonly packetIssues: readonly Issue[];
  #decoded: DecodedPayload | undefined;

  /**
   * @param bytes of the payload, which nobody changes. @param decoded what they mean, if that is known.
   * @param message of a record of one packet.
   */
  constructor(
    record: WholeMessage,
    bytes: Uint8Array,
    asked: Values | undefined,
    packetIssues: readonly Issue[],
    decoded?: DecodedPayload,
    message?: QueueMessage,
  ) {
    this.no = record.no;
    const { packets } = record;
    this.packets =
      packets.length === 1
        ? [new KeptPacket(packets[0] as RecordPacket, message)]
        : packets.map((packet) => new KeptPacket(packet, message));
    this.from = record.from;
    this.to = record.to;
    this.type = record.type;
    this.seq = record.seq;
    this.id = record.id;
    this.message = record.message;
    this.announced = record.announced;
    this.error = record.error;
    this.request = record.request;
    this.latencyNs = record.latencyNs;
    this.duplicateOf = record.duplicateOf;
    this.layout = record.layout;
    this.size = record.size;
    this.bytes = bytes;
    this.asked = asked;
    this.packetIssues = packetIssues;
    this.#decoded = decoded;
  }

  get payload(): Values | undefined {
    return this.#all.payload;
  }
  get complete(): boolean {
    return this.#all.complete;
  }
  get rest(): Uint8Array | undefined {
    return this.#all.rest;
  }
  get raw(): Uint8Array | undefined {
    return this.#all.raw;
  }
  get issues(): readonly Issue[] {
    const { issues } = this.#all;
    return this.packetIssues.length === 0 ? issues : [...this.packetIssues, ...issues];
  }

  get #all(): DecodedPayload {
    const { message, type, bytes } = this;
    this.#decoded ??= decodePayload(message, MessageType[type], viewOf(bytes), 0, bytes.length, this.asked);
    return this.#decoded;
  }
}
