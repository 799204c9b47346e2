import type { Issue } from '../../base/error.js';
import type { HeaderReader } from '../../rpc/index.js';
import type { Header } from '../../schema/index.js';
import type { Clock, Packet, PacketTime } from '../packets/index.js';
import type { RecordPacket } from './record.js';

const none: readonly Issue[] = [];

/** The packet of a message of one packet. */
export class SinglePacket implements RecordPacket {
  packet!: Packet;
  size = 0;
  gaps: readonly Issue[] = none;
  readonly #reader: HeaderReader;

  constructor(reader: HeaderReader) {
    this.#reader = reader;
  }

  /** Made when it is asked for: an object for each message takes a tenth of the time of following messages. */
  get header(): Header {
    return this.#reader.read(this.packet.view, this.packet.start);
  }

  /** The same as an object that stays. */
  kept(): RecordPacket {
    const { frame, time, clock, comment, size, gaps, header } = this;
    return { frame, time, clock, comment, size, gaps, header };
  }

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
