import type { Calling } from '../effect.js';
import { HostError } from '../error.js';
import type { Running } from './effects.js';

/** Runs an operation that may fail. @returns its failure; undefined if it succeeded. */
export function* attempt(operation: Running<unknown> | Calling<unknown>): Running<HostError | undefined> {
  try {
    yield* operation;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  return undefined;
}
