import { type PreparedText, preparedText } from '../../base/byte-writer.js';
import type { CaptureRecord } from '../records/index.js';

type Facts = { readonly [K in 'from' | 'to' | 'type' | 'id']?: CaptureRecord[K] | undefined };

interface Kept {
  readonly facts: Facts;
  readonly error: number | undefined;
  readonly texts: readonly PreparedText[];
}

/** A power of two. */
const SLOTS = 1024;

/** The texts that follow from what kind of message one is and what it ended with: few are different, and they are kept. */
export class KeptTexts {
  readonly #slots: (Kept | undefined)[] = Array.from({ length: SLOTS }, () => undefined);

  /** The texts that `make` gives for such a message. They are ASCII. */
  of(facts: Facts, error: number | undefined, make: () => readonly string[]): readonly PreparedText[] {
    const { from, to, type, id } = facts;
    let slot = Math.imul(id ?? 0, 37) + (from ?? 0);
    slot = Math.imul(slot, 37) + (to ?? 0) + Math.imul(error ?? 0, 7) + (type?.length ?? 0);
    slot = (slot ^ (slot >>> 15)) & (SLOTS - 1);
    const kept = this.#slots[slot];
    if (kept !== undefined && kept.error === error && isSame(kept.facts, facts)) return kept.texts;
    const texts = make().map(preparedText);
    this.#slots[slot] = { facts: { from, to, type, id }, error, texts };
    return texts;
  }
}

function isSame(a: Facts, b: Facts): boolean {
  return a.id === b.id && a.from === b.from && a.to === b.to && a.type === b.type;
}
