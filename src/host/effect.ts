import type { Message } from '../schema/index.js';

/**
 * One call to RM. A client function yields it and is resumed with the payload of the OK reply (error word taken off,
 * empty when there is none), or a HostError is thrown into it. Who runs the function decides how: a promise driver, the
 * event loop of a world, or a test.
 */
export interface CallEffect {
  readonly kind: 'call';
  readonly message: Message;
  /** Request payload as it goes on the wire, 0..14 616 bytes. */
  readonly payload: Uint8Array;
}

/** A client function: it yields what it wants of the world and returns its result. */
export type Calling<T> = Generator<CallEffect, T, Uint8Array>;
