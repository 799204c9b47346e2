import type { Issue } from '../../base/error.js';
import type { ReassemblyRules } from '../../rpc/index.js';
import type { Header, Protocol } from '../../schema/index.js';
import type { Packet } from '../packets/index.js';
import type { Outstanding } from './conversation.js';
import type { CaptureRecord } from './record.js';
import { RouteGuess } from './route.js';
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
  /** Records hold a copy of their payload bytes. */
  readonly keepBytes?: boolean;
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
  readonly #streams = new Map<number, Stream>();
  /** Neighbouring packets mostly belong to the same stream. */
  #latest: Stream | undefined;
  #count = 0;
  readonly #guess: RouteGuess;

  constructor(readonly options: AssemblerOptions) {
    this.#guess = new RouteGuess(options.protocol);
  }

  /** Takes the next packet of the capture. Never throws for what is in it. */
  packet(packet: Packet): void {
    const { from, to } = packet;
    const named = from !== undefined && to !== undefined;
    const stream = named ? this.stream(from, to) : this.stream(...this.#guess.of(packet));
    stream.receive(packet);
  }

  /** The capture has ended: messages in progress are given up, in the order in which they began. */
  end(): void {
    const open = [...this.#streams.values()].filter((stream) => stream.openedAt !== undefined);
    open.sort((a, b) => (a.openedAt as number) - (b.openedAt as number));
    for (const stream of open) stream.end();
    const { unanswered } = this.options;
    if (unanswered === undefined) return;
    const waiting = [...this.#streams.values()].flatMap((stream) => stream.conversation.waiting());
    for (const request of waiting.sort((a, b) => a.no - b.no)) unanswered(request);
  }

  /** The next record's number. */
  next(): number {
    this.#count++;
    return this.#count;
  }

  stream(from: number, to: number): Stream {
    const latest = this.#latest;
    if (latest !== undefined && latest.from === from && latest.to === to) return latest;
    const key = from * 0x10000 + to;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      stream = new Stream(this, from, to);
      this.#streams.set(key, stream);
    }
    this.#latest = stream;
    return stream;
  }
}
