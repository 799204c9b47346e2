import { protocol } from '../../schemas/index.js';
import type { Issue } from '../base/error.js';
import { fragment } from '../rpc/index.js';
import { MessageType } from '../schema/index.js';
import { QueueError, type SendResult } from '../transport/index.js';
import type { Errno } from './errno.js';
import { HostError } from './error.js';
import { Fifo } from './fifo.js';
import { type Generation, type GenerationName, generations } from './generations.js';
import type { Hazard } from './hazard.js';
import { hazards } from './hazards.js';
import { type CallName, OutgoingCall } from './outgoing-call.js';
import { Receiver } from './receiver.js';
import { refuser } from './refusal.js';
import { queueErrno } from './rm-error.js';
import { SequenceNumbers } from './sequence.js';

/** What has happened, in order. */
export type EndpointEvent =
  | { readonly kind: 'returned'; readonly call: OutgoingCall; readonly payload: Uint8Array }
  | { readonly kind: 'failed'; readonly call: OutgoingCall; readonly error: HostError }
  /** `payload` is undefined where the client passes a null pointer to its handlers. */
  | { readonly kind: 'notification'; readonly id: number; readonly payload: Uint8Array | undefined }
  /** The client ignores a queue message, or a message of which only a part has come. */
  | { readonly kind: 'dropped'; readonly issue: Issue }
  /** The real client leaks or crashes. A crash also ends all calls. */
  | { readonly kind: 'hazard'; readonly hazard: Hazard };

/** A queue message to put on the queue to RM. */
export interface Transmit {
  readonly frame: Uint8Array;
  /** Raise RM's interrupt at once. Set only on the last queue message of a request. */
  readonly push: boolean;
}

/**
 * The result of sending: the hypervisor's answer, or an errno from another kind of transport. `fault` tells how the
 * transport itself failed.
 */
export type Sent = SendResult | { readonly errno: Errno; readonly fault?: string };

/**
 * RM's client in one Linux kernel, without I/O: calls and queue messages go in, queue messages and events come out. It
 * assigns sequence numbers, fragments requests, holds the send lock and matches replies, by the rules of its generation.
 * It has no clock: a call waits until a reply, {@link giveUp} or {@link close} ends it.
 */
export class Endpoint {
  readonly generation: Generation;
  readonly #sequence: SequenceNumbers;
  readonly #receiver: Receiver;
  readonly #events = new Fifo<EndpointEvent>();
  /** By sequence number, from the start of a call until it returns. */
  readonly #calls = new Map<number, OutgoingCall>();
  /** Waiting for the send lock, in order. */
  readonly #queued = new Set<OutgoingCall>();
  #sending: OutgoingCall | undefined;
  #waitingCount = 0;
  /** Calls whose wait a reply has ended. They return at the end of the interrupt. */
  readonly #woken = new Set<OutgoingCall>();
  /** The call whose queue message {@link nextTransmit} has returned, until {@link sent} is told the result. */
  #inFlight: OutgoingCall | undefined;
  /** The queue to RM has room. */
  #hasRoom = true;
  /** The queue to RM got room while a queue message was in flight. */
  #gotRoom = false;
  /** The interrupt of the queue from RM is pending. */
  #interrupted = false;
  #receiving = false;

  /** @param options `firstSequence`: sequence number of the first request. */
  constructor(name: GenerationName, { firstSequence = 0 }: { readonly firstSequence?: number } = {}) {
    this.generation = generations[name];
    this.#sequence = new SequenceNumbers(this.generation.sequenceCount, firstSequence);
    this.#receiver = new Receiver(this.generation, {
      find: (seq, id) => {
        const call = this.#calls.get(seq);
        return call?.message.id === id ? call : undefined;
      },
      done: (call) => this.#woken.add(call),
      notification: (id, payload) => this.#events.push({ kind: 'notification', id, payload }),
      dropped: (issue) => this.#events.push({ kind: 'dropped', issue }),
      report: this.#report,
      crash: (hazard) => this.#crash(hazard),
    });
  }

  get assembling(): boolean {
    return this.#receiver.assembling;
  }

  /** Number of calls that have not returned. */
  get outstandingCount(): number {
    return this.#calls.size;
  }

  /**
   * Starts a call. An event tells how it ends.
   *
   * @throws HostError when it is refused before anything is sent: EINVAL for message id 0, E2BIG for a payload above
   * what the generation sends, EBUSY when all sequence numbers are taken.
   */
  start(message: CallName, payload: Uint8Array): OutgoingCall {
    const { requestSizeMax } = this.generation;
    const refuse = refuser(message.name);
    if (message.id === 0) throw refuse('EINVAL', 'id', 'a message id', 0);
    const seq = this.#sequence.take();
    if (seq === undefined) throw refuse('EBUSY', 'seq', 'a free sequence number', 'none');
    if (payload.length > requestSizeMax) {
      // The clients check the size after they have taken a sequence number.
      this.#freeUnsent(seq);
      throw refuse('E2BIG', 'payload_size', `0..${requestSizeMax}`, payload.length);
    }
    const frames = fragment(protocol, { type: MessageType.request, seq, msg_id: message.id }, payload);
    const call = new OutgoingCall(message, seq, frames, this.generation);
    this.#calls.set(seq, call);
    this.#queued.add(call);
    this.#takeLock();
    return call;
  }

  /** The next queue message to send, if there is one and the queue has room. Its result goes to {@link sent}. */
  nextTransmit(): Transmit | undefined {
    const sending = this.#sending;
    if (sending === undefined || this.#inFlight !== undefined || !this.#hasRoom) return undefined;
    const frame = sending.frames[sending.sentCount] as Uint8Array;
    this.#inFlight = sending;
    this.#gotRoom = false;
    return { frame, push: sending.sentCount === sending.frames.length - 1 };
  }

  /** Takes the result of sending. If the queue was full, the message is sent again when there is room. */
  sent(result: Sent): void {
    const call = this.#inFlight;
    this.#inFlight = undefined;
    if (call === undefined) return;
    const error = 'error' in result ? result.error : undefined;
    // RM may have emptied the queue again before this result arrives.
    if (error === QueueError.FULL) this.#hasRoom = this.#gotRoom;
    else if ('notFull' in result && error === QueueError.OK) this.#hasRoom = this.#gotRoom || result.notFull;
    // The caller may have given up meanwhile.
    if (error === QueueError.FULL || call.state !== 'sending') return;
    if ('errno' in result || result.error !== QueueError.OK) this.#sendFailed(call, result);
    else if (++call.sentCount === call.frames.length) this.#allSent(call);
  }

  /** The interrupt of the queue to RM: it has room again. */
  notFull(): void {
    this.#hasRoom = true;
    this.#gotRoom = true;
  }

  /**
   * The interrupt of the queue from RM. Takes queue messages until the queue is empty or the generation stops reading,
   * which leaves the rest for the next interrupt. Calls return at its end.
   *
   * @param take returns the next queue message; undefined when the queue is empty.
   */
  receive(take: () => Uint8Array | undefined): void {
    this.#interrupted = true;
    // Taking a message may raise the interrupt again. The outer call then reads on.
    if (this.#receiving) return;
    this.#receiving = true;
    try {
      while (this.#interrupted) {
        this.#interrupted = false;
        this.#readAll(take);
        this.#returnWoken();
      }
    } finally {
      // `take` may have thrown.
      this.#receiving = false;
      this.#returnWoken();
      this.#takeLock();
    }
  }

  /** The next event; undefined when there is none. */
  nextEvent(): EndpointEvent | undefined {
    return this.#events.shift();
  }

  /**
   * Ends a call whose caller gives up. If nothing was sent, the call ends as interrupted (EINTR; q515 ERESTARTSYS), with
   * the hazard `uninterruptible_send` where the real client cannot be interrupted. Else it ends with ETIMEDOUT and the
   * hazard `no_reply`, because the real client would wait for ever.
   *
   * @param errno instead of these.
   */
  giveUp(call: OutgoingCall, errno?: Errno): void {
    if (call.state === 'returned') return;
    const unsent = call.sentCount === 0 && this.#inFlight !== call;
    this.#leave(call);
    this.#receiver.forget(call);
    this.#fail(call, unsent ? this.#interruption(call.message, errno) : noAnswer(call.message, errno));
    this.#takeLock();
  }

  #interruption({ name }: CallName, errno: Errno | undefined): HostError {
    const { interruptedErrno } = this.generation;
    const fault = { code: 'interrupted', expected: 'to be sent', actual: 'an interruption' };
    const hazard = interruptedErrno === undefined ? hazards.uninterruptible_send : undefined;
    return new HostError(name, errno ?? interruptedErrno ?? 'EINTR', 'local', fault, hazard);
  }

  /** Ends all calls, as when the driver goes away. */
  close(): void {
    for (const call of [...this.#calls.values()]) this.giveUp(call, 'ENODEV');
  }

  #readAll(take: () => Uint8Array | undefined): void {
    for (let frame = take(); frame !== undefined; frame = take()) if (!this.#receiver.receive(frame)) return;
  }

  readonly #report = (hazard: Hazard): void => {
    this.#events.push({ kind: 'hazard', hazard });
  };

  /** Lets the next queued call send, if no other call sends and the generation lets one more wait. */
  #takeLock(): void {
    if (this.#sending !== undefined || this.#waitingCount >= this.generation.outstandingMax) return;
    const [next] = this.#queued;
    if (next === undefined) return;
    this.#queued.delete(next);
    this.#sending = next;
    next.state = 'sending';
  }

  #allSent(call: OutgoingCall): void {
    this.#sending = undefined;
    call.state = 'waiting';
    this.#waitingCount++;
    // The reply may have come before the last part of the request was sent.
    this.#returnWoken();
    this.#takeLock();
  }

  #sendFailed(call: OutgoingCall, result: Sent): void {
    const { errnoClient, freesFailedSequence } = this.generation;
    const errno = 'errno' in result ? result.errno : queueErrno(result.error, errnoClient);
    const fault = 'errno' in result ? result.fault : undefined;
    const issue = {
      code: 'send',
      path: fault === undefined ? '' : 'transport',
      expected: 'a queue message sent',
      actual: fault ?? ('errno' in result ? errno : result.error),
    };
    this.#leave(call, freesFailedSequence);
    // A transport that fails without a result may have sent the message all the same.
    this.#fail(call, new HostError(call.message.name, errno, fault === undefined ? 'local' : 'reply', issue));
    this.#takeLock();
  }

  #freeUnsent(seq: number): void {
    if (this.generation.freesFailedSequence) this.#sequence.free(seq);
  }

  /** Releases what a call holds when it returns: the send lock and the sequence number. */
  #leave(call: OutgoingCall, freesSequence = true): void {
    if (call.state === 'waiting') this.#waitingCount--;
    if (this.#sending === call) this.#sending = undefined;
    this.#queued.delete(call);
    this.#woken.delete(call);
    call.state = 'returned';
    this.#calls.delete(call.seq);
    if (freesSequence) this.#sequence.free(call.seq);
  }

  #fail(call: OutgoingCall, error: HostError): void {
    this.#events.push({ kind: 'failed', call, error });
  }

  #returnWoken(): void {
    for (const call of this.#woken) {
      // A call that still sends looks for the reply only after its last queue message.
      if (call.state !== 'waiting') continue;
      this.#leave(call);
      const outcome = call.outcome(this.#report);
      if (outcome instanceof HostError) this.#fail(call, outcome);
      else this.#events.push({ kind: 'returned', call, payload: outcome });
    }
  }

  #crash(hazard: Hazard): void {
    this.#report(hazard);
    for (const call of [...this.#calls.values()]) {
      this.#leave(call);
      const fault = { code: 'crash', expected: 'a reply', actual: hazard.name };
      this.#fail(call, new HostError(call.message.name, 'EIO', 'reply', fault, hazard));
    }
  }
}

function noAnswer({ name }: CallName, errno: Errno = 'ETIMEDOUT'): HostError {
  const fault = { code: 'no_answer', expected: 'a reply', actual: 'none' };
  return new HostError(name, errno, 'reply', fault, hazards.no_reply);
}
