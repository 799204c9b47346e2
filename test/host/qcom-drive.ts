import type { Calling, GenerationName, Hazard } from '../../src/host/index.js';
import { Endpoint, HostError } from '../../src/host/index.js';
import type { OutgoingCall } from '../../src/host/outgoing-call.js';

/** A queue message that a client sent. */
export interface SentFrame {
  readonly frame: Uint8Array;
  readonly push: boolean;
}

/** What RM is: it is asked once a request is out, and gives the queue messages of one interrupt, or nothing more. */
export type Answering = (
  message: string,
  id: number,
  payload: Uint8Array,
  seq: number,
) => Iterator<Uint8Array[]>;

/** What became of a call function. */
export interface Driven<T> {
  readonly frames: readonly SentFrame[];
  /** Requests as `id:payload` in hex, the way the recordings write them. */
  readonly requests: readonly { readonly id: number; readonly payload: Uint8Array }[];
  readonly result?: T;
  readonly error?: HostError;
  /** RM had nothing more to say, and the call function still waits. */
  readonly waits: boolean;
  readonly hazards: readonly Hazard[];
}

/**
 * Runs a call function over an endpoint to its end. The queue has always room; interrupts come as RM gives them, from
 * the moment on at which the whole request is out.
 */
export function drive<T>(generation: GenerationName, calling: Calling<T>, answer: Answering): Driven<T> {
  const endpoint = new Endpoint(generation);
  const frames: SentFrame[] = [];
  const requests: { id: number; payload: Uint8Array }[] = [];
  const hazards: Hazard[] = [];

  const perform = (
    call: OutgoingCall,
    interrupts: Iterator<Uint8Array[]>,
  ): Uint8Array | HostError | undefined => {
    for (;;) {
      for (let event = endpoint.nextEvent(); event !== undefined; event = endpoint.nextEvent()) {
        if (event.kind === 'hazard') hazards.push(event.hazard);
        if (event.kind === 'returned' && event.call === call) return event.payload;
        if (event.kind === 'failed' && event.call === call) return event.error;
      }
      const next = interrupts.next();
      if (next.done === true) return undefined;
      const queue = [...next.value];
      endpoint.receive(() => queue.shift());
    }
  };

  const send = (): void => {
    for (let next = endpoint.nextTransmit(); next !== undefined; next = endpoint.nextTransmit()) {
      frames.push(next);
      endpoint.sent({ error: 0, notFull: true });
    }
  };

  const end = (end: { result: T } | { error: HostError } | { waits: true }): Driven<T> => ({
    frames,
    requests,
    waits: false,
    hazards,
    ...end,
  });

  try {
    let step = calling.next();
    while (step.done !== true) {
      const { message, payload } = step.value;
      let call: OutgoingCall;
      try {
        call = endpoint.start(message, payload);
      } catch (error) {
        step = calling.throw(error);
        continue;
      }
      requests.push({ id: message.id, payload });
      send();
      const outcome = perform(call, answer(message.name, message.id, payload, call.seq));
      if (outcome === undefined) return end({ waits: true });
      step = outcome instanceof HostError ? calling.throw(outcome) : calling.next(outcome);
    }
    return end({ result: step.value });
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return end({ error });
  }
}
