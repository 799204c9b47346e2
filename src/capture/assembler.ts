import type { Issue } from '../base/error.js';
import type { ReassemblyRules } from '../rpc/index.js';
import { type Header, MessageType, type Protocol } from '../schema/index.js';
import type { Outstanding } from './conversation.js';
import type { Packet } from './packet.js';
import type { CaptureRecord } from './record.js';
import { Stream } from './stream.js';

/** One queue message on its own, as `decode --frames` shows it. Valid during the call only. */
export interface Frame {
  readonly packet: Packet;
  readonly from: number;
  readonly to: number;
  /** Undefined when the message is malformed. */
  readonly header: Header | undefined;
  /** Place of the fragment in its message, 0 = first; undefined when no message takes it. */
  readonly index: number | undefined;
  readonly issues: readonly Issue[];
}

export interface AssemblerOptions {
  readonly protocol: Protocol;
  /** Whose rules put fragments together. RM's apply to what RM receives in any case. */
  readonly rules: ReassemblyRules;
  readonly record?: (record: CaptureRecord) => void;
  readonly frame?: (frame: Frame) => void;
  /** Requests that will not be answered: their number was taken over, or the capture ended. */
  readonly unanswered?: (request: Outstanding) => void;
}

/**
 * Packets → records: reassembly per sender and receiver, decoding, and matching of replies to requests. Holds one
 * partial message and the unanswered requests of each pair of VMs, whatever the length of the capture.
 */
export class Assembler {
  private readonly streams = new Map<number, Stream>();
  /** Neighbouring packets mostly belong to the same stream. */
  private latest: Stream | undefined;
  private count = 0;

  constructor(readonly options: AssemblerOptions) {}

  /** Takes the next packet of the capture. Never throws for what is in it. */
  packet(packet: Packet): void {
    const { from, to } = packet;
    const stream = from === undefined || to === undefined ? this.infer(packet) : this.stream(from, to);
    stream.receive(packet);
  }

  /** The capture has ended: messages in progress are given up, in the order in which they began. */
  end(): void {
    const open = [...this.streams.values()].filter((stream) => stream.openedAt !== undefined);
    open.sort((a, b) => (a.openedAt as number) - (b.openedAt as number));
    for (const stream of open) stream.end();
    const { unanswered } = this.options;
    if (unanswered === undefined) return;
    const waiting = [...this.streams.values()].flatMap((stream) => [...stream.conversation.waiting()]);
    for (const request of waiting.sort((a, b) => a.no - b.no)) unanswered(request);
  }

  /** The next record's number. */
  next(): number {
    this.count++;
    return this.count;
  }

  stream(from: number, to: number): Stream {
    const { latest } = this;
    if (latest !== undefined && latest.from === from && latest.to === to) return latest;
    const key = from * 0x10000 + to;
    let stream = this.streams.get(key);
    if (stream === undefined) {
      stream = new Stream(this, from, to);
      this.streams.set(key, stream);
    }
    this.latest = stream;
    return stream;
  }

  /**
   * A hex dump names no VMs: requests are taken as HLOS to RM, replies and notifications as RM to HLOS, and
   * continuations go where the message before them went.
   */
  private infer({ view, start, end }: Packet): Stream {
    const { VMID_HLOS = 3, VMID_RM = 255 } = this.options.protocol.constants;
    const type = end - start > 1 ? view.getUint8(start + 1) & 3 : MessageType.request;
    if (type === MessageType.continuation && this.latest !== undefined) return this.latest;
    return type === MessageType.reply || type === MessageType.notification
      ? this.stream(VMID_RM, VMID_HLOS)
      : this.stream(VMID_HLOS, VMID_RM);
  }
}
