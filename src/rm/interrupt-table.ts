/** One lent hardware interrupt. */
export interface Lending {
  /** The hardware interrupt. */
  readonly number: number;
  borrower: number;
  readonly label: number;
  readonly owner: number;
  /** Number in the borrower once accepted. */
  virq: number | undefined;
}

/** Lent hardware interrupts by their number. */
export class InterruptTable {
  readonly #lendings = new Map<number, Lending>();
  /** VM_INIT can no longer make interrupts in this boot (platform, privateVirqSpoils). */
  spoilt = false;

  /** @param handleBase handle of hardware interrupt 0; the handles of the others count up from there. */
  constructor(public handleBase: number) {}

  get(number: number): Lending | undefined {
    return this.#lendings.get(number);
  }

  handleOf(number: number): number {
    return (this.handleBase + number) >>> 0;
  }

  byHandle(handle: number): Lending | undefined {
    return this.#lendings.get((handle - this.handleBase) >>> 0);
  }

  /** What a borrower has accepted under a number of its own. */
  borrowedAs(vmid: number, virq: number): Lending | undefined {
    return [...this.#lendings.values()].find((lent) => lent.borrower === vmid && lent.virq === virq);
  }

  lend(lending: Lending): void {
    this.#lendings.set(lending.number, lending);
  }

  reclaim({ number }: Lending): void {
    this.#lendings.delete(number);
  }
}
