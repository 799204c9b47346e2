/** One lent hardware interrupt. */
export interface Lending {
  borrower: number;
  readonly label: number;
  readonly owner: number;
  /** Number in the borrower once accepted. */
  virq: number | undefined;
}

/** Lent hardware interrupts by their number. */
export class InterruptTable {
  readonly #lendings = new Map<number, Lending>();
  /** Hardware interrupts bound by borrowers, as `vmid` by number. */
  readonly #bound = new Map<number, number>();

  get(number: number): Lending | undefined {
    return this.#lendings.get(number);
  }

  lend(number: number, lending: Lending): void {
    this.#lendings.set(number, lending);
  }

  reclaim(number: number): void {
    this.#lendings.delete(number);
  }

  /** A borrower has bound hardware interrupt `number`. */
  bind(number: number, vmid: number): void {
    this.#bound.set(number, vmid);
  }

  unbind(number: number): void {
    this.#bound.delete(number);
  }

  /** Hardware interrupts that a borrower has bound, rising. */
  boundBy(vmid: number): readonly number[] {
    return [...this.#bound]
      .filter(([, borrower]) => borrower === vmid)
      .map(([number]) => number)
      .sort((a, b) => a - b);
  }
}
