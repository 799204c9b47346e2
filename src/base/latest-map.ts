/**
 * A map from which mostly the newest entry is taken out again, as a call whose reply comes next. That entry is kept beside
 * the map, because V8 makes a new table whenever a map loses most of its entries.
 */
export class LatestMap<Key, Value extends NonNullable<unknown>> {
  readonly #older = new Map<Key, Value>();
  /** The newest entry, as long as it has a value. */
  #key: Key | undefined;
  #value: Value | undefined;

  get size(): number {
    return this.#older.size + (this.#value === undefined ? 0 : 1);
  }

  get(key: Key): Value | undefined {
    if (this.#value !== undefined && this.#key === key) return this.#value;
    return this.#older.size === 0 ? undefined : this.#older.get(key);
  }

  /** Adds an entry behind all others. It replaces the one with the same key. */
  set(key: Key, value: Value): void {
    if (this.#value !== undefined && this.#key !== key) this.#older.set(this.#key as Key, this.#value);
    if (this.#older.size > 0) this.#older.delete(key);
    this.#key = key;
    this.#value = value;
  }

  delete(key: Key): void {
    if (this.#value !== undefined && this.#key === key) this.#value = undefined;
    else if (this.#older.size > 0) this.#older.delete(key);
  }

  /** In the order in which they were added. */
  *values(): Generator<Value> {
    yield* this.#older.values();
    if (this.#value !== undefined) yield this.#value;
  }

  clear(): void {
    this.#value = undefined;
    if (this.#older.size > 0) this.#older.clear();
  }
}
