/** Something that the manager does later. Raising it while it waits has no effect. */
export class LoopEvent {
  pending = false;
  /** The event that was raised after this one, while both wait. */
  next: LoopEvent | undefined;

  constructor(readonly run: () => void) {}
}

/** Events run in the order in which they were raised (rm-internals.md, section 10). */
export class EventLoop {
  #first: LoopEvent | undefined;
  #last: LoopEvent | undefined;

  raise(event: LoopEvent): void {
    if (event.pending) return;
    event.pending = true;
    if (this.#last === undefined) this.#first = event;
    else this.#last.next = event;
    this.#last = event;
  }

  /** Removes an event that waits. */
  cancel(event: LoopEvent): void {
    if (!event.pending) return;
    if (this.#first === event) {
      this.#takeFirst(event);
      return;
    }
    let before = this.#first as LoopEvent;
    while (before.next !== event) before = before.next as LoopEvent;
    before.next = event.next;
    if (this.#last === event) this.#last = before;
    event.next = undefined;
    event.pending = false;
  }

  /** Runs events until none waits. */
  run(): void {
    for (let event = this.#first; event !== undefined; event = this.#first) {
      this.#takeFirst(event);
      event.run();
    }
  }

  /** Forgets everything that waits. */
  clear(): void {
    for (let event = this.#first; event !== undefined; event = this.#first) this.#takeFirst(event);
  }

  #takeFirst(event: LoopEvent): void {
    this.#first = event.next;
    if (this.#first === undefined) this.#last = undefined;
    event.next = undefined;
    event.pending = false;
  }
}
