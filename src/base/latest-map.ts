/** Entries that are kept beside the map. A queue to the manager usually has room for half as many messages. */
const LATEST_MAX = 16;

/**
 * A map from which mostly one of the newest entries is taken out again, as a call whose reply comes soon. Those are kept
 * in lists beside the map. V8 makes a new table whenever a map loses most of its entries. The tables of a map that has
 * lived long are dropped only when all memory is collected. Until then, what they refer to is kept, too.
 */
export class LatestMap<Key, Value extends NonNullable<unknown>> {
  readonly #older = new Map<Key, Value>();
  /** Keys of the newest entries, oldest first, and their values. */
  readonly #keys: Key[] = [];
  readonly #values: Value[] = [];

  get size(): number {
    return this.#older.size + this.#keys.length;
  }

  get(key: Key): Value | undefined {
    const place = this.#find(key);
    if (place >= 0) return this.#values[place];
    return this.#older.size === 0 ? undefined : this.#older.get(key);
  }

  /** Adds an entry behind all others. It replaces the one with the same key. */
  set(key: Key, value: Value): void {
    this.delete(key);
    if (this.#keys.length === LATEST_MAX)
      this.#older.set(this.#keys.shift() as Key, this.#values.shift() as Value);
    this.#keys.push(key);
    this.#values.push(value);
  }

  delete(key: Key): void {
    const place = this.#find(key);
    if (place < 0) {
      if (this.#older.size > 0) this.#older.delete(key);
    } else if (place === this.#keys.length - 1) {
      this.#keys.pop();
      this.#values.pop();
    } else {
      this.#keys.splice(place, 1);
      this.#values.splice(place, 1);
    }
  }

  /** In the order in which they were added. */
  *values(): Generator<Value> {
    yield* this.#older.values();
    yield* this.#values;
  }

  clear(): void {
    this.#keys.length = 0;
    this.#values.length = 0;
    if (this.#older.size > 0) this.#older.clear();
  }

  /** Place in the lists, negative if the key is not there. */
  #find(key: Key): number {
    let place = this.#keys.length - 1;
    while (place >= 0 && this.#keys[place] !== key) place--;
    return place;
  }
}
