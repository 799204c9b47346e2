import { type ErrnoClient, protocol } from '../../schemas/index.js';
import { LatestMap } from '../base/latest-map.js';
import { MessageType } from '../schema/index.js';
import { HostError } from './error.js';
import { Fifo } from './fifo.js';
import { type GenerationName, generations, type Reception, receptionOf } from './generations.js';
import type { Hazard } from './hazard.js';
import { OutgoingCall, REPLY_DATA_MAX } from './outgoing-call.js';
import { Receiver } from './receiver.js';
import { rmError } from './rm-error.js';
import {
  type Cause,
  type FollowerSink,
  type Parts,
  ReadFrame,
  type SeenCall,
  type SeenFrame,
  type SeenMessage,
  WholeReply,
} from './seen.js';

const { max_continuations } = protocol.limits;
/** More than RM has codes and calls that hurt clients when they fail. A capture may have any code. */
const ERRORS_MAX = 256;

/**
 * What the clients of one VM make of traffic between it and RM that was seen. The requests are taken as sent, whoever has
 * sent them. Generations that receive in the same way are followed together.
 */
export class Follower<Call extends SeenCall, Origin> {
  readonly #all: readonly GenerationName[];
  readonly #transports: readonly Transport<Call, Origin>[];
  /** Calls that wait in all clients alike, by sequence number: what came so far all clients have taken in the same way. */
  readonly #waiting = new LatestMap<number, Call>();
  readonly #byErrno = new Map<ErrnoClient, readonly GenerationName[]>();
  readonly #read = new ReadFrame<Origin>();
  /** A reply of which a part has come, as long as all clients have taken it in the same way. */
  #parts: Parts<Call, Origin> | undefined;
  /** Calls may wait in single transports: they were there when these were separated. */
  #areApart = false;
  /** Transports have got queue messages since all of them were idle. */
  #mayBeBusy = false;
  /** Errors of calls that RM has answered with an error, by client, code and call: to make one costs a stack trace. */
  readonly #errors = new Map<string, HostError>();
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
    if (this.#parts !== undefined) this.#separate();
    if (this.#areApart) this.#leave(call.seq);
    this.#waiting.set(call.seq, call);
  }

  /** The VM takes these queue messages in one interrupt. */
  interrupt(frames: readonly SeenFrame<Origin>[]): void {
    const [only] = frames;
    const read = this.#read;
    if (only !== undefined && frames.length === 1 && read.from(only))
      if (read.announced === 0 ? this.message(read) : this.#part(read, only)) return;
    this.#separate();
    this.#interruptAll(frames);
  }

  /** The call with a number waits in no transport any more: another takes its number. */
  #leave(seq: number): void {
    for (const transport of this.#transports) transport.leave(seq);
    this.#areApart = this.#transports.some(({ calls }) => calls.size > 0);
  }

  #interruptAll(frames: readonly SeenFrame<Origin>[]): void {
    this.#mayBeBusy = true;
    for (const transport of this.#transports) transport.interrupt(frames);
  }

  /** From now on each transport is followed by itself. */
  #separate(): void {
    if (this.#waiting.size > 0) {
      this.#areApart = true;
      for (const call of this.#waiting.values())
        for (const transport of this.#transports) transport.sent(call);
      this.#waiting.clear();
    }
    const parts = this.#parts;
    this.#parts = undefined;
    for (const frame of parts?.frames ?? []) this.#interruptAll([frame]);
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
   * The VM takes one message in one interrupt, if all clients take it in the same way: a reply that is waited for, or a
   * notification with a payload, which comes while nobody assembles a message.
   *
   * @returns false if they do not: then {@link interrupt} must get its queue message.
   */
  message(message: SeenMessage<Origin>): boolean {
    const { type, id, error, size } = message;
    if (!this.#isIdle) return false;
    if (type === MessageType.notification) {
      if (size === 0) return false;
      this.#sink.notification(id, message.payload(), { clients: this.#all, origin: message.origin() });
      return true;
    }
    if (type !== MessageType.reply || error === undefined) return false;
    const call = this.#callOf(message.seq, id);
    if (call === undefined) return false;
    this.#returns(call, error, message);
    return true;
  }

  get #isIdle(): boolean {
    if (this.#parts !== undefined) return false;
    if (this.#mayBeBusy) this.#mayBeBusy = this.#transports.some(({ isIdle }) => !isIdle);
    return !this.#mayBeBusy;
  }

  /**
   * The VM takes a part of a reply in one interrupt, if all clients take it in the same way: it is the next one, is not
   * empty, and the whole reply fits their buffers.
   */
  #part({ type, seq, id, error, announced, size }: ReadFrame<Origin>, frame: SeenFrame<Origin>): boolean {
    const parts = this.#parts;
    if (size === 0) return false;
    if (parts === undefined) {
      if (type !== MessageType.reply || error === undefined || announced > max_continuations) return false;
      const call = this.#isIdle ? this.#callOf(seq, id) : undefined;
      if (call !== undefined) this.#parts = { call, error, announced, size, frames: [frame] };
      return call !== undefined;
    }
    const { call, frames } = parts;
    if (type !== MessageType.continuation || id !== call.id || announced !== parts.announced) return false;
    if (parts.size + size > (announced + 1) * REPLY_DATA_MAX) return false;
    parts.size += size;
    frames.push(frame);
    if (frames.length <= announced) return true;
    this.#parts = undefined;
    this.#returns(call, parts.error, new WholeReply(parts));
    return true;
  }

  /** The call with a number that waits in all clients. */
  #callOf(seq: number, id: number): Call | undefined {
    const waiting = this.#waiting.get(seq);
    if (waiting !== undefined) return waiting.id === id ? waiting : undefined;
    const call = this.#areApart ? this.#transports[0]?.calls.get(seq) : undefined;
    if (call?.id !== id) return undefined;
    return this.#transports.every(({ calls }) => calls.get(seq) === call) ? call : undefined;
  }

  /** A call of all clients waits no longer. */
  #returns(
    call: Call,
    error: number,
    message: Pick<SeenMessage<Origin>, 'size' | 'payload' | 'origin'>,
  ): void {
    const { id, seq } = call;
    if (this.#waiting.get(seq) === call) this.#waiting.delete(seq);
    else for (const { calls } of this.#transports) calls.delete(seq);
    if (!this.#sink.concerns(id, error === 0 ? message.size : undefined)) return;
    if (error !== 0) this.#fail(call, error, message.origin());
    else this.#sink.returned(call, message.payload(), { clients: this.#all, origin: message.origin() });
  }

  #fail(call: Call, errorWord: number, origin: Origin): void {
    for (const [errnoClient, clients] of this.#byErrno)
      this.#sink.failed(call, () => this.#errorOf(call, errorWord, errnoClient), { clients, origin });
  }

  #errorOf({ name }: Call, code: number, client: ErrnoClient): HostError {
    const key = `${client} ${code} ${name}`;
    let error = this.#errors.get(key);
    if (error !== undefined) return error;
    error = rmError(name, code, client);
    if (this.#errors.size < ERRORS_MAX) this.#errors.set(key, error);
    return error;
  }
}

/** Generations that receive in the same way. */
class Transport<Call extends SeenCall, Origin> {
  readonly names: readonly GenerationName[];
  /** Calls that wait for their replies, by sequence number. */
  readonly calls = new LatestMap<number, Call>();
  /** Those of them to which something has come already, in the same way. */
  readonly #begun = new LatestMap<number, OutgoingCall>();
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
