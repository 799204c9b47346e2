/**
 * Sequence numbers of requests: the lowest free one from where the last search ended, and from 0 again behind the last
 * (client.md, section 1). A number stays taken until it is freed.
 */
export class SequenceNumbers {
  private readonly taken = new Set<number>();

  /** `count` numbers, 0..count-1; the first one given out is `next`. */
  constructor(
    private readonly count: number,
    private next = 0,
  ) {}

  /** Undefined when all are taken. */
  take(): number | undefined {
    if (this.taken.size >= this.count) return undefined;
    while (this.taken.has(this.next)) this.next = (this.next + 1) % this.count;
    const number = this.next;
    this.taken.add(number);
    this.next = (number + 1) % this.count;
    return number;
  }

  free(number: number): void {
    this.taken.delete(number);
  }
}
