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
import { queueErrno } from './rm-error.js';
import { SequenceNumbers } from './sequence.js';

/** What has happened, in order. */
export type EndpointEvent =
  | { readonly kind: 'returned'; readonly call: OutgoingCall; readonly payload: Uint8Array }
  | { readonly kind: 'failed'; readonly call: OutgoingCall; readonly error: HostError }
  /** `payload` is undefined where the client hands a null pointer to its handlers. */
  | { readonly kind: 'notification'; readonly id: number; readonly payload: Uint8Array | undefined }
  /** A queue message, or the start of a message, with which the client does nothing. */
  | { readonly kind: 'dropped'; readonly issue: Issue }
  /** The real client leaks, or is dead. A crash also ends all calls. */
  | { readonly kind: 'hazard'; readonly hazard: Hazard };

/** A queue message to put on the queue to RM. */
export interface Transmit {
  readonly frame: Uint8Array;
  /** Raise RM's interrupt at once: set on the last queue message of a request only. */
  readonly push: boolean;
}

/** What came of sending: the hypervisor's answer, or an errno where something else is between. */
export type Sent = SendResult | { readonly errno: Errno };

/**
 * RM's client in one Linux kernel, without I/O: calls and queue messages go in, queue messages and events come out. It
 * owns sequence numbers, fragments, the send lock and matching, by the rules of its generation; it has no clock, so a
 * call waits until a reply, {@link giveUp} or {@link close} ends it. Whatever comes in ends in an event.
 */
export class Endpoint {
  readonly generation: Generation;
  private readonly sequence: SequenceNumbers;
  private readonly receiver: Receiver;
  private readonly events = new Fifo<EndpointEvent>();
  /** By sequence number: from the start of a call until it returns. */
  private readonly calls = new Map<number, OutgoingCall>();
  /** Waiting for the send lock, in order. */
  private readonly queued = new Set<OutgoingCall>();
  private sending: OutgoingCall | undefined;
  private waitingCount = 0;
  /** Waiting, and a reply has ended the wait: they return at the end of the interrupt. */
  private readonly woken = new Set<OutgoingCall>();
  /** Whose message has been handed out by {@link nextTransmit} while its result is still out. */
  private inFlight: OutgoingCall | undefined;
  /** The queue to RM has room. */
  private hasRoom = true;
  /** It got room while the result of sending was out. */
  private gotRoom = false;
  /** The queue from RM has raised its interrupt, which has not been served yet. */
  private interrupted = false;
  private receiving = false;

  /** `firstSequence`: sequence number of the first request. */
  constructor(name: GenerationName, { firstSequence = 0 }: { readonly firstSequence?: number } = {}) {
    this.generation = generations[name];
    this.sequence = new SequenceNumbers(this.generation.sequenceCount, firstSequence);
    this.receiver = new Receiver(this.generation, {
      find: (seq, id) => {
        const call = this.calls.get(seq);
        return call?.message.id === id ? call : undefined;
      },
      done: (call) => this.woken.add(call),
      notification: (id, payload) => this.events.push({ kind: 'notification', id, payload }),
      dropped: (issue) => this.events.push({ kind: 'dropped', issue }),
      report: this.report,
      crash: (hazard) => this.crash(hazard),
    });
  }

  /** A message from RM is in assembly. */
  get assembling(): boolean {
    return this.receiver.assembling;
  }

  /** Calls that have not returned. */
  get outstandingCount(): number {
    return this.calls.size;
  }

  /**
   * Starts a call; how it ends is an event.
   *
   * @throws HostError when it is refused before anything is sent: EINVAL for message id 0, E2BIG for a payload above
   * what the generation sends, EBUSY when all sequence numbers are taken.
   */
  start(message: CallName, payload: Uint8Array): OutgoingCall {
    const { requestSizeMax } = this.generation;
    if (message.id === 0) throw refused(message, 'EINVAL', 'id', 'a message id', 0);
    const seq = this.sequence.take();
    if (seq === undefined) throw refused(message, 'EBUSY', 'seq', 'a free sequence number', 'none');
    if (payload.length > requestSizeMax) {
      // The number has been used up: the clients look at the size after they took it.
      this.freeUnsent(seq);
      throw refused(message, 'E2BIG', 'payload_size', `0..${requestSizeMax}`, payload.length);
    }
    const frames = fragment(protocol, { type: MessageType.request, seq, msg_id: message.id }, payload);
    const call = new OutgoingCall(message, seq, frames, this.generation);
    this.calls.set(seq, call);
    this.queued.add(call);
    this.takeLock();
    return call;
  }

  /** The next queue message to send, if there is one and room for it; say with {@link sent} what came of it. */
  nextTransmit(): Transmit | undefined {
    const { sending } = this;
    if (sending === undefined || this.inFlight !== undefined || !this.hasRoom) return undefined;
    const frame = sending.frames[sending.sentCount] as Uint8Array;
    this.inFlight = sending;
    this.gotRoom = false;
    return { frame, push: sending.sentCount === sending.frames.length - 1 };
  }

  /** What came of the message from {@link nextTransmit}. A full queue: it is sent again when there is room. */
  sent(result: Sent): void {
    const call = this.inFlight;
    this.inFlight = undefined;
    if (call === undefined) return;
    const error = 'error' in result ? result.error : undefined;
    // RM may have emptied the queue before the result of filling it is seen.
    if (error === QueueError.FULL) this.hasRoom = this.gotRoom;
    else if ('notFull' in result && error === QueueError.OK) this.hasRoom = this.gotRoom || result.notFull;
    // The caller may have given up in the meantime.
    if (error === QueueError.FULL || call.state !== 'sending') return;
    if ('errno' in result || result.error !== QueueError.OK) this.sendFailed(call, result);
    else if (++call.sentCount === call.frames.length) this.allSent(call);
  }

  /** The interrupt of the queue to RM: it has room again. */
  notFull(): void {
    this.hasRoom = true;
    this.gotRoom = true;
  }

  /**
   * The interrupt of the queue from RM: takes queue messages until there are none, or until the generation stops
   * reading; what it has not taken then is for the next interrupt. Calls return at the end of it.
   *
   * @param take gives the next queue message, undefined when the queue is empty.
   */
  receive(take: () => Uint8Array | undefined): void {
    this.interrupted = true;
    // Taking a message may bring the next at once; it is read when the one in hand has been.
    if (this.receiving) return;
    this.receiving = true;
    while (this.interrupted) {
      this.interrupted = false;
      this.readAll(take);
      this.returnWoken();
    }
    this.receiving = false;
    this.takeLock();
  }

  /** What happened next; undefined when there is nothing new. */
  nextEvent(): EndpointEvent | undefined {
    return this.events.shift();
  }

  /**
   * Ends a call whose caller waits no longer. Where the real client can be interrupted, before anything is sent, as it
   * does then; else with the hazard that it would wait for ever.
   */
  giveUp(call: OutgoingCall, errno: Errno = 'ETIMEDOUT'): void {
    if (call.state === 'returned') return;
    const { interruptedErrno } = this.generation;
    const interrupted = call.state === 'queued' ? interruptedErrno : undefined;
    this.leave(call);
    this.receiver.forget(call);
    this.fail(call, interrupted === undefined ? noAnswer(call, errno) : interruptedError(call, interrupted));
    this.takeLock();
  }

  /** Ends all calls, as when the driver goes away. */
  close(): void {
    for (const call of [...this.calls.values()]) this.giveUp(call, 'ENODEV');
  }

  private readAll(take: () => Uint8Array | undefined): void {
    for (let frame = take(); frame !== undefined; frame = take()) if (!this.receiver.receive(frame)) return;
  }

  private readonly report = (hazard: Hazard): void => {
    this.events.push({ kind: 'hazard', hazard });
  };

  /** Lets the next call send, if the generation lets it: nobody else is sending, and not too many wait. */
  private takeLock(): void {
    if (this.sending !== undefined || this.waitingCount >= this.generation.outstandingMax) return;
    const [next] = this.queued;
    if (next === undefined) return;
    this.queued.delete(next);
    this.sending = next;
    next.state = 'sending';
  }

  private allSent(call: OutgoingCall): void {
    this.sending = undefined;
    call.state = 'waiting';
    this.waitingCount++;
    // A reply may come before the last of the request.
    this.returnWoken();
    this.takeLock();
  }

  private sendFailed(call: OutgoingCall, result: Sent): void {
    const { errnoClient, freesFailedSequence } = this.generation;
    const errno = 'errno' in result ? result.errno : queueErrno(result.error, errnoClient);
    const actual = 'errno' in result ? result.errno : result.error;
    this.leave(call, freesFailedSequence);
    this.fail(call, refused(call.message, errno, 'send', 'a queue message sent', actual));
    this.takeLock();
  }

  private freeUnsent(seq: number): void {
    if (this.generation.freesFailedSequence) this.sequence.free(seq);
  }

  /** The call returns: it no longer holds the lock nor its sequence number. */
  private leave(call: OutgoingCall, freesSequence = true): void {
    if (call.state === 'waiting') this.waitingCount--;
    if (this.sending === call) this.sending = undefined;
    this.queued.delete(call);
    this.woken.delete(call);
    call.state = 'returned';
    this.calls.delete(call.seq);
    if (freesSequence) this.sequence.free(call.seq);
  }

  private fail(call: OutgoingCall, error: HostError): void {
    this.events.push({ kind: 'failed', call, error });
  }

  private returnWoken(): void {
    for (const call of this.woken) {
      // It looks for the reply when it has sent all of the request.
      if (call.state !== 'waiting') continue;
      this.leave(call);
      const outcome = call.outcome(this.report);
      if (outcome instanceof HostError) this.fail(call, outcome);
      else this.events.push({ kind: 'returned', call, payload: outcome });
    }
  }

  private crash(hazard: Hazard): void {
    this.report(hazard);
    for (const call of [...this.calls.values()]) {
      this.leave(call);
      const issue = { code: 'crash', path: '', offset: 0, expected: 'a reply', actual: hazard.name };
      this.fail(call, new HostError(call.message.name, 'EIO', 'reply', issue, hazard));
    }
  }
}

function refused(
  { name }: CallName,
  errno: Errno,
  code: string,
  expected: string,
  actual: number | string,
): HostError {
  return new HostError(name, errno, 'local', { code, path: '', offset: 0, expected, actual });
}

function interruptedError({ message }: OutgoingCall, errno: Errno): HostError {
  return refused(message, errno, 'interrupted', 'the send lock', 'an interruption');
}

function noAnswer({ message: { name } }: OutgoingCall, errno: Errno): HostError {
  const issue = { code: 'no_answer', path: '', offset: 0, expected: 'a reply', actual: 'none' };
  return new HostError(name, errno, 'reply', issue, hazards.no_reply);
}
