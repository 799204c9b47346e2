/** Largest number of suggestions. */
const countMax = 5;

/**
 * The names most similar to a text: first those that contain it, then those that differ by a few typing errors. Among
 * equals the shortest comes first.
 */
export function nearest(text: string, names: Iterable<string>): string[] {
  const wanted = text.toLowerCase();
  // One typing error for each three letters. With more, unrelated short names would match.
  const limit = Math.max(1, Math.floor(wanted.length / 3));
  const scored: [number, string][] = [];
  for (const name of names) {
    const contained = wanted.length > 2 && name.toLowerCase().includes(wanted);
    // Each letter that only one of them has is an error.
    if (!contained && Math.abs(wanted.length - name.length) > limit) continue;
    const errors = contained ? 0 : distance(wanted, name.toLowerCase());
    if (errors <= limit) scored.push([errors, name]);
  }
  scored.sort(
    ([a, first], [b, second]) => a - b || first.length - second.length || (first < second ? -1 : 1),
  );
  return scored.slice(0, countMax).map(([, name]) => name);
}

/** The name that a text means: the same name, else the first that differs in letter case only. */
export function nameLike<T extends string>(text: string, names: Iterable<T>): T | undefined {
  const wanted = text.toLowerCase();
  let alike: T | undefined;
  for (const name of names) {
    if (name === text) return name;
    if (alike === undefined && name.toLowerCase() === wanted) alike = name;
  }
  return alike;
}

/** Typing errors between two texts: letters added, left out or replaced, and neighbours swapped. */
function distance(a: string, b: string): number {
  let before: number[] = [];
  let last = Array.from({ length: b.length + 1 }, (_, index) => index);
  for (let i = 1; i <= a.length; i++) {
    const row = [i];
    for (let j = 1; j <= b.length; j++) {
      const same = a[i - 1] === b[j - 1];
      let cost = Math.min(
        (last[j] as number) + 1,
        (row[j - 1] as number) + 1,
        (last[j - 1] as number) + (same ? 0 : 1),
      );
      const swapped = i > 1 && j > 1 && a[i - 1] === b[j - 2] && a[i - 2] === b[j - 1];
      if (swapped) cost = Math.min(cost, (before[j - 2] as number) + 1);
      row.push(cost);
    }
    before = last;
    last = row;
  }
  return last[b.length] as number;
}
