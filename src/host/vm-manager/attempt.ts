import type { Calling } from '../effect.js';
import { HostError } from '../error.js';
import type { Running } from './effects.js';

/** Does what may fail. @returns the failure; undefined: it went well. */
export function* attempt(operation: Running<unknown> | Calling<unknown>): Running<HostError | undefined> {
  try {
    yield* operation;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  return undefined;
}
