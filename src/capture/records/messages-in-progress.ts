import type { Issue } from '../../base/error.js';

/** One who has a message in progress. */
export interface Holder {
  /** What it holds in bytes. Only {@link MessagesInProgress} changes it. */
  held: number;
  /** Whose message in progress began before and after its own. Only {@link MessagesInProgress} changes these. */
  older: Holder | undefined;
  newer: Holder | undefined;
  /** Gives up the message, since nothing more comes, and calls {@link MessagesInProgress.release}. */
  end(): void;
  /** As `end`, for another reason. */
  giveUp(issue: Issue): void;
}

/**
 * The messages in progress of all streams, in the order in which they began. What they hold together is limited. The order
 * is a linked list: of a Set V8 makes a new table for each message that ends, where only a major collection frees it.
 */
export class MessagesInProgress {
  #oldest: Holder | undefined;
  #newest: Holder | undefined;
  #total = 0;
  readonly #limit: number;

  /** @param limit bytes. */
  constructor(limit: number) {
    this.#limit = limit;
  }

  /** The holder's message has grown. Above the limit the oldest messages are given up, at last this one. */
  add(holder: Holder, size: number): void {
    if (holder.held === 0) this.#append(holder);
    holder.held += size;
    this.#total += size;
    while (this.#total > this.#limit) {
      const expected = `at most ${this.#limit} bytes of messages in progress`;
      this.#oldest?.giveUp({ code: 'given_up', path: '', offset: 0, expected, actual: this.#total });
    }
  }

  /** The holder has no message in progress any more. */
  release(holder: Holder): void {
    if (holder.held === 0) return;
    this.#total -= holder.held;
    holder.held = 0;
    this.#remove(holder);
  }

  /** Who has one, in the order in which they began. */
  get all(): readonly Holder[] {
    const all: Holder[] = [];
    for (let holder = this.#oldest; holder !== undefined; holder = holder.newer) all.push(holder);
    return all;
  }

  /** Ends all. */
  end(): void {
    for (const holder of this.all) holder.end();
  }

  #append(holder: Holder): void {
    holder.older = this.#newest;
    if (this.#newest === undefined) this.#oldest = holder;
    else this.#newest.newer = holder;
    this.#newest = holder;
  }

  #remove(holder: Holder): void {
    const { older, newer } = holder;
    if (older === undefined) this.#oldest = newer;
    else older.newer = newer;
    if (newer === undefined) this.#newest = older;
    else newer.older = older;
    holder.older = undefined;
    holder.newer = undefined;
  }
}
