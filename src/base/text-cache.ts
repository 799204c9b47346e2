import { preparedText } from './byte-writer.js';

/** Texts that a cache holds: two to the power of this. */
const SLOT_BITS = 12;
/** Integers by which a text is found. The first is not 0. */
export type Key = readonly [number, number, number, number];
export const KEY_SIZE = 4;
/** Most bytes of a text. */
export const CACHED_SIZE_MAX = 232;
/** Where the parts of a place begin, and how many numbers it takes. */
const SIZE_AT = KEY_SIZE;
const WORDS_AT = SIZE_AT + 1;
const PLACE_SIZE = WORDS_AT + CACHED_SIZE_MAX / 8;

/**
 * Texts of few different values, each found by numbers. Two places hold those of each hash, so that memory is bounded. They
 * lie in one array, because following references from place to text would take longer than writing the text.
 */
export class TextCache {
  /** Of each place its numbers, the size of its text in bytes, and the text, eight bytes to a number. All 0: empty. */
  readonly #places = new Float64Array(PLACE_SIZE << SLOT_BITS);

  /** The place of the text of a {@link Key}; -1 where it is not here. */
  find(a: number, b: number, c: number, d: number): number {
    const places = this.#places;
    const slot = slotOf(a, b, c, d);
    let at = slot * PLACE_SIZE;
    if (places[at] === a && places[at + 1] === b && places[at + 2] === c && places[at + 3] === d) return at;
    at = (slot ^ 1) * PLACE_SIZE;
    if (places[at] === a && places[at + 1] === b && places[at + 2] === c && places[at + 3] === d) return at;
    return -1;
  }

  /**
   * Keeps the text of a {@link Key}, which is ASCII.
   *
   * @returns its place.
   * @throws RangeError above {@link CACHED_SIZE_MAX} bytes.
   */
  keep(a: number, b: number, c: number, d: number, text: string): number {
    const { words, size } = preparedText(text);
    if (size > CACHED_SIZE_MAX) throw new RangeError(`a cached text takes at most ${CACHED_SIZE_MAX} bytes`);
    const places = this.#places;
    const slot = slotOf(a, b, c, d);
    const at = slot * PLACE_SIZE;
    // What was here moves to the other place.
    places.copyWithin((slot ^ 1) * PLACE_SIZE, at, at + PLACE_SIZE);
    places.set([a, b, c, d, size], at);
    places.set(words, at + WORDS_AT);
    return at;
  }

  /** Writes the text of a place at `at`, where there is room for {@link CACHED_SIZE_MAX} bytes. @returns where it ends. */
  put(view: DataView, at: number, place: number): number {
    const places = this.#places;
    const end = at + (places[place + SIZE_AT] as number);
    for (let to = at, from = place + WORDS_AT; to < end; to += 8, from++)
      view.setFloat64(to, places[from] as number, true);
    return end;
  }
}

/** Factors differ, because with one alone neighbouring ids would share a slot. */
function slotOf(a: number, b: number, c: number, d: number): number {
  const mixed = Math.imul(Math.imul(Math.imul(a, 0x9e3779b1) ^ b, 0x85ebca77) ^ c, 0xc2b2ae3d) ^ d;
  return Math.imul(mixed, 0x27d4eb2f) >>> (32 - SLOT_BITS);
}
