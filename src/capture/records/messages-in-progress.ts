import type { Issue } from '../../base/error.js';

/** One who has a message in progress. */
export interface Holder {
  /** Gives up the message, since nothing more comes, and calls {@link MessagesInProgress.release}. */
  end(): void;
  /** As `end`, for another reason. */
  giveUp(issue: Issue): void;
}

/** The messages in progress of all streams, in the order in which they began. What they hold together is limited. */
export class MessagesInProgress {
  readonly #sizes = new Map<Holder, number>();
  #total = 0;
  readonly #limit: number;

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The holder's message has grown. Above the limit the oldest messages are given up, at last this one. */
  add(holder: Holder, size: number): void {
    this.#sizes.set(holder, (this.#sizes.get(holder) ?? 0) + size);
    this.#total += size;
    while (this.#total > this.#limit) {
      const [oldest] = this.#sizes.keys();
      const expected = `at most ${this.#limit} bytes of messages in progress`;
      oldest?.giveUp({ code: 'given_up', path: '', offset: 0, expected, actual: this.#total });
    }
  }

  /** The holder has no message in progress any more. */
  release(holder: Holder): void {
    this.#total -= this.#sizes.get(holder) ?? 0;
    this.#sizes.delete(holder);
  }

  /** Who has one, and what it holds, in the order in which they began. */
  get all(): Iterable<readonly [Holder, number]> {
    return this.#sizes;
  }

  /** Ends all. */
  end(): void {
    for (const holder of [...this.#sizes.keys()]) holder.end();
  }
}
