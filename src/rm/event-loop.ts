/** Something that the manager does later. Raising it while it waits has no effect. */
export class LoopEvent {
  pending = false;

  constructor(readonly run: () => void) {}
}

/** Events run in the order in which they were raised (rm-internals.md, section 10). */
export class EventLoop {
  #queue: LoopEvent[] = [];
  #next = 0;

  raise(event: LoopEvent): void {
    if (event.pending) return;
    event.pending = true;
    this.#queue.push(event);
  }

  /** Removes an event that waits. */
  cancel(event: LoopEvent): void {
    if (!event.pending) return;
    event.pending = false;
    this.#queue.splice(this.#queue.indexOf(event, this.#next), 1);
  }

  /** Runs events until none waits. */
  run(): void {
    while (this.#next < this.#queue.length) {
      const event = this.#queue[this.#next++] as LoopEvent;
      event.pending = false;
      event.run();
    }
    this.#queue = [];
    this.#next = 0;
  }

  /** Forgets everything that waits. */
  clear(): void {
    for (let at = this.#next; at < this.#queue.length; at++) (this.#queue[at] as LoopEvent).pending = false;
    this.#queue = [];
    this.#next = 0;
  }
}
