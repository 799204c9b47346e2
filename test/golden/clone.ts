/** A deep copy that keeps prototypes, so that declared types can be changed without touching the real ones. */
export function cloneOf<T>(value: T, memo = new Map<unknown, unknown>()): T {
  if (typeof value !== 'object' || value === null) return value;
  const known = memo.get(value);
  if (known !== undefined) return known as T;
  if (value instanceof Uint8Array) return value;
  if (value instanceof Map) {
    const map = new Map();
    memo.set(value, map);
    for (const [key, item] of value) map.set(cloneOf(key, memo), cloneOf(item, memo));
    return map as T;
  }
  if (value instanceof Set) return new Set([...value].map((item) => cloneOf(item, memo))) as T;
  const copy = Array.isArray(value) ? [] : Object.create(Object.getPrototypeOf(value));
  memo.set(value, copy);
  for (const [key, item] of Object.entries(value)) copy[key] = cloneOf(item, memo);
  return copy as T;
}
