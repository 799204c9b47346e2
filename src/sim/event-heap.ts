interface Entry {
  readonly time: number;
  /** Order among entries of one time: first in, first out. */
  readonly sequence: number;
  readonly action: () => void;
}

function before(left: Entry, right: Entry): boolean {
  return left.time < right.time || (left.time === right.time && left.sequence < right.sequence);
}

/** Actions by the time at which they are due: a binary heap. Entries of one time keep the order of insertion. */
export class EventHeap {
  readonly #entries: Entry[] = [];
  #sequence = 0;

  /** Time of the next entry in nanoseconds; undefined when there is none. */
  get nextTime(): number | undefined {
    return this.#entries[0]?.time;
  }

  push(time: number, action: () => void): void {
    const entries = this.#entries;
    const entry: Entry = { time, sequence: this.#sequence++, action };
    let at = entries.length;
    while (at > 0) {
      const parent = (at - 1) >>> 1;
      const above = entries[parent] as Entry;
      if (!before(entry, above)) break;
      entries[at] = above;
      at = parent;
    }
    entries[at] = entry;
  }

  /** Takes the next entry out. */
  pop(): { readonly time: number; readonly action: () => void } | undefined {
    const entries = this.#entries;
    const first = entries[0];
    const last = entries.pop();
    if (first === undefined || last === undefined || entries.length === 0) return first;
    let at = 0;
    for (;;) {
      let child = at * 2 + 1;
      if (child >= entries.length) break;
      const right = entries[child + 1];
      if (right !== undefined && before(right, entries[child] as Entry)) child++;
      const smaller = entries[child] as Entry;
      if (!before(smaller, last)) break;
      entries[at] = smaller;
      at = child;
    }
    entries[at] = last;
    return first;
  }
}
