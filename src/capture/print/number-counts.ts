/** How often each number came. A map takes several times as long for numbers that are no small integers. */
export class NumberCounts {
  /** Places for numbers. The place of a number is the first free one from its hash on. */
  #numbers = new Float64Array(8);
  /** 0: the place is free. */
  #times = new Float64Array(8);
  #size = 0;

  /** How many different numbers came. */
  get size(): number {
    return this.#size;
  }

  add(number: number, times = 1): void {
    let mask = this.#numbers.length - 1;
    let at = hash(number) & mask;
    while (this.#times[at] !== 0 && this.#numbers[at] !== number) at = (at + 1) & mask;
    if (this.#times[at] === 0) {
      if (2 * ++this.#size > mask) {
        this.#grow();
        mask = this.#numbers.length - 1;
        at = hash(number) & mask;
        while (this.#times[at] !== 0) at = (at + 1) & mask;
      }
      this.#numbers[at] = number;
    }
    this.#times[at] = (this.#times[at] as number) + times;
  }

  *[Symbol.iterator](): Generator<[number: number, times: number]> {
    for (const [at, times] of this.#times.entries())
      if (times > 0) yield [this.#numbers[at] as number, times];
  }

  #grow(): void {
    const all = [...this];
    const length = 2 * this.#numbers.length;
    this.#numbers = new Float64Array(length);
    this.#times = new Float64Array(length);
    this.#size = 0;
    for (const [number, times] of all) this.add(number, times);
    this.#size++;
  }
}

function hash(number: number): number {
  const mixed = Math.imul((number | 0) ^ Math.imul((number / 0x1_0000_0000) | 0, 0x85eb_ca6b), 0x9e37_79b1);
  return mixed ^ (mixed >>> 15);
}
