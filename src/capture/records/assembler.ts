import type { Packet } from '../packets/index.js';
import type { AssemblerOptions } from './options.js';
import { RouteGuess } from './route.js';
import { Stream, type StreamOwner } from './stream.js';

/**
 * Packets → records: reassembly per sender and receiver, decoding, and matching of replies to requests. Holds one
 * partial message and the unanswered requests of each pair of VMs, whatever the length of the capture.
 */
export class Assembler implements StreamOwner {
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
    // No message is put together across a gap.
    if (packet.lost !== undefined) this.#abandonAll();
    const named = from !== undefined && to !== undefined;
    const stream = named ? this.stream(from, to) : this.stream(...this.#guess.of(packet));
    stream.receive(packet);
  }

  /** The capture has ended: messages in progress are given up, in the order in which they began. */
  end(): void {
    this.#abandonAll();
    const { unanswered } = this.options;
    if (unanswered === undefined) return;
    const waiting = [...this.#streams.values()].flatMap((stream) => stream.conversation.waiting());
    for (const request of waiting.sort((a, b) => a.no - b.no)) unanswered(request);
  }

  #abandonAll(): void {
    const open = [...this.#streams.values()].filter((stream) => stream.openedAt !== undefined);
    open.sort((a, b) => (a.openedAt as number) - (b.openedAt as number));
    for (const stream of open) stream.end();
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
