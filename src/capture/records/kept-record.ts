import type { Issue } from '../../base/error.js';
import type { Header } from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type Clock, PacketTime } from '../packets/index.js';
import type { DecodedPayload } from '../payload/index.js';
import { KeptMessage, type WholeContents } from './kept-message.js';
import type { CaptureRecord, RecordPacket } from './record.js';

/** A packet with a time of its own, of which a bigint is made when somebody asks for it. */
class KeptPacket implements RecordPacket {
  readonly frame: number;
  readonly clockTime = new PacketTime();
  readonly clock: Clock | undefined;
  readonly comment: string | undefined;
  readonly size: number;
  readonly gaps: readonly Issue[];
  readonly header: Header | undefined;

  constructor(packet: RecordPacket) {
    this.frame = packet.frame;
    if (packet.clockTime === undefined) this.clockTime.ns = packet.time;
    else this.clockTime.copy(packet.clockTime);
    this.clock = packet.clock;
    this.comment = packet.comment;
    this.size = packet.size;
    this.gaps = packet.gaps;
    this.header = packet.header;
  }

  get time(): bigint | undefined {
    return this.clockTime.ns;
  }
}

/** A whole message with bytes of its own, and where and when it was seen. */
export class KeptRecord extends KeptMessage implements CaptureRecord {
  readonly packets: readonly RecordPacket[];
  readonly announced: number;
  readonly request: number | undefined;
  readonly latencyNs: number | undefined;
  readonly size: number;

  /** @param bytes of the payload, which nobody changes. @param decoded what they mean, if that is known. */
  constructor(
    record: WholeContents & Pick<CaptureRecord, 'packets' | 'announced' | 'request' | 'latencyNs' | 'size'>,
    bytes: Uint8Array,
    asked: Values | undefined,
    packetIssues: readonly Issue[],
    decoded?: DecodedPayload,
  ) {
    super(record, bytes, 0, asked, packetIssues, decoded);
    const { packets } = record;
    this.packets =
      packets.length === 1
        ? [new KeptPacket(packets[0] as RecordPacket)]
        : packets.map((packet) => new KeptPacket(packet));
    this.announced = record.announced;
    this.request = record.request;
    this.latencyNs = record.latencyNs;
    this.size = record.size;
  }
}
