import { Lock } from './steps.js';

export type FolioState = 'accessible' | 'inaccessible';

interface HoldRule {
  /** The state that the folio has as long as somebody holds it so. */
  readonly needs: FolioState;
  /** Whether conversions can tell from other counters than the references that the folio is held so. */
  readonly safe: boolean;
  /** In front of the holder's name. */
  readonly doc: string;
}

/** How a folio can be held, besides by its file and by operations that look at it. */
export const holdRules = {
  /** By page tables of a process. */
  mapping: { needs: 'accessible', safe: false, doc: 'mapped by' },
  /** For DMA or for system calls: pages that the kernel got from a process's addresses. */
  pin: { needs: 'accessible', safe: false, doc: 'pinned by' },
  /** By the kernel itself, which reads or writes through the direct map. */
  use: { needs: 'accessible', safe: true, doc: 'used by' },
  /** By a VM that it is lent to. */
  loan: { needs: 'inaccessible', safe: true, doc: 'lent to' },
} as const satisfies Record<string, HoldRule>;

export type HoldKind = keyof typeof holdRules;

export interface Hold {
  readonly kind: HoldKind;
  readonly holder: string;
}

/**
 * A piece of memory that is converted as a whole: a page, or a huge page. Three counters decide (the reference count of
 * Linux, and the two of the guest_memfd series of August 2024, version 2):
 *
 * - `references` counts everybody who keeps the folio from vanishing: the file (always 1), each hold, and each
 *   operation that is looking at the folio. It rises before the folio's lock is taken, and falls, at any time.
 * - `safe` counts those of them that touch no contents unless the folio's lock is held or another counter says so. A
 *   mapping and a pin are not safe: whoever has one touches the memory at any time and asks nobody.
 * - `accessible` is 0 when the folio is inaccessible; else it is 1 for that state, and 1 more for each use by the
 *   kernel itself. So it is above 1 exactly while the kernel reads or writes contents by a reference that is safe.
 *
 * A folio can become inaccessible when all references are safe and `accessible` is 1. In the series a reference only
 * becomes safe once its taker has the lock, so that a conversion that has the lock counts one too many, and refuses
 * although nobody touches the memory. Here every reference is born safe; what is not safe is counted under the lock, by
 * the step that maps or pins, after it has looked at the state. So a conversion can tell of every reference what it is.
 */
export class Folio {
  readonly lock = new Lock();
  state: FolioState = 'accessible';
  inDirectMap = true;
  #references = 1;
  #safe = 1;
  readonly #count: Record<HoldKind, number> = { mapping: 0, pin: 0, use: 0, loan: 0 };
  /** Who holds it, in the order in which they came: to name them, and to know what can be given back. */
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

  /** The counters' verdict on a change of state; a folio that is lent is its owner's to reclaim first. */
  canBecome(state: FolioState): boolean {
    if (state === 'inaccessible') return this.#references === this.#safe && this.accessible <= 1;
    return this.#count.loan === 0;
  }

  /** Somebody begins to look at it. */
  visit(): void {
    this.#references++;
    this.#safe++;
  }

  leave(): void {
    this.#references--;
    this.#safe--;
  }

  /** Somebody takes hold of it, with a reference of its own; the lock is taken. */
  add(hold: Hold): void {
    this.#holds.push(hold);
    this.#count[hold.kind]++;
    this.#references++;
    if (holdRules[hold.kind].safe) this.#safe++;
  }

  /** A hold becomes a visit: its reference is still there, but touches nothing any more. */
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
