/** Distinct latencies counted exactly; beyond that many they are rounded to three digits, so that memory is bounded. */
const distinctMax = 4096;

/** Latencies in nanoseconds. Median and p99 are exact for up to 4096 distinct values, else within 0.5 %. */
export interface LatencySummary {
  readonly count: number;
  readonly min: number;
  readonly median: number;
  readonly p99: number;
  readonly max: number;
}

/** Counts latencies by value. */
export class Latencies {
  #counts = new Map<number, number>();
  #total = 0;
  #rounded = false;
  #min = Number.POSITIVE_INFINITY;
  #max = Number.NEGATIVE_INFINITY;
  /** The latest value and how often it has come in a row, which is not in the counts yet. */
  #latest = 0;
  #repeats = 0;

  add(ns: number): void {
    if (ns !== this.#latest) {
      this.#settle();
      this.#latest = ns;
    }
    this.#repeats++;
  }

  get isEmpty(): boolean {
    return this.#total === 0 && this.#repeats === 0;
  }

  summary(): LatencySummary {
    this.#settle();
    const sorted = [...this.#counts].sort(([a], [b]) => a - b);
    const at = (share: number) => {
      let left = Math.max(1, Math.ceil(this.#total * share));
      const found = sorted.find(([, count]) => {
        left -= count;
        return left <= 0;
      });
      return Math.min(this.#max, Math.max(this.#min, found?.[0] ?? 0));
    };
    return { count: this.#total, min: this.#min, median: at(0.5), p99: at(0.99), max: this.#max };
  }

  #settle(): void {
    if (this.#repeats === 0) return;
    const ns = this.#latest;
    const key = this.#rounded ? round(ns) : ns;
    this.#counts.set(key, (this.#counts.get(key) ?? 0) + this.#repeats);
    this.#total += this.#repeats;
    this.#repeats = 0;
    this.#min = Math.min(this.#min, ns);
    this.#max = Math.max(this.#max, ns);
    if (!this.#rounded && this.#counts.size > distinctMax) this.#coarsen();
  }

  #coarsen(): void {
    const coarse = new Map<number, number>();
    for (const [ns, count] of this.#counts) coarse.set(round(ns), (coarse.get(round(ns)) ?? 0) + count);
    this.#counts = coarse;
    this.#rounded = true;
  }
}

/** As `Number(ns.toPrecision(3))`, which goes through a text. */
function round(ns: number): number {
  if (!(ns >= 1000 && Number.isSafeInteger(ns))) return Number(ns.toPrecision(3));
  let unit = 10;
  while (ns >= 1000 * unit) unit *= 10;
  const below = Math.floor(ns / unit);
  return (2 * (ns - below * unit) >= unit ? below + 1 : below) * unit;
}
