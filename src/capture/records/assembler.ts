import { headerReader } from '../../rpc/index.js';
import { clockTimeOf, type Packet, type PacketTime } from '../packets/index.js';
import { functionsOf, type ProtocolFunctions } from '../payload/index.js';
import { WaitingRequests } from './conversation.js';
import { LazyRecord } from './lazy-record.js';
import { holdLimits } from './limits.js';
import { MessagesInProgress } from './messages-in-progress.js';
import type { AssemblerOptions } from './options.js';
import { isPlain, PlainMessages } from './plain-messages.js';
import { RouteGuess } from './route.js';
import type { AssemblerState } from './state.js';
import { Stream, type StreamOwner } from './stream.js';

const ignore = () => {};

/** Entries of a table: a power of two. It is small, because each assembler makes one, also for a single message. */
const recentCount = 64;

/** The place of a stream among those that were used last. */
function slotOf(from: number, to: number): number {
  return (from ^ (to << 3)) & (recentCount - 1);
}

function keyOf(from: number, to: number): number {
  return from * 0x10000 + to;
}

/**
 * Packets → records: reassembly per sender and receiver, decoding, and matching of replies to requests. Holds one
 * partial message and the unanswered requests of each pair of VMs, up to the limits of `HoldLimits`. A message that is
 * given up because of them is an incomplete record with the issue `given_up`.
 */
export class Assembler implements StreamOwner {
  readonly #streams = new Map<number, Stream>();
  /** The streams that were used last, by the lowest bits of sender and receiver: to look in a map takes longer. */
  readonly #recent: (Stream | undefined)[] = new Array(recentCount).fill(undefined);
  #count = 0;
  #packets = 0;
  readonly #guess: RouteGuess;
  readonly #streamsMax: number;
  waiting: WaitingRequests;
  inProgress: MessagesInProgress;
  readonly lazy: LazyRecord;
  readonly functions: ProtocolFunctions;
  readonly #plain: PlainMessages | undefined;
  /** `usual` has just looked at a packet, which cannot go the short way. It comes to `packet` next. */
  #isRefused = false;

  constructor(readonly options: AssemblerOptions) {
    const { protocol, limits = holdLimits } = options;
    this.#guess = new RouteGuess(protocol);
    this.#streamsMax = limits.streams;
    this.waiting = this.#noRequests();
    this.lazy = new LazyRecord(headerReader(protocol), options.keepBytes === true);
    this.functions = functionsOf(protocol);
    this.inProgress = new MessagesInProgress(limits.partBytes);
    this.#plain = PlainMessages.areFor(options) ? new PlainMessages(this, options) : undefined;
  }

  /** Takes the next packet of the capture. Never throws for what is in it. */
  packet(packet: Packet): void {
    const { from, to } = packet;
    // No message is put together across a gap.
    if (packet.lost !== undefined) this.inProgress.end();
    const named = from !== undefined && to !== undefined;
    const stream = named ? this.stream(from, to) : this.stream(...this.#guess.of(packet));
    stream.usedAt = ++this.#packets;
    const isRefused = this.#isRefused || this.#plain === undefined || !isPlain(packet);
    this.#isRefused = false;
    if (isRefused || !this.#takes(this.#plain, packet, stream)) stream.receive(packet);
  }

  #takes(plain: PlainMessages, packet: Packet, stream: Stream): boolean {
    const { view, start, end, frame } = packet;
    return plain.take(stream, view, start, end, frame, clockTimeOf(packet));
  }

  /** Whether {@link usual} takes any packet. */
  get takesUsual(): boolean {
    return this.#plain !== undefined;
  }

  /** As {@link packet}, for a message of which nobody needs a record. @returns false: it is to be passed to `packet`. */
  usual(
    view: DataView,
    start: number,
    end: number,
    from: number,
    to: number,
    frame: number,
    time: PacketTime,
  ): boolean {
    if (this.#plain === undefined) return false;
    const slot = slotOf(from, to);
    const stream = this.#recent[slot];
    if (stream === undefined || stream.from !== from || stream.to !== to) return false;
    if (!this.#plain.take(stream, view, start, end, frame, time)) {
      this.#isRefused = true;
      return false;
    }
    stream.usedAt = ++this.#packets;
    return true;
  }

  /** The manager boots: it answers nothing that it was asked before. */
  forgetRequests(): void {
    this.waiting.end();
  }

  /** The capture has ended: messages in progress are given up, in the order in which they began. */
  end(): void {
    this.inProgress.end();
    this.waiting.end();
  }

  /** What the packets so far mean for those that follow. */
  get state(): AssemblerState {
    const streams = [...this.#streams.values()];
    const places = new Map<unknown, number>(streams.map((stream, place) => [stream, place]));
    const byConversation = new Map<unknown, number>(
      streams.map(({ conversation }, place) => [conversation, place]),
    );
    return {
      records: this.#count,
      packets: this.#packets,
      route: this.#guess.latest,
      streams: streams.map(({ state }) => state),
      waiting: Array.from(this.waiting.all(), ({ conversation, no, id, seq, frame, time, payload }) => {
        const stream = byConversation.get(conversation) as number;
        return { stream, no, id, seq, frame, time, payload };
      }),
      inProgress: this.inProgress.all.map((holder) => [places.get(holder) as number, holder.held]),
    };
  }

  /** Goes on where another assembler has come to. What this one held is forgotten. */
  load(state: AssemblerState): void {
    const { limits = holdLimits } = this.options;
    this.#count = state.records;
    this.#packets = state.packets;
    this.#guess.latest = state.route;
    this.#recent.fill(undefined);
    this.waiting = this.#noRequests();
    this.inProgress = new MessagesInProgress(limits.partBytes);
    const streams = state.streams.map((own) => Stream.from(this, own));
    this.#streams.clear();
    for (const stream of streams) this.#streams.set(keyOf(stream.from, stream.to), stream);
    for (const request of state.waiting) (streams[request.stream] as Stream).load(request);
    for (const [stream, size] of state.inProgress) this.inProgress.add(streams[stream] as Stream, size);
  }

  #noRequests(): WaitingRequests {
    const { protocol, unanswered = ignore, limits = holdLimits } = this.options;
    const nameOf = (id: number) => protocol.byId.get(id)?.name ?? '';
    return new WaitingRequests(limits.requests, nameOf, unanswered);
  }

  /** Messages so far, also those that became no record. */
  get messages(): number {
    return this.#count;
  }

  /** The next record's number. */
  next(): number {
    this.#count++;
    return this.#count;
  }

  stream(from: number, to: number): Stream {
    const slot = slotOf(from, to);
    const recent = this.#recent[slot];
    if (recent !== undefined && recent.from === from && recent.to === to) return recent;
    const key = keyOf(from, to);
    let stream = this.#streams.get(key);
    if (stream === undefined) {
      if (this.#streams.size >= this.#streamsMax) this.#closeIdle();
      stream = new Stream(this, from, to);
      this.#streams.set(key, stream);
    }
    this.#recent[slot] = stream;
    return stream;
  }

  /** Ends the half of the streams whose latest packets lie furthest back. */
  #closeIdle(): void {
    this.#recent.fill(undefined);
    const byAge = [...this.#streams].sort(([, a], [, b]) => a.usedAt - b.usedAt);
    const expected = `at most ${this.#streamsMax} pairs of sender and receiver`;
    const issue = { code: 'given_up', path: '', offset: 0, expected, actual: byAge.length + 1 };
    for (const [key, stream] of byAge.slice(0, Math.ceil(byAge.length / 2))) {
      this.#streams.delete(key);
      stream.close(issue);
    }
  }
}
