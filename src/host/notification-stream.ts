import { viewOf } from '../base/bytes.js';
import { codecOf } from '../codec/index.js';
import type { Infer, Notification, Payload } from '../schema/index.js';
import { Fifo } from './fifo.js';

export class ReceivedNotification {
  /** @param payload 0..14 616 bytes. */
  constructor(
    readonly id: number,
    readonly payload: Uint8Array,
  ) {}

  /**
   * The value if it is a notification of this declaration, else undefined.
   *
   * @throws WireError when the payload does not fit the declaration.
   */
  as<N extends Payload>({ id, payload: layout }: Notification<N>): Infer<N> | undefined {
    if (id !== this.id) return undefined;
    return codecOf(layout).decode(viewOf(this.payload), 0, this.payload.length);
  }
}

type Reader = (result: IteratorResult<ReceivedNotification, undefined>) => void;

/**
 * The notifications since its creation, in order. Unread ones are kept up to a limit, then the oldest is dropped, as in RM
 * itself. Reads may overlap; each notification goes to one of them, in order.
 */
export class NotificationStream implements AsyncIterableIterator<ReceivedNotification, undefined> {
  /** Number of dropped notifications. */
  lostCount = 0;
  readonly #waiting = new Fifo<ReceivedNotification>();
  readonly #readers = new Fifo<Reader>();
  #ended = false;

  readonly #countMax: number;
  readonly #onEnd: (stream: NotificationStream) => void;

  constructor(countMax: number, onEnd: (stream: NotificationStream) => void) {
    this.#countMax = countMax;
    this.#onEnd = onEnd;
  }

  push(notification: ReceivedNotification): void {
    const reader = this.#readers.shift();
    if (reader !== undefined) {
      reader({ done: false, value: notification });
      return;
    }
    this.#waiting.push(notification);
    if (this.#waiting.length <= this.#countMax) return;
    this.#waiting.shift();
    this.lostCount++;
  }

  /** Ends the stream. What it has kept can still be read. */
  end(): void {
    this.#ended = true;
    for (let reader = this.#readers.shift(); reader; reader = this.#readers.shift())
      reader({ done: true, value: undefined });
  }

  async next(): Promise<IteratorResult<ReceivedNotification, undefined>> {
    const value = this.#waiting.shift();
    if (value !== undefined) return { done: false, value };
    if (this.#ended) return { done: true, value: undefined };
    return new Promise((resolve) => {
      this.#readers.push(resolve);
    });
  }

  /** Called when a loop over the stream is left. */
  async return(): Promise<IteratorResult<ReceivedNotification, undefined>> {
    this.end();
    this.#onEnd(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
