import { type ErrnoClient, protocol } from '../../schemas/index.js';
import { headerReader } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { HostError } from './error.js';
import { Fifo } from './fifo.js';
import { type GenerationName, generations, type Reception, receptionOf } from './generations.js';
import type { Hazard } from './hazard.js';
import { type CallName, OutgoingCall } from './outgoing-call.js';
import { Receiver } from './receiver.js';
import { rmError } from './rm-error.js';

/** A request that was seen on the wire. */
export interface SeenCall extends CallName {
  readonly seq: number;
}

/** A queue message that was seen on its way to the VM, and what the caller knows it by. */
export interface SeenFrame<Origin> {
  readonly bytes: Uint8Array;
  readonly origin: Origin;
}

/** Who does something, because of which queue message. */
export interface Cause<Origin> {
  readonly clients: readonly GenerationName[];
  readonly origin: Origin;
}

/** Receives what clients make of messages that were seen. Bytes are valid until the function returns. */
export interface FollowerSink<Call, Origin> {
  hazard(hazard: Hazard, cause: Cause<Origin>): void;
  notification(id: number, payload: Uint8Array, cause: Cause<Origin>): void;
  /** A call has got its OK reply. */
  returned(call: Call, payload: Uint8Array, cause: Cause<Origin>): void;
  /** A call has got an error, which is made when it is asked for. */
  failed(call: Call, error: () => HostError, cause: Cause<Origin>): void;
}

const header = headerReader(protocol);
const ERROR_WORD_END = header.size + 4;
const API = 0x21;

/**
 * What the clients of one VM make of traffic between it and RM that was seen. The requests are taken as sent, whoever has
 * sent them. Generations that receive in the same way are followed together.
 */
export class Follower<Call extends SeenCall, Origin> {
  readonly #all: readonly GenerationName[];
  readonly #transports: readonly Transport<Call, Origin>[];
  /** Calls that wait in all clients alike, by sequence number: what came so far all clients have taken in the same way. */
  readonly #waiting = new Map<number, Call>();
  readonly #byErrno = new Map<ErrnoClient, readonly GenerationName[]>();
  readonly #sink: FollowerSink<Call, Origin>;

  constructor(names: readonly GenerationName[], sink: FollowerSink<Call, Origin>) {
    this.#all = names;
    for (const name of names) {
      const { errnoClient } = generations[name];
      this.#byErrno.set(errnoClient, [...(this.#byErrno.get(errnoClient) ?? []), name]);
    }
    this.#sink = sink;
    const groups = new Map<string, GenerationName[]>();
    for (const name of names) {
      const key = JSON.stringify(receptionOf(generations[name]));
      groups.set(key, [...(groups.get(key) ?? []), name]);
    }
    this.#transports = [...groups.values()].map((group) => new Transport(group, sink));
  }

  /** The VM has sent a whole request. */
  sent(call: Call): void {
    for (const transport of this.#transports) if (transport.calls.size > 0) transport.leave(call.seq);
    // A new call stands behind those that wait already.
    this.#waiting.delete(call.seq);
    this.#waiting.set(call.seq, call);
  }

  /** The VM takes these queue messages in one interrupt. */
  interrupt(frames: readonly SeenFrame<Origin>[]): void {
    const [only] = frames;
    if (only !== undefined && frames.length === 1 && this.#takePlain(only)) return;
    for (const call of this.#waiting.values()) for (const transport of this.#transports) transport.sent(call);
    this.#waiting.clear();
    for (const transport of this.#transports) transport.interrupt(frames);
  }

  /** The calls that have got no reply, each with those who wait for it. */
  waiting(): Map<Call, GenerationName[]> {
    const waiting = new Map<Call, GenerationName[]>();
    for (const { calls, names } of this.#transports)
      for (const call of calls.values()) waiting.set(call, [...(waiting.get(call) ?? []), ...names]);
    for (const call of this.#waiting.values()) waiting.set(call, [...this.#all]);
    return waiting;
  }

  /**
   * Takes a whole message that comes while nobody assembles one, which all clients take in the same way: a reply that is
   * waited for, or a notification with a payload.
   */
  #takePlain({ bytes: frame, origin }: SeenFrame<Origin>): boolean {
    if (frame.length <= header.size || frame.length > protocol.limits.queue_message || frame[0] !== API)
      return false;
    const view = new DataView(frame.buffer, frame.byteOffset, frame.length);
    const { type, fragments, seq, msg_id }: Header = header.read(view, 0);
    if (fragments !== 0) return false;
    for (const { isIdle } of this.#transports) if (!isIdle) return false;
    if (type === MessageType.notification) {
      this.#sink.notification(msg_id, frame.subarray(header.size), { clients: this.#all, origin });
      return true;
    }
    if (type !== MessageType.reply || frame.length < ERROR_WORD_END) return false;
    const call = this.#take(seq, msg_id);
    if (call === undefined) return false;
    const errorWord = view.getUint32(header.size, true);
    if (errorWord === 0)
      this.#sink.returned(call, frame.subarray(ERROR_WORD_END), { clients: this.#all, origin });
    else this.#fail(call, errorWord, origin);
    return true;
  }

  /** The call with a number that waits in all clients. It waits no longer. */
  #take(seq: number, id: number): Call | undefined {
    const call = this.#waiting.get(seq);
    if (call !== undefined) {
      if (call.id !== id) return undefined;
      this.#waiting.delete(seq);
      return call;
    }
    const [first] = this.#transports;
    const begun = first?.calls.get(seq);
    if (begun?.id !== id || !this.#transports.every(({ calls }) => calls.get(seq) === begun))
      return undefined;
    for (const { calls } of this.#transports) calls.delete(seq);
    return begun;
  }

  #fail(call: Call, errorWord: number, origin: Origin): void {
    for (const [errnoClient, clients] of this.#byErrno)
      this.#sink.failed(call, () => rmError(call.name, errorWord, errnoClient), { clients, origin });
  }
}

/** Generations that receive in the same way. */
class Transport<Call extends SeenCall, Origin> {
  readonly names: readonly GenerationName[];
  /** Calls that wait for their replies, by sequence number. */
  readonly calls = new Map<number, Call>();
  /** Those of them to which something has come already, in the same way. */
  readonly #begun = new Map<number, OutgoingCall>();
  /** Those of them whose wait a reply has ended, with that reply. They return at the end of the interrupt. */
  readonly #woken = new Map<OutgoingCall, Cause<Origin>>();
  /** What a client which has stopped reading has left for the next interrupt. */
  readonly #unread = new Fifo<SeenFrame<Origin>>();
  #cause!: Cause<Origin>;
  readonly #receiver: Receiver;
  readonly #reception: Reception;
  readonly #sink: FollowerSink<Call, Origin>;

  constructor(names: readonly GenerationName[], sink: FollowerSink<Call, Origin>) {
    this.names = names;
    this.#sink = sink;
    this.#reception = generations[names[0] as GenerationName];
    this.#receiver = new Receiver(this.#reception, {
      find: (seq, id) => {
        const call = this.calls.get(seq);
        return call?.id === id ? this.#begin(call) : undefined;
      },
      done: (call) => this.#woken.set(call, this.#cause),
      notification: (id, payload) => sink.notification(id, payload ?? NOTHING, this.#cause),
      dropped: () => {},
      report: this.#report,
      crash: (hazard, call) => this.#crash(hazard, call),
    });
  }

  /** Nothing has come of which a part is missing, or that is not read yet. */
  get isIdle(): boolean {
    return !this.#receiver.assembling && this.#begun.size === 0 && this.#unread.length === 0;
  }

  sent(call: Call): void {
    this.leave(call.seq);
    this.calls.set(call.seq, call);
  }

  interrupt(frames: readonly SeenFrame<Origin>[]): void {
    for (const frame of frames) this.#unread.push(frame);
    for (let frame = this.#unread.shift(); frame; frame = this.#unread.shift()) {
      this.#cause = { clients: this.names, origin: frame.origin };
      if (!this.#receiver.receive(frame.bytes)) break;
    }
    for (const [outgoing, cause] of this.#woken) {
      this.#cause = cause;
      const call = this.leave(outgoing.seq);
      const outcome = outgoing.outcome(this.#report);
      if (call === undefined) continue;
      if (outcome instanceof HostError) this.#sink.failed(call, () => outcome, cause);
      else this.#sink.returned(call, outcome, cause);
    }
  }

  readonly #report = (hazard: Hazard): void => this.#sink.hazard(hazard, this.#cause);

  #begin(call: Call): OutgoingCall {
    let outgoing = this.#begun.get(call.seq);
    if (outgoing === undefined) {
      outgoing = new OutgoingCall(call, call.seq, [], this.#reception);
      outgoing.state = 'waiting';
      this.#begun.set(call.seq, outgoing);
    }
    return outgoing;
  }

  /** The call with this number returns, or another one takes its number. */
  leave(seq: number): Call | undefined {
    const call = this.calls.get(seq);
    this.calls.delete(seq);
    const outgoing = this.#begun.get(seq);
    if (outgoing === undefined) return call;
    outgoing.state = 'returned';
    this.#begun.delete(seq);
    this.#woken.delete(outgoing);
    return call;
  }

  /** The client is followed on as if it had only lost the call: what comes later may hurt it for another reason. */
  #crash(hazard: Hazard, outgoing: OutgoingCall | undefined): void {
    this.#report(hazard);
    if (outgoing !== undefined && this.#begun.get(outgoing.seq) === outgoing) this.leave(outgoing.seq);
  }
}

const NOTHING = new Uint8Array(0);
