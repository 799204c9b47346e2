import type { ByteWriter } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import {
  type Header,
  type Message,
  MessageType,
  type MessageTypeName,
  messageTypeNames,
  type Payload,
  payloadOf,
} from '../../schema/index.js';
import type { AnyType, Values } from '../../wire/index.js';
import type { Clock, Packet, PacketTime } from '../packets/index.js';
import {
  type DecodedPayload,
  decodedSizeMax,
  decodePayload,
  errorWordSize,
  type PayloadWriter,
  payloadWriter,
} from '../payload/index.js';
import { KeptRecord } from './kept-record.js';
import type { CaptureRecord, RecordPacket } from './record.js';

const none: readonly Issue[] = [];

/** The packet of a message of one packet. */
class ReusedPacket implements RecordPacket {
  packet!: Packet;
  header!: Header;
  size = 0;
  gaps: readonly Issue[] = none;

  get frame(): number {
    return this.packet.frame;
  }
  get time(): bigint | undefined {
    return this.packet.time;
  }
  get clockTime(): PacketTime | undefined {
    return this.packet.clockTime;
  }
  get clock(): Clock | undefined {
    return this.packet.clock;
  }
  get comment(): string | undefined {
    return this.packet.comment;
  }
}

/** How payloads of one layout are checked and written. */
interface LayoutFunctions {
  readonly check: (view: DataView, start: number, end: number, request?: unknown) => boolean;
  readonly write: PayloadWriter;
}

/**
 * The record of the whole message that has come last: its payload lies in the packet, and is decoded when somebody asks
 * for it. Whether it would decode is checked first, which takes a few nanoseconds and tells that there is nothing else to
 * say about it.
 */
export class ReusedRecord implements CaptureRecord {
  no = 0;
  packets: readonly RecordPacket[] = [];
  from = 0;
  to = 0;
  readonly queue = undefined;
  type: MessageTypeName = 'request';
  seq = 0;
  id = 0;
  message: Message | undefined;
  announced = 0;
  readonly incomplete = false;
  request: number | undefined;
  latencyNs: number | undefined;
  duplicateOf: number | undefined;
  size = 0;
  error: number | undefined;
  layout: Payload | undefined;

  readonly #single = new ReusedPacket();
  readonly #singles: readonly RecordPacket[] = [this.#single];
  readonly #functions = new Map<AnyType, LayoutFunctions>();
  #of: LayoutFunctions | undefined;
  #code = 0;
  #view!: DataView;
  #start = 0;
  #fields = 0;
  #end = 0;
  #asked: Values | undefined;
  /** Issues of the packets, which come before those of the payload. */
  #issues: readonly Issue[] = none;
  #isSound = false;
  #decoded: DecodedPayload | undefined;
  readonly #keepsBytes: boolean;

  constructor(keepsBytes: boolean) {
    this.#keepsBytes = keepsBytes;
  }

  /** The packets of a message of one packet. */
  single(packet: Packet, header: Header, size: number, gaps: readonly Issue[]): readonly RecordPacket[] {
    const single = this.#single;
    single.packet = packet;
    single.header = header;
    single.size = size;
    single.gaps = gaps;
    return this.#singles;
  }

  /** Takes the payload [start, end) of a message; `asked` is the value of the request that a reply answers. */
  begin(
    header: Header,
    message: Message | undefined,
    view: DataView,
    start: number,
    end: number,
    asked: Values | undefined,
    issues: readonly Issue[],
  ): void {
    const { type } = header;
    this.type = messageTypeNames[type] as MessageTypeName;
    this.seq = header.seq;
    this.id = header.msg_id;
    this.announced = header.fragments;
    this.message = message;
    this.size = end - start;
    this.#code = type;
    this.#view = view;
    this.#start = start;
    this.#end = end;
    this.#asked = asked;
    this.#issues = issues;
    this.#decoded = undefined;
    const isReply = type === MessageType.reply;
    const hasError = isReply && end - start >= errorWordSize;
    this.error = hasError ? view.getUint32(start, true) : undefined;
    this.#fields = hasError ? start + errorWordSize : start;
    const layout = isReply && !hasError ? undefined : payloadOf(message, type, this.error);
    this.layout = layout !== undefined && end - this.#fields <= decodedSizeMax ? layout : undefined;
    this.#of = this.layout && this.#functionsOf(this.layout);
    this.#isSound = this.#of?.check(view, this.#fields, end, asked) ?? false;
  }

  get payload(): Values | undefined {
    return this.#all.payload;
  }
  get complete(): boolean {
    return this.#isSound || this.#all.complete;
  }
  get rest(): Uint8Array | undefined {
    return this.#isSound ? undefined : this.#all.rest;
  }
  get issues(): readonly Issue[] {
    const { issues } = this.#isSound ? { issues: none } : this.#all;
    return this.#issues.length === 0 ? issues : [...this.#issues, ...issues];
  }
  get raw(): Uint8Array | undefined {
    return this.#isSound ? undefined : this.#all.raw;
  }
  get bytes(): Uint8Array | undefined {
    if (!this.#keepsBytes) return undefined;
    const { buffer, byteOffset } = this.#view;
    return this.raw ?? new Uint8Array(buffer, byteOffset + this.#start, this.size).slice();
  }

  /** The same, for longer than until the next message. */
  kept(): KeptRecord {
    const { buffer, byteOffset } = this.#view;
    const bytes = new Uint8Array(buffer, byteOffset + this.#start, this.size).slice();
    return new KeptRecord(this, bytes, this.#asked, this.#issues);
  }

  writePayload(writer: ByteWriter): boolean {
    if (!this.#isSound || this.#of === undefined) return false;
    const before = writer.at;
    if (this.#of.write(this.#view, this.#fields, this.#end, this.#asked, writer)) return true;
    writer.at = before;
    return false;
  }

  get #all(): DecodedPayload {
    this.#decoded ??= decodePayload(
      this.message,
      this.#code,
      this.#view,
      this.#start,
      this.#end,
      this.#asked,
    );
    return this.#decoded;
  }

  #functionsOf(layout: Payload): LayoutFunctions {
    let functions = this.#functions.get(layout);
    if (functions === undefined) {
      const codec = codecOf<AnyType>(layout);
      functions = { check: (...payload) => codec.check(...payload), write: payloadWriter(layout) };
      this.#functions.set(layout, functions);
    }
    return functions;
  }
}

/** The record, for longer than until the next message. */
export function keptRecord(record: CaptureRecord): CaptureRecord {
  return record instanceof ReusedRecord ? record.kept() : record;
}
