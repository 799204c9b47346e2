import type { Packet } from '../packets/index.js';
import { MessageFunctions } from '../payload/index.js';
import { WaitingRequests } from './conversation.js';
import { LazyRecord } from './lazy-record.js';
import { holdLimits } from './limits.js';
import { MessagesInProgress } from './messages-in-progress.js';
import type { AssemblerOptions } from './options.js';
import { RouteGuess } from './route.js';
import { Stream, type StreamOwner } from './stream.js';

/**
 * Packets → records: reassembly per sender and receiver, decoding, and matching of replies to requests. Holds one
 * partial message and the unanswered requests of each pair of VMs, up to the limits of `HoldLimits`. A message that is
 * given up because of them is an incomplete record with the issue `given_up`.
 */
export class Assembler implements StreamOwner {
  readonly #streams = new Map<number, Stream>();
  /** Neighbouring packets mostly belong to the same stream. */
  #latest: Stream | undefined;
  #count = 0;
  #packets = 0;
  readonly #guess: RouteGuess;
  readonly #streamsMax: number;
  readonly waiting: WaitingRequests;
  readonly inProgress: MessagesInProgress;
  readonly lazy: LazyRecord;
  readonly #functions = new Map<number, MessageFunctions>();
  readonly #unknown = new MessageFunctions(undefined);

  constructor(readonly options: AssemblerOptions) {
    const { protocol, unanswered, limits = holdLimits } = options;
    this.#guess = new RouteGuess(protocol);
    this.#streamsMax = limits.streams;
    this.waiting = new WaitingRequests(limits.requests, unanswered ?? (() => {}));
    this.lazy = new LazyRecord(options.keepBytes === true);
    for (const message of protocol.messages) this.#functions.set(message.id, new MessageFunctions(message));
    this.inProgress = new MessagesInProgress(limits.partBytes);
  }

  /** Takes the next packet of the capture. Never throws for what is in it. */
  packet(packet: Packet): void {
    const { from, to } = packet;
    // No message is put together across a gap.
    if (packet.lost !== undefined) this.inProgress.end();
    const named = from !== undefined && to !== undefined;
    const stream = named ? this.stream(from, to) : this.stream(...this.#guess.of(packet));
    stream.usedAt = ++this.#packets;
    stream.receive(packet);
  }

  /** The capture has ended: messages in progress are given up, in the order in which they began. */
  end(): void {
    this.inProgress.end();
    this.waiting.end();
  }

  /** The next record's number. */
  next(): number {
    this.#count++;
    return this.#count;
  }

  /** What is known of the message with an id. */
  functionsOf(id: number): MessageFunctions {
    return this.#functions.get(id) ?? this.#unknown;
  }

  stream(from: number, to: number): Stream {
    const latest = this.#latest;
    if (latest !== undefined && latest.from === from && latest.to === to) return latest;
    const answers = latest?.opposite;
    if (answers !== undefined && answers.from === from && answers.to === to) {
      this.#latest = answers;
      return answers;
    }
    const key = from * 0x10000 + to;
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= this.#streamsMax) this.#closeIdle();
      stream = new Stream(this, from, to);
      this.#streams.set(key, stream);
    }
    this.#latest = stream;
    return stream;
  }

  /** Ends the half of the streams whose latest packets lie furthest back. */
  #closeIdle(): void {
    const byAge = [...this.#streams].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    const expected = `at most ${this.#streamsMax} pairs of sender and receiver`;
    const issue = { code: 'given_up', path: '', offset: 0, expected, actual: byAge.length + 1 };
    for (const [key, stream] of byAge.slice(0, Math.ceil(byAge.length / 2))) {
      this.#streams.delete(key);
      stream.close(issue);
    }
  }
}
