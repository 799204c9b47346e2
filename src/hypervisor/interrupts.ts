/** Shared interrupts that a VM's devices may use, and the first that RM chooses (rm-internals.md, section 8). */
export const VIRQ_MIN = 32;
export const VIRQ_MAX = 1019;
export const VIRQ_CHOSEN_MIN = 960;

const FREE = 0;
const DEVICE = 1;
const ACCEPTED = 2;

/** Interrupt numbers in use in one VM. */
export class InterruptNumbers {
  readonly #used = new Uint8Array(VIRQ_MAX + 1);
  /** The VM was reset: no number is bound any more. */
  destroyed = false;

  /** Takes the lowest free number from `VIRQ_CHOSEN_MIN` up; undefined when all are taken. */
  choose(): number | undefined {
    for (let number = VIRQ_CHOSEN_MIN; number <= VIRQ_MAX; number++)
      if (this.#used[number] === FREE) {
        this.#used[number] = DEVICE;
        return number;
      }
    return undefined;
  }

  /**
   * Takes a given number; false when it is outside `VIRQ_MIN`..{@link VIRQ_MAX} or in use.
   *
   * @param accepted it is for a hardware interrupt that the VM accepts.
   */
  take(number: number, accepted = false): boolean {
    if (number < VIRQ_MIN || number > VIRQ_MAX || this.#used[number] !== FREE) return false;
    this.#used[number] = accepted ? ACCEPTED : DEVICE;
    return true;
  }

  release(number: number): void {
    if (number <= VIRQ_MAX) this.#used[number] = FREE;
  }

  isAccepted(number: number): boolean {
    return this.#used[number] === ACCEPTED;
  }

  /** Numbers in use, rising. */
  *numbers(): Generator<number> {
    for (let number = 0; number <= VIRQ_MAX; number++) if (this.#used[number] !== FREE) yield number;
  }

  /** Numbers of accepted hardware interrupts, rising. */
  *accepted(): Generator<number> {
    for (const number of this.numbers()) if (this.isAccepted(number)) yield number;
  }
}
