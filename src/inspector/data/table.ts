type ArrayType =
  | Uint8ArrayConstructor
  | Uint16ArrayConstructor
  | Uint32ArrayConstructor
  | Float64ArrayConstructor
  | BigInt64ArrayConstructor;

/** Rows before the first growth. */
const initialCapacity = 1024;

/**
 * Rows of numbers with a typed array for each column, so that a million rows take no objects. Adding a row may replace
 * the arrays.
 */
export class Table<S extends Readonly<Record<string, ArrayType>>> {
  #length = 0;
  #capacity = initialCapacity;
  #columns: { readonly [K in keyof S]: InstanceType<S[K]> };

  constructor(readonly shape: S) {
    this.#columns = this.#make(initialCapacity);
  }

  get length(): number {
    return this.#length;
  }

  get columns(): { readonly [K in keyof S]: InstanceType<S[K]> } {
    return this.#columns;
  }

  /** Adds a row of zeros and returns its index. */
  add(): number {
    if (this.#length === this.#capacity) this.#grow();
    return this.#length++;
  }

  #grow(): void {
    this.#capacity *= 2;
    const grown = this.#make(this.#capacity);
    for (const [name, column] of Object.entries(this.#columns))
      (grown[name] as Uint8Array).set(column as Uint8Array);
    this.#columns = grown;
  }

  #make(capacity: number): { readonly [K in keyof S]: InstanceType<S[K]> } {
    const columns = Object.entries(this.shape).map(([name, Type]) => [name, new Type(capacity)]);
    return Object.fromEntries(columns) as { [K in keyof S]: InstanceType<S[K]> };
  }
}
