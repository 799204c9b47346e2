/** A packet that waits: its number, and its place among packets with the same number. */
interface Waiting<P> {
  readonly packet: P | undefined;
  readonly key: number;
  readonly turn: number;
}

/** How a `PacketOrder` counts what it holds, and what it does when that is too much. */
export interface PacketOrderOptions<P> {
  /** Bytes that a packet takes. */
  readonly sizeOf: (packet: P) => number;
  /** A packet comes so late that packets with higher numbers have been passed on. It is passed on all the same. */
  readonly late?: (key: number) => void;
  /** Bytes that are held at most. */
  readonly limit?: number;
}

const HELD_MAX = 16 << 20;
/** What an entry takes besides its packet, about. */
const ENTRY_SIZE = 64;

/**
 * Puts packets into the order of their numbers. Records are printed when they complete, so numbers come nearly in
 * order; a packet is passed on as soon as all before it have been, and only what came early is held. Numbers that are
 * missing (a filtered capture) may still come, so what follows is held too, but only up to a limit.
 */
export class PacketOrder<P> {
  readonly #heap: Waiting<P>[] = [];
  #next = 1;
  #turn = 0;
  #held = 0;
  /** Where packets were missing when they were passed over: one with a smaller number is late. */
  #missed = 0;

  readonly #sink: (packet: P) => void;
  readonly #sizeOf: (packet: P) => number;
  readonly #late: (key: number) => void;
  readonly #limit: number;

  constructor(
    sink: (packet: P) => void,
    { sizeOf, late = () => {}, limit = HELD_MAX }: PacketOrderOptions<P>,
  ) {
    this.#sink = sink;
    this.#sizeOf = sizeOf;
    this.#late = late;
    this.#limit = limit;
  }

  /** `key` is the packet number that the packet goes to; undefined: nothing goes there. */
  add(packet: P | undefined, key: number): void {
    this.#turn++;
    if (key < this.#missed && packet !== undefined) this.#late(key);
    if (key <= this.#next && this.#heap.length === 0) this.#pass({ packet, key, turn: this.#turn });
    else {
      this.#held += this.#size(packet);
      this.#push({ packet, key, turn: this.#turn });
    }
    while (this.#heap.length > 0 && (this.#heap[0] as Waiting<P>).key <= this.#next) this.#passFirst();
    while (this.#held > this.#limit) {
      this.#missed = Math.max(this.#missed, (this.#heap[0] as Waiting<P>).key);
      this.#passFirst();
    }
  }

  /** Passes on all that is held. */
  end(): void {
    while (this.#heap.length > 0) this.#passFirst();
  }

  #size(packet: P | undefined): number {
    return ENTRY_SIZE + (packet === undefined ? 0 : this.#sizeOf(packet));
  }

  #passFirst(): void {
    const first = this.#pop();
    this.#held -= this.#size(first.packet);
    this.#pass(first);
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
