import type { Message } from '../schema/index.js';

/**
 * One call to RM. A client function yields it and is resumed with the payload of the OK reply, without the error word, or
 * a HostError is thrown into it. A client, an event loop or a test runs the function.
 */
export interface CallEffect {
  readonly kind: 'call';
  readonly message: Message;
  /** As on the wire, 0..14 616 bytes. */
  readonly payload: Uint8Array;
}

/** A client function: it yields calls and returns their result. */
export type Calling<T> = Generator<CallEffect, T, Uint8Array>;
