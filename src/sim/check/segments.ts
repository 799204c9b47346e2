/** A range of addresses, [start, end), and its owner. */
export interface Segment {
  readonly start: number;
  readonly end: number;
  readonly owner: number;
}

/** Who owns which addresses: an ordered list that is rebuilt at every change. */
export class Segments {
  #list: readonly Segment[];

  constructor(list: readonly Segment[]) {
    this.#list = merged(list);
  }

  get list(): readonly Segment[] {
    return this.#list;
  }

  /** Owners that have part of [start, end), in order; undefined stands for addresses that do not exist. */
  ownersOf(start: number, end: number): readonly (number | undefined)[] {
    const found: (number | undefined)[] = [];
    let at = start;
    for (const segment of this.#list) {
      if (segment.end <= at || segment.start >= end) continue;
      if (segment.start > at) found.push(undefined);
      found.push(segment.owner);
      at = segment.end;
    }
    if (at < end) found.push(undefined);
    return found;
  }

  assign(start: number, end: number, owner: number): void {
    const rest = this.#list.flatMap((segment) => [
      { ...segment, end: Math.min(segment.end, start) },
      { ...segment, start: Math.max(segment.start, end) },
    ]);
    this.#list = merged([...rest.filter((segment) => segment.start < segment.end), { start, end, owner }]);
  }

  /** Everything of one owner goes to another. */
  replace(from: number, to: number): void {
    this.#list = merged(
      this.#list.map((segment) => (segment.owner === from ? { ...segment, owner: to } : segment)),
    );
  }
}

function merged(list: readonly Segment[]): Segment[] {
  const result: Segment[] = [];
  for (const segment of [...list].sort((left, right) => left.start - right.start)) {
    const last = result.at(-1);
    if (last !== undefined && last.end === segment.start && last.owner === segment.owner)
      result[result.length - 1] = { ...last, end: segment.end };
    else result.push(segment);
  }
  return result;
}
