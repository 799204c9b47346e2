import { encodeText } from '../../base/text.js';
import type { DiffEntry } from './entry.js';

type Facts = Pick<DiffEntry, 'from' | 'to' | 'type' | 'id'>;

interface Kept extends Facts {
  readonly error: number | undefined;
  readonly texts: readonly Uint8Array[];
}

/** A power of two. */
const SLOTS = 1024;

/** The texts that follow from what kind of message one is and what it ended with: few are different, and they are kept. */
export class KeptTexts {
  readonly #slots: (Kept | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** The texts that `make` gives for such a message, as UTF-8. */
  of(facts: Facts, error: number | undefined, make: () => readonly string[]): readonly Uint8Array[] {
    const { from, to, type, id } = facts;
    let slot = Math.imul(id ?? 0, 37) + (from ?? 0);
    slot = Math.imul(slot, 37) + (to ?? 0) + Math.imul(error ?? 0, 7) + (type?.length ?? 0);
    slot = (slot ^ (slot >>> 15)) & (SLOTS - 1);
    const kept = this.#slots[slot];
    if (
      kept !== undefined &&
      kept.id === id &&
      kept.from === from &&
      kept.to === to &&
      kept.type === type &&
      kept.error === error
    )
      return kept.texts;
    const texts = make().map(encodeText);
    this.#slots[slot] = { from, to, type, id, error, texts };
    return texts;
  }
}
