import type { Issue } from '../../base/error.js';

/** One who has a message in progress. */
export interface Holder {
  /** What it holds in bytes. Only {@link MessagesInProgress} changes it. */
  held: number;
  /** Gives up the message, since nothing more comes, and calls {@link MessagesInProgress.release}. */
  end(): void;
  /** As `end`, for another reason. */
  giveUp(issue: Issue): void;
}

/** The messages in progress of all streams, in the order in which they began. What they hold together is limited. */
export class MessagesInProgress {
  readonly #holders = new Set<Holder>();
  #total = 0;
  readonly #limit: number;

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The holder's message has grown. Above the limit the oldest messages are given up, at last this one. */
  add(holder: Holder, size: number): void {
    if (holder.held === 0) this.#holders.add(holder);
    holder.held += size;
    this.#total += size;
    while (this.#total > this.#limit) {
      const [oldest] = this.#holders;
      const expected = `at most ${this.#limit} bytes of messages in progress`;
      oldest?.giveUp({ code: 'given_up', path: '', offset: 0, expected, actual: this.#total });
    }
  }

  /** The holder has no message in progress any more. */
  release(holder: Holder): void {
    if (holder.held === 0) return;
    this.#total -= holder.held;
    holder.held = 0;
    this.#holders.delete(holder);
  }

  /** Who has one, in the order in which they began. */
  get all(): Iterable<Holder> {
    return this.#holders;
  }

  /** Ends all. */
  end(): void {
    for (const holder of [...this.#holders]) holder.end();
  }
}
