/** A packet that waits: its number, and its place among packets with the same number. */
interface Waiting<P> {
  readonly packet: P | undefined;
  readonly key: number;
  readonly turn: number;
}

/**
 * Puts packets into the order of their numbers. Records are printed when they complete, so that numbers come nearly in
 * order: a packet is passed on as soon as all packets before it were, and only packets that come early are held. After
 * a missing number (a filtered capture) all packets are held until the end: memory up to the size of the input.
 */
export class PacketOrder<P> {
  readonly #heap: Waiting<P>[] = [];
  #next = 1;
  #turn = 0;

  readonly #sink: (packet: P) => void;

  constructor(sink: (packet: P) => void) {
    this.#sink = sink;
  }

  /** Adds the packet with the number `key`. Undefined: the packet with this number is left out. */
  add(packet: P | undefined, key: number): void {
    this.#turn++;
    if (key <= this.#next && this.#heap.length === 0) this.#pass({ packet, key, turn: this.#turn });
    else this.#push({ packet, key, turn: this.#turn });
    while (this.#heap.length > 0 && (this.#heap[0] as Waiting<P>).key <= this.#next) this.#pass(this.#pop());
  }

  /** Passes on all that is held. */
  end(): void {
    while (this.#heap.length > 0) this.#pass(this.#pop());
  }

  #pass({ packet, key }: Waiting<P>): void {
    this.#next = Math.max(this.#next, key + 1);
    if (packet !== undefined) this.#sink(packet);
  }

  #push(item: Waiting<P>): void {
    const heap = this.#heap;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const up = (index - 1) >> 1;
      if (!before(item, heap[up] as Waiting<P>)) break;
      heap[index] = heap[up] as Waiting<P>;
      index = up;
    }
    heap[index] = item;
  }

  #pop(): Waiting<P> {
    const heap = this.#heap;
    const top = heap[0] as Waiting<P>;
    const item = heap.pop() as Waiting<P>;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Waiting<P>, heap[child] as Waiting<P>))
        child++;
      if (!before(heap[child] as Waiting<P>, item)) break;
      heap[index] = heap[child] as Waiting<P>;
      index = child;
    }
    heap[index] = item;
    return top;
  }
}

function before<P>(a: Waiting<P>, b: Waiting<P>): boolean {
  return a.key < b.key || (a.key === b.key && a.turn < b.turn);
}
