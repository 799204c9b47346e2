import { hashOf, sameBytes } from '../base/bytes.js';
import { encodeText } from '../base/text.js';
import type { Hazard, HostError } from '../host/index.js';

/** Outcomes that are remembered. */
const KNOWN_MAX = 512;
/** Requests and replies with more bytes differ nearly always, and are not remembered. */
const SIZE_MAX = 256;

/** Payload of the OK reply to a call, or its error. */
export type Outcome = Uint8Array | HostError;

interface Known {
  readonly request: Uint8Array;
  readonly outcome: Outcome;
  readonly hazards: readonly Hazard[];
}

/**
 * What a client did wrong with the outcomes of calls that were seen before. The same request and the same reply come again
 * and again, and a client that has forgotten all else does the same with them.
 */
export class KnownOutcomes {
  /** By a hash of request and outcome. A later one with the same hash replaces the one before. */
  readonly #known = new Map<number, Known>();

  /** @param read finds it out. */
  of(request: Uint8Array | undefined, outcome: Outcome, read: () => readonly Hazard[]): readonly Hazard[] {
    const reply = outcome instanceof Uint8Array ? outcome : undefined;
    if (request === undefined || request.length + (reply?.length ?? 0) > SIZE_MAX) return read();
    // The same request may fail now with one error and then with another, which must not replace each other.
    const answer = reply ?? encodeText(String((outcome as HostError).actual));
    const hash = hashOf(answer, hashOf(request, request.length));
    const known = this.#known.get(hash);
    if (known !== undefined && sameBytes(request, known.request) && isSameOutcome(outcome, known.outcome))
      return known.hazards;
    const hazards = read();
    if (this.#known.size >= KNOWN_MAX) this.#known.clear();
    this.#known.set(hash, { request: request.slice(), outcome: reply?.slice() ?? outcome, hazards });
    return hazards;
  }
}

function isSameOutcome(outcome: Outcome, known: Outcome): boolean {
  if (outcome === known) return true;
  return outcome instanceof Uint8Array && known instanceof Uint8Array && sameBytes(outcome, known);
}
