/**
 * Sequence numbers of requests. The next one is the first free number after the last one taken, and after the highest
 * the search goes on at 0 (client.md, section 1). A number stays taken until it is freed.
 */
export class SequenceNumbers {
  readonly #taken = new Set<number>();
  readonly #count: number;
  #next: number;

  /** The numbers 0..count-1, starting with `next`. */
  constructor(count: number, next = 0) {
    this.#count = count;
    this.#next = next;
  }

  /** @returns undefined when all are taken. */
  take(): number | undefined {
    if (this.#taken.size >= this.#count) return undefined;
    while (this.#taken.has(this.#next)) this.#next = (this.#next + 1) % this.#count;
    const number = this.#next;
    this.#taken.add(number);
    this.#next = (number + 1) % this.#count;
    return number;
  }

  free(number: number): void {
    this.#taken.delete(number);
  }
}
