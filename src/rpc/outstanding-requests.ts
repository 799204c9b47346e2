/** What a reply repeats of its request. */
interface RequestKey {
  readonly id: number;
  readonly seq: number;
}

/**
 * The requests of one sender that wait for a reply. Several may have the same id and sequence number; a reply answers
 * the oldest of them.
 */
export class OutstandingRequests<R extends RequestKey> {
  readonly #requests: R[] = [];
  readonly #max: number;

  /** @param max how many are kept. One more replaces the oldest. */
  constructor(max = Number.POSITIVE_INFINITY) {
    this.#max = max;
  }

  get oldest(): R | undefined {
    return this.#requests[0];
  }

  add(request: R): void {
    if (this.#requests.length === this.#max) this.#requests.shift();
    this.#requests.push(request);
  }

  /** The request that a reply answers, which waits no longer; undefined if there is none. */
  answer(id: number, seq: number): R | undefined {
    const requests = this.#requests;
    for (let index = 0; index < requests.length; index++) {
      const request = requests[index] as R;
      if (request.id !== id || request.seq !== seq) continue;
      // Mostly it is the only one.
      if (index === requests.length - 1) requests.pop();
      else requests.splice(index, 1);
      return request;
    }
    return undefined;
  }

  /** Removes and returns all, oldest first. */
  clear(): R[] {
    return this.#requests.splice(0);
  }
}
