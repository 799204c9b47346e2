const FNV_PRIME = 0x01000193;
/** Start values of the three words that a name is hashed into. They must not change, or seeds change their meaning. */
const LANES = [0x811c9dc5, 0x9e3779b9, 0x85ebca6b] as const;
const WARM_UP = 12;

/** Mixes a 32-bit word: every input bit affects all output bits. */
function mix(word: number): number {
  let h = word;
  h = Math.imul(h ^ (h >>> 16), 0x21f0aaad);
  h = Math.imul(h ^ (h >>> 15), 0x735a2d97);
  return (h ^ (h >>> 15)) >>> 0;
}

/**
 * A generator of random numbers: sfc32 (Chris Doty-Humphrey's small fast counting generator). It uses integers only, so
 * a seed gives the same numbers on every machine. A test pins its first outputs.
 *
 * Every consumer takes its own child by name. A child depends on the seed and on the names from the root to it, not on
 * the numbers drawn before. A new consumer therefore does not change the numbers of the others.
 */
export class Random {
  readonly #seed: number;
  readonly #path: string;
  #a: number;
  #b: number;
  #c: number;
  #counter = 1;

  /** @param seed any integer; its low 32 bits count. */
  constructor(seed: number, path = '') {
    this.#seed = seed >>> 0;
    this.#path = path;
    const [a, b, c] = LANES.map((lane) => {
      let hash = mix(lane ^ this.#seed);
      for (let index = 0; index < path.length; index++)
        hash = Math.imul(hash ^ path.charCodeAt(index), FNV_PRIME);
      return mix(hash ^ path.length);
    });
    // Signed words fit a small integer of the engine: a field that has held anything else is a boxed number for ever.
    this.#a = (a as number) | 0;
    this.#b = (b as number) | 0;
    this.#c = (c as number) | 0;
    for (let count = 0; count < WARM_UP; count++) this.u32();
  }

  /** A generator of its own for one consumer. */
  child(name: string | number): Random {
    return new Random(this.#seed, `${this.#path}/${name}`);
  }

  /** 0..2^32-1. */
  u32(): number {
    const value = (this.#a + this.#b + this.#counter) | 0;
    this.#counter = (this.#counter + 1) | 0;
    this.#a = this.#b ^ (this.#b >>> 9);
    this.#b = (this.#c + (this.#c << 3)) | 0;
    this.#c = (((this.#c << 21) | (this.#c >>> 11)) + value) | 0;
    return value >>> 0;
  }

  /** 0..limit-1, all equally likely. @param limit 1..2^32. */
  below(limit: number): number {
    // 2^32 is no 32-bit number, and needs no remainder.
    if (limit === 2 ** 32) return this.u32();
    // Numbers above the largest multiple of the limit are drawn again, because they would favour small values. The
    // remainder of 2^32 is computed as that of 2^32 - limit: on 32-bit numbers a remainder takes a tenth of the time.
    const bound = limit >>> 0;
    for (;;) {
      const value = this.u32();
      // Only the last `limit` numbers can lie above that multiple.
      if (value < 2 ** 32 - bound || value < 2 ** 32 - ((-bound >>> 0) % bound)) return (value >>> 0) % bound;
    }
  }

  /** True with a probability of 0..1. Draws one number in any case. */
  chance(probability: number): boolean {
    return this.u32() < probability * 2 ** 32;
  }
}
