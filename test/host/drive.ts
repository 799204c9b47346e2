import type { CallEffect, Calling, Hazard, OutgoingCall, Sent, Transmit } from '../../src/host/index.js';
import { Endpoint, type GenerationName, HostError } from '../../src/host/index.js';

/** What came of a call function, and of what came in meanwhile. */
export interface Driven<T> {
  /** Undefined: it still waits. */
  readonly settled: { readonly value: T } | { readonly error: HostError } | undefined;
  readonly transmitted: readonly Transmit[];
  /** Requests that were started, with the payload as it goes on the wire. */
  readonly requests: readonly { readonly id: number; readonly payload: Uint8Array }[];
  readonly notifications: readonly { readonly id: number; readonly payload: Uint8Array | undefined }[];
  readonly hazards: readonly Hazard[];
  /** Codes of what was dropped. */
  readonly dropped: readonly string[];
}

/**
 * Runs one call function over one endpoint, step by step and without promises. `send` says what came of
 * sending its queue message number `index`.
 */
export class Driver<T> implements Driven<T> {
  settled: Driven<T>['settled'];
  readonly transmitted: Transmit[] = [];
  readonly requests: { readonly id: number; readonly payload: Uint8Array }[] = [];
  readonly notifications: { readonly id: number; readonly payload: Uint8Array | undefined }[] = [];
  readonly hazards: Hazard[] = [];
  readonly dropped: string[] = [];
  readonly endpoint: Endpoint;
  readonly queue: Uint8Array[] = [];
  private current: OutgoingCall | undefined;

  constructor(
    generation: GenerationName,
    private readonly calling: Calling<T>,
    private readonly send: (index: number) => Sent = () => ({ error: 0, notFull: true }),
    firstSequence = 0,
  ) {
    this.endpoint = new Endpoint(generation, { firstSequence });
    this.step(() => this.calling.next());
  }

  /** One interrupt of the queue from RM, which these messages have been put on. */
  interrupt(frames: readonly Uint8Array[]): void {
    this.queue.push(...frames);
    this.endpoint.receive(() => this.queue.shift());
    this.pump();
  }

  /** Ends the wait. */
  giveUp(): void {
    if (this.current !== undefined) this.endpoint.giveUp(this.current);
    this.pump();
  }

  private step(resume: () => IteratorResult<CallEffect, T>): void {
    let next: IteratorResult<CallEffect, T>;
    try {
      next = resume();
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.settled = { error };
      return;
    }
    if (next.done) this.settled = { value: next.value };
    else this.begin(next.value);
  }

  private begin({ message, payload }: CallEffect): void {
    try {
      this.current = this.endpoint.start(message, payload);
    } catch (error) {
      if (!(error instanceof HostError)) throw error;
      this.step(() => this.calling.throw(error));
      return;
    }
    this.requests.push({ id: message.id, payload });
    this.pump();
  }

  private pump(): void {
    for (let next = this.endpoint.nextTransmit(); next; next = this.endpoint.nextTransmit()) {
      const sent = this.send(this.transmitted.length);
      if (!('errno' in sent) && sent.error === 0) this.transmitted.push(next);
      this.endpoint.sent(sent);
    }
    for (let event = this.endpoint.nextEvent(); event; event = this.endpoint.nextEvent()) {
      if (event.kind === 'notification') this.notifications.push(event);
      else if (event.kind === 'hazard') this.hazards.push(event.hazard);
      else if (event.kind === 'dropped') this.dropped.push(event.issue.code);
      else {
        this.current = undefined;
        const { calling } = this;
        this.step(() => (event.kind === 'failed' ? calling.throw(event.error) : calling.next(event.payload)));
      }
    }
  }
}
