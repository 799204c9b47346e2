import type { Call, Infer, InferInput, Payload } from '../schema/index.js';
import { call } from './calls/call.js';
import type { CallEffect, Calling } from './effect.js';
import { Endpoint, type EndpointEvent } from './endpoint.js';
import type { HostError } from './error.js';
import type { GenerationName } from './generations.js';
import { type Hazard, hazardRule } from './hazard.js';
import { shielded } from './listener.js';
import { NotificationStream, ReceivedNotification } from './notification-stream.js';
import type { CallName, OutgoingCall } from './outgoing-call.js';
import { refuser } from './refusal.js';
import { sendOver, type Transport } from './transport.js';

/** Unread notifications that a stream keeps: as many as RM keeps for a VM. */
const NOTIFICATIONS_MAX = 256;

export interface ClientOptions {
  /** Default: a15. */
  readonly generation?: GenerationName;
  /**
   * Called for leaks and crashes of the real client that end no call. What it throws is dropped.
   *
   * @param rule the rule that `gunyah-rm lint --explain` explains, such as `a15/reply-after-return`.
   */
  readonly onHazard?: (hazard: Hazard, rule: string) => void;
}

/** The part of AbortSignal that is used here. Not all environments declare the type itself. */
export interface CallSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface CallOptions {
  /**
   * Ends the wait for the reply, which has no time limit, as in the real clients. For a deadline use
   * `AbortSignal.timeout(ms)`. The call ends with the hazard `no_reply`, or with EINTR (q515: ERESTARTSYS) if nothing
   * was sent yet.
   */
  readonly signal?: CallSignal;
}

interface Waiting {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: HostError) => void;
}

/**
 * RM's client with promises, over any transport. Calls may overlap: the generation decides how many wait for replies at
 * once, and the others queue in order. A call ends with the payload of the reply or with a HostError.
 */
export class Client {
  readonly #endpoint: Endpoint;
  readonly #waiting = new Map<OutgoingCall, Waiting>();
  readonly #streams = new Set<NotificationStream>();
  readonly #onHazard: (hazard: Hazard, rule: string) => void;
  #closed = false;
  readonly #transport: Transport;

  constructor(transport: Transport, { generation = 'a15', onHazard = () => {} }: ClientOptions = {}) {
    this.#transport = transport;
    this.#endpoint = new Endpoint(generation);
    this.#onHazard = shielded(onHazard);
    transport.connect({
      notEmpty: () => {
        try {
          this.#endpoint.receive(() => this.#transport.take());
        } finally {
          this.#pump();
        }
      },
      notFull: () => {
        this.#endpoint.notFull();
        this.#pump();
      },
    });
  }

  /**
   * Makes a call by its declaration: `client.call(VM_START, { vmid: 128 })`. EBADMSG for a reply that does not fit it.
   *
   * @throws WireError when the request does not fit its declaration.
   */
  call<Q extends Payload, P extends Payload>(
    message: Call<Q, P>,
    request: InferInput<Q>,
    options?: CallOptions,
  ): Promise<Infer<P>> {
    return this.run(call(message, request), options);
  }

  /** Runs a call function to its end. Once the signal is aborted, all further calls of the function fail at once. */
  async run<T>(calling: Calling<T>, options?: CallOptions): Promise<T> {
    let step = calling.next();
    while (!step.done) {
      const { value: effect } = step;
      step = await this.perform(effect, options).then(
        (payload) => calling.next(payload),
        (error) => calling.throw(error),
      );
    }
    return step.value;
  }

  /** Makes one call, and returns the payload of the OK reply. */
  async perform({ message, payload }: CallEffect, { signal }: CallOptions = {}): Promise<Uint8Array> {
    if (this.#closed) throw unsent(message, 'ENODEV', 'closed');
    if (signal?.aborted) throw unsent(message, 'EINTR', 'interrupted');
    const outgoing = this.#endpoint.start(message, payload);
    const giveUp = () => {
      this.#endpoint.giveUp(outgoing);
      this.#pump();
    };
    signal?.addEventListener('abort', giveUp);
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.#waiting.set(outgoing, { resolve, reject });
        this.#pump();
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /**
   * Notifications from now on, for one reader: `for await (const notification of client.notifications())`. Ends when the
   * client is closed.
   *
   * @param countMax unread notifications to keep. Beyond that the oldest is dropped and counted.
   */
  notifications(countMax = NOTIFICATIONS_MAX): NotificationStream {
    const stream = new NotificationStream(countMax, (ended) => this.#streams.delete(ended));
    if (this.#closed) stream.end();
    else this.#streams.add(stream);
    return stream;
  }

  /** Ends waiting calls (ENODEV) and streams, and disconnects from the transport. */
  close(): void {
    this.#closed = true;
    this.#endpoint.close();
    this.#pump();
    for (const stream of this.#streams) stream.end();
    this.#streams.clear();
    this.#transport.connect({ notEmpty: () => {}, notFull: () => {} });
  }

  /** Sends what can be sent, then handles the events. A reply may arrive before `send` returns. */
  #pump(): void {
    for (let next = this.#endpoint.nextTransmit(); next; next = this.#endpoint.nextTransmit())
      this.#endpoint.sent(sendOver(this.#transport, next));
    for (let event = this.#endpoint.nextEvent(); event; event = this.#endpoint.nextEvent()) this.#tell(event);
  }

  #tell(event: EndpointEvent): void {
    switch (event.kind) {
      case 'returned':
        this.#settle(event.call)?.resolve(event.payload);
        break;
      case 'failed':
        this.#settle(event.call)?.reject(event.error);
        break;
      case 'notification': {
        const notification = new ReceivedNotification(event.id, event.payload ?? new Uint8Array(0));
        for (const stream of this.#streams) stream.push(notification);
        break;
      }
      case 'hazard':
        this.#onHazard(event.hazard, hazardRule(this.#endpoint.generation.name, event.hazard));
        break;
    }
  }

  #settle(call: OutgoingCall): Waiting | undefined {
    const waiting = this.#waiting.get(call);
    this.#waiting.delete(call);
    return waiting;
  }
}

function unsent({ name }: CallName, errno: 'ENODEV' | 'EINTR', code: string): HostError {
  return refuser(name)(errno, code, 'a client that may send', code);
}
