/** Shared interrupts that a VM's devices may use, and the first that RM chooses (rm-internals.md, section 8). */
export const VIRQ_MIN = 32;
export const VIRQ_MAX = 1019;
export const VIRQ_CHOSEN_MIN = 960;

/** Interrupt numbers in use in one VM. */
export class InterruptNumbers {
  readonly #used = new Uint8Array(VIRQ_MAX + 1);

  /** Takes the lowest free number from {@link VIRQ_CHOSEN_MIN} up; undefined when all are taken. */
  choose(): number | undefined {
    for (let number = VIRQ_CHOSEN_MIN; number <= VIRQ_MAX; number++)
      if (this.#used[number] === 0) {
        this.#used[number] = 1;
        return number;
      }
    return undefined;
  }

  /** Takes a given number; false when it is outside {@link VIRQ_MIN}..{@link VIRQ_MAX} or in use. */
  take(number: number): boolean {
    if (number < VIRQ_MIN || number > VIRQ_MAX || this.#used[number] !== 0) return false;
    this.#used[number] = 1;
    return true;
  }

  release(number: number): void {
    if (number <= VIRQ_MAX) this.#used[number] = 0;
  }

  /** Numbers in use, rising. */
  *numbers(): Generator<number> {
    for (let number = 0; number <= VIRQ_MAX; number++) if (this.#used[number] === 1) yield number;
  }
}
