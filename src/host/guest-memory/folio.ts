import { Lock } from './steps.js';

export type FolioState = 'accessible' | 'inaccessible';

interface HoldRule {
  /** The state of the folio while it is held in this way. */
  readonly needs: FolioState;
  /** Whether the reference counts as safe: see {@link Folio}. */
  readonly safe: boolean;
  /** Text before the holder's name. */
  readonly doc: string;
}

/** The ways to hold a folio, besides by its file and by operations on it. */
export const holdRules = {
  /** By page tables of a process. */
  mapping: { needs: 'accessible', safe: false, doc: 'mapped by' },
  /** By the kernel for DMA or a system call, by addresses of a process. */
  pin: { needs: 'accessible', safe: false, doc: 'pinned by' },
  /** By the kernel itself, through the direct map. */
  use: { needs: 'accessible', safe: true, doc: 'used by' },
  loan: { needs: 'inaccessible', safe: true, doc: 'lent to' },
} as const satisfies Record<string, HoldRule>;

export type HoldKind = keyof typeof holdRules;

export interface Hold {
  readonly kind: HoldKind;
  readonly holder: string;
}

/**
 * A page or a huge page, which is converted as a whole. Three counters decide whether it can be converted: the reference
 * count of Linux, and the two of the guest_memfd series of August 2024, version 2.
 *
 * - `references` counts what keeps the folio from being freed: the file (always 1), each hold, and each operation on the
 *   folio. It changes at any time, also without the folio's lock.
 * - `safe` counts the references whose owner touches the contents only under the folio's lock or while it is counted in
 *   `accessible`. A mapping and a pin are not safe: their owners touch the memory at any time.
 * - `accessible` is 0 when the folio is inaccessible; else it is 1, and 1 more for each use by the kernel itself.
 *
 * A folio can become inaccessible when all references are safe and `accessible` is 1. In the series a reference becomes
 * safe only once its owner has the lock. There a conversion that holds the lock sees references of waiting operations as
 * unsafe, and refuses although nobody touches the memory. Here every reference is safe at first; the step that maps or
 * pins makes it unsafe under the lock, after it has checked the state.
 */
export class Folio {
  readonly lock = new Lock();
  state: FolioState = 'accessible';
  inDirectMap = true;
  #references = 1;
  #safe = 1;
  readonly #count: Record<HoldKind, number> = { mapping: 0, pin: 0, use: 0, loan: 0 };
  readonly #holds: Hold[] = [];

  /**
   * @param offset in the file, in bytes.
   * @param address physical, in bytes.
   * @param size in bytes.
   */
  constructor(
    readonly offset: number,
    readonly address: number,
    readonly size: number,
  ) {}

  /** Nobody but the file has it. */
  get isIdle(): boolean {
    return this.#references === 1;
  }

  get references(): number {
    return this.#references;
  }

  get safe(): number {
    return this.#safe;
  }

  get accessible(): number {
    return this.state === 'accessible' ? 1 + this.#count.use : 0;
  }

  get holds(): readonly Hold[] {
    return this.#holds;
  }

  /** Whether the counters allow a change to a state. A lent folio must be reclaimed before it becomes accessible. */
  canBecome(state: FolioState): boolean {
    if (state === 'inaccessible') return this.#references === this.#safe && this.accessible <= 1;
    return this.#count.loan === 0;
  }

  /** An operation on the folio begins: adds a reference. */
  visit(): void {
    this.#references++;
    this.#safe++;
  }

  leave(): void {
    this.#references--;
    this.#safe--;
  }

  /** Adds a hold, with a reference of its own. The caller has the lock. */
  add(hold: Hold): void {
    this.#holds.push(hold);
    this.#count[hold.kind]++;
    this.#references++;
    if (holdRules[hold.kind].safe) this.#safe++;
  }

  /** Removes a hold but not its reference, which becomes safe and which {@link leave} removes. */
  loosen(hold: Hold): void {
    this.#holds.splice(this.#indexOf(hold), 1);
    this.#count[hold.kind]--;
    if (!holdRules[hold.kind].safe) this.#safe++;
  }

  has(hold: Hold): boolean {
    return this.#indexOf(hold) >= 0;
  }

  #indexOf({ kind, holder }: Hold): number {
    return this.#holds.findIndex((hold) => hold.kind === kind && hold.holder === holder);
  }
}
