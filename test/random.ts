/** Seeded pseudo-random integers (xorshift32), so that a run that fails can be repeated. */
export class Random {
  private state: number;

  /** `seed`: any integer but 0. */
  constructor(seed: number) {
    this.state = seed | 0;
  }

  /** An integer from 0 up to, but not including, `limit` (at most 2^32). */
  below(limit: number): number {
    let x = this.state;
    x ^= x << 13;
    x ^= x >>> 17;
    x ^= x << 5;
    this.state = x;
    return (x >>> 0) % limit;
  }

  /** True once in `times`. */
  once(times: number): boolean {
    return this.below(times) === 0;
  }

  pick<T>(items: readonly T[]): T {
    return items[this.below(items.length)] as T;
  }
}
