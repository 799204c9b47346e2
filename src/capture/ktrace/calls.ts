import type { Loss, TracedMessage, TraceItem } from './message.js';

/** A send found the queue full, or failed otherwise: everything but 0 moved no message (hypervisor error codes). */
const OK = 0;
/** Items that may come between a send and its return, which stand in line behind it. */
const WAIT_MAX = 64;

interface Waiting {
  readonly item: TraceItem & { kind: 'message' };
  refused: boolean;
  /** Its return is still to come. */
  open: boolean;
}

/**
 * Joins what several probes say of one call: the return of a send tells whether the queue took the message, and the
 * entry of a receive names the queue of its return (the two-step probe of kernels whose return probes see no
 * arguments; capturing.md, section 2). Keeps the order of the lines.
 */
export class CallPairs {
  readonly #sink: (item: ({ kind: 'message' } & TracedMessage) | Loss) => void;
  /** Whether the trace has returns of sends at all; before the first nobody waits for one. */
  #hasReturns = false;
  #line: (Waiting | Loss)[] = [];
  readonly #sending = new Map<string, Waiting>();
  readonly #receiving = new Map<string, { readonly queue: string; readonly buffers: string }>();
  /** The buffers that the second probe was made for: it reads fixed addresses. */
  #buffers: string | undefined;
  #refused = 0;
  #moved = 0;

  constructor(sink: (item: ({ kind: 'message' } & TracedMessage) | Loss) => void) {
    this.#sink = sink;
  }

  /** Sends that the queue refused. */
  get refused(): number {
    return this.#refused;
  }

  /** Receives into other buffers than those that the probe reads: their bytes are unknown. */
  get moved(): number {
    return this.#moved;
  }

  push(item: TraceItem): void {
    const waits = this.#hasReturns || this.#line.length > 0;
    if (
      item.kind === 'message' &&
      !waits &&
      (item.direction === 'tx' || item.queue !== undefined || item.isRmOnly)
    ) {
      this.#sink(item);
      return;
    }
    switch (item.kind) {
      case 'lost':
        this.#line.push(item);
        break;
      case 'receiving':
        this.#buffers ??= item.buffers;
        this.#receiving.set(item.task, item);
        return;
      case 'sent':
        this.#returned(item.task, item.result);
        break;
      case 'message':
        this.#message(item);
        break;
    }
    this.#release();
  }

  /** No return of a send follows. */
  end(): void {
    for (const waiting of this.#sending.values()) waiting.open = false;
    this.#release();
  }

  #message(item: TraceItem & { kind: 'message' }): void {
    if (item.direction === 'tx') {
      const waiting = { item, refused: false, open: this.#hasReturns };
      const before = this.#sending.get(item.task);
      if (before !== undefined) before.open = false;
      this.#sending.set(item.task, waiting);
      this.#line.push(waiting);
      return;
    }
    if (item.queue !== undefined || item.isRmOnly) {
      this.#line.push({ item, refused: false, open: false });
      return;
    }
    const entry = this.#receiving.get(item.task);
    this.#receiving.delete(item.task);
    if (entry !== undefined && entry.buffers !== this.#buffers) {
      this.#moved++;
      this.#line.push({ kind: 'lost', count: 1 });
      return;
    }
    this.#line.push({ item: { ...item, queue: entry?.queue }, refused: false, open: false });
  }

  #returned(task: string, result: number): void {
    this.#hasReturns = true;
    const waiting = this.#sending.get(task);
    if (waiting === undefined) return;
    this.#sending.delete(task);
    waiting.open = false;
    waiting.refused = result !== OK;
  }

  #release(): void {
    let count = 0;
    for (const entry of this.#line) {
      if ('open' in entry && entry.open && this.#line.length - count <= WAIT_MAX) break;
      count++;
      if (!('open' in entry)) this.#sink(entry);
      else if (entry.refused) this.#refused++;
      else this.#sink(entry.item);
    }
    if (count > 0) this.#line.splice(0, count);
  }
}
