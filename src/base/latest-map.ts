/**
 * A map from which mostly the newest entry is taken out again, as a call whose reply comes next. That entry is kept beside
 * the map, because V8 makes a new table whenever a map loses most of its entries.
 */
export class LatestMap<Key, Value> {
  readonly #older = new Map<Key, Value>();
  #latest: { readonly key: Key; readonly value: Value } | undefined;

  get size(): number {
    return this.#older.size + (this.#latest === undefined ? 0 : 1);
  }

  get(key: Key): Value | undefined {
    return this.#latest?.key === key ? this.#latest.value : this.#older.get(key);
  }

  /** Adds an entry behind all others. It replaces the one with the same key. */
  set(key: Key, value: Value): void {
    const latest = this.#latest;
    if (latest !== undefined && latest.key !== key) this.#older.set(latest.key, latest.value);
    if (this.#older.size > 0) this.#older.delete(key);
    this.#latest = { key, value };
  }

  delete(key: Key): void {
    if (this.#latest?.key === key) this.#latest = undefined;
    else if (this.#older.size > 0) this.#older.delete(key);
  }

  /** In the order in which they were added. */
  *values(): Generator<Value> {
    yield* this.#older.values();
    if (this.#latest !== undefined) yield this.#latest.value;
  }

  clear(): void {
    this.#latest = undefined;
    if (this.#older.size > 0) this.#older.clear();
  }
}
