import type { LinePacket } from './line-packets.js';

/** A packet and where it goes: its number, and its place among those with the same number. */
interface Waiting {
  readonly packet: LinePacket;
  readonly key: number;
  readonly turn: number;
}

/**
 * Puts packets into the order of their numbers. Records are printed when they complete, so numbers come nearly in
 * order; a packet is passed on as soon as all before it have been, and only what came early is held. Where numbers are
 * missing (a filtered capture) what follows is held until the end: memory up to the size of the input.
 */
export class PacketOrder {
  private readonly heap: Waiting[] = [];
  private next = 1;
  private turn = 0;

  constructor(private readonly sink: (packet: LinePacket) => void) {}

  /** `key` is the packet number that the packet goes to. */
  add(packet: LinePacket, key: number): void {
    this.turn++;
    if (key <= this.next && this.heap.length === 0) this.pass({ packet, key, turn: this.turn });
    else this.push({ packet, key, turn: this.turn });
    while (this.heap.length > 0 && (this.heap[0] as Waiting).key <= this.next) this.pass(this.pop());
  }

  /** Passes on all that is held. */
  end(): void {
    while (this.heap.length > 0) this.pass(this.pop());
  }

  private pass({ packet, key }: Waiting): void {
    this.next = Math.max(this.next, key + 1);
    this.sink(packet);
  }

  private push(item: Waiting): void {
    const { heap } = this;
    let index = heap.push(item) - 1;
    while (index > 0) {
      const up = (index - 1) >> 1;
      if (!before(item, heap[up] as Waiting)) break;
      heap[index] = heap[up] as Waiting;
      index = up;
    }
    heap[index] = item;
  }

  private pop(): Waiting {
    const { heap } = this;
    const top = heap[0] as Waiting;
    const item = heap.pop() as Waiting;
    if (heap.length === 0) return top;
    let index = 0;
    for (;;) {
      let child = 2 * index + 1;
      if (child >= heap.length) break;
      if (child + 1 < heap.length && before(heap[child + 1] as Waiting, heap[child] as Waiting)) child++;
      if (!before(heap[child] as Waiting, item)) break;
      heap[index] = heap[child] as Waiting;
      index = child;
    }
    heap[index] = item;
    return top;
  }
}

function before(a: Waiting, b: Waiting): boolean {
  return a.key < b.key || (a.key === b.key && a.turn < b.turn);
}
