import type { Call, Infer, InferInput, Payload } from '../schema/index.js';
import { call } from './calls/call.js';
import type { CallEffect, Calling } from './effect.js';
import { Endpoint, type EndpointEvent } from './endpoint.js';
import { HostError } from './error.js';
import type { GenerationName } from './generations.js';
import type { Hazard } from './hazard.js';
import { NotificationStream, ReceivedNotification } from './notification-stream.js';
import type { CallName, OutgoingCall } from './outgoing-call.js';
import type { Transport } from './transport.js';

/** Notifications that a stream keeps for its reader: as many as RM keeps for a VM. */
const NOTIFICATIONS_MAX = 256;

export interface ClientOptions {
  /** Whose rules: a15 unless told. */
  readonly generation?: GenerationName;
  /** Told of what the real client would leak or die of, besides the errors of calls that it ends. */
  readonly onHazard?: (hazard: Hazard) => void;
}

/** What is used of an AbortSignal, whose own declaration only some environments have. */
export interface CallSignal {
  readonly aborted: boolean;
  addEventListener(type: 'abort', listener: () => void): void;
  removeEventListener(type: 'abort', listener: () => void): void;
}

export interface CallOptions {
  /**
   * Ends the wait for the reply: the real clients wait for ever, and nothing here knows the time. A deadline is
   * `AbortSignal.timeout(ms)`. The call ends with the hazard `no_reply`, or with EINTR if nothing was sent yet.
   */
  readonly signal?: CallSignal;
}

interface Waiting {
  readonly resolve: (payload: Uint8Array) => void;
  readonly reject: (error: HostError) => void;
}

/**
 * RM's client as promises, over any transport. Calls may overlap as they like: the generation decides how many wait at
 * once, the others queue in order. A call ends with the reply's payload or a HostError, never otherwise.
 */
export class Client {
  private readonly endpoint: Endpoint;
  private readonly waiting = new Map<OutgoingCall, Waiting>();
  private readonly streams = new Set<NotificationStream>();
  private readonly onHazard: (hazard: Hazard) => void;
  private closed = false;

  constructor(
    private readonly transport: Transport,
    { generation = 'a15', onHazard = () => {} }: ClientOptions = {},
  ) {
    this.endpoint = new Endpoint(generation);
    this.onHazard = onHazard;
    transport.connect({
      notEmpty: () => {
        this.endpoint.receive(() => this.transport.take());
        this.pump();
      },
      notFull: () => {
        this.endpoint.notFull();
        this.pump();
      },
    });
  }

  /**
   * One call, by its declaration: `client.call(VM_START, { vmid: 128 })`. A reply that does not fit it is EBADMSG.
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

  /** Runs a call function to its end. The signal is that of each of its calls: once it is aborted, all fail at once. */
  async run<T>(calling: Calling<T>, options?: CallOptions): Promise<T> {
    let step = calling.next();
    while (!step.done) {
      const { value: effect } = step;
      // What the function does about a failure is its own business.
      step = await this.perform(effect, options).then(
        (payload) => calling.next(payload),
        (error) => calling.throw(error),
      );
    }
    return step.value;
  }

  /** Makes one call as it stands, and returns the payload of the OK reply. */
  async perform({ message, payload }: CallEffect, { signal }: CallOptions = {}): Promise<Uint8Array> {
    if (this.closed) throw unsent(message, 'ENODEV', 'closed');
    if (signal?.aborted) throw unsent(message, 'EINTR', 'interrupted');
    const outgoing = this.endpoint.start(message, payload);
    const giveUp = () => {
      this.endpoint.giveUp(outgoing);
      this.pump();
    };
    signal?.addEventListener('abort', giveUp);
    try {
      return await new Promise<Uint8Array>((resolve, reject) => {
        this.waiting.set(outgoing, { resolve, reject });
        this.pump();
      });
    } finally {
      signal?.removeEventListener('abort', giveUp);
    }
  }

  /**
   * Notifications from now on, for one reader: `for await (const notification of client.notifications())`. What is not
   * read is kept, `countMax` of them; then the oldest is lost and counted. Ends when the client is closed.
   */
  notifications(countMax = NOTIFICATIONS_MAX): NotificationStream {
    const stream = new NotificationStream(countMax, (ended) => this.streams.delete(ended));
    if (this.closed) stream.end();
    else this.streams.add(stream);
    return stream;
  }

  /** Ends everything: calls that wait fail (ENODEV), streams end, and the transport is let go. */
  close(): void {
    this.closed = true;
    this.transport.connect({ notEmpty: () => {}, notFull: () => {} });
    this.endpoint.close();
    this.pump();
    for (const stream of this.streams) stream.end();
    this.streams.clear();
  }

  /** Sends what can be sent and tells what has happened. Sending may bring a reply before it returns. */
  private pump(): void {
    for (let next = this.endpoint.nextTransmit(); next; next = this.endpoint.nextTransmit())
      this.endpoint.sent(this.transport.send(next.frame, next.push));
    for (let event = this.endpoint.nextEvent(); event; event = this.endpoint.nextEvent()) this.tell(event);
  }

  private tell(event: EndpointEvent): void {
    switch (event.kind) {
      case 'returned':
        this.settle(event.call)?.resolve(event.payload);
        break;
      case 'failed':
        this.settle(event.call)?.reject(event.error);
        break;
      case 'notification': {
        const notification = new ReceivedNotification(event.id, event.payload ?? new Uint8Array(0));
        for (const stream of this.streams) stream.push(notification);
        break;
      }
      case 'hazard':
        this.onHazard(event.hazard);
        break;
    }
  }

  private settle(call: OutgoingCall): Waiting | undefined {
    const waiting = this.waiting.get(call);
    this.waiting.delete(call);
    return waiting;
  }
}

function unsent({ name }: CallName, errno: 'ENODEV' | 'EINTR', code: string): HostError {
  const issue = { code, path: '', offset: 0, expected: 'a client that may send', actual: code };
  return new HostError(name, errno, 'local', issue);
}
