import { HostError } from './error.js';

/** Runs an operation or a call that may fail. @returns its failure; undefined if it succeeded. */
export function* attempt<Effect>(
  operation: Generator<Effect, unknown, Uint8Array>,
): Generator<Effect, HostError | undefined, Uint8Array> {
  try {
    yield* operation;
  } catch (error) {
    if (error instanceof HostError) return error;
    throw error;
  }
  return undefined;
}
