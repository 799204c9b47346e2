import { codecOf } from '../codec/index.js';
import type { Infer, Notification, Payload } from '../schema/index.js';
import { Fifo } from './fifo.js';

/** A notification as it came. */
export class ReceivedNotification {
  /** `payload`: 0..14 616 bytes. */
  constructor(
    readonly id: number,
    readonly payload: Uint8Array,
  ) {}

  /**
   * Its value if it is that notification, else undefined.
   *
   * @throws WireError when its payload does not fit the declaration.
   */
  as<N extends Payload>({ id, payload: layout }: Notification<N>): Infer<N> | undefined {
    if (id !== this.id) return undefined;
    const { payload } = this;
    return codecOf(layout).decode(
      new DataView(payload.buffer, payload.byteOffset, payload.length),
      0,
      payload.length,
    );
  }
}

/**
 * Notifications from when it was made on, in order. What nobody reads is kept, up to a limit; then the oldest goes, as
 * in RM itself. To be read by one reader.
 */
export class NotificationStream implements AsyncIterableIterator<ReceivedNotification, undefined> {
  /** Notifications that went because nobody read them. */
  lostCount = 0;
  private readonly waiting = new Fifo<ReceivedNotification>();
  private reader: ((result: IteratorResult<ReceivedNotification, undefined>) => void) | undefined;
  private ended = false;

  constructor(
    private readonly countMax: number,
    private readonly onEnd: (stream: NotificationStream) => void,
  ) {}

  push(notification: ReceivedNotification): void {
    const { reader } = this;
    this.reader = undefined;
    if (reader !== undefined) {
      reader({ done: false, value: notification });
      return;
    }
    this.waiting.push(notification);
    if (this.waiting.length <= this.countMax) return;
    this.waiting.shift();
    this.lostCount++;
  }

  /** No more will come; what is there can still be read. */
  end(): void {
    this.ended = true;
    this.reader?.({ done: true, value: undefined });
    this.reader = undefined;
  }

  async next(): Promise<IteratorResult<ReceivedNotification, undefined>> {
    const value = this.waiting.shift();
    if (value !== undefined) return { done: false, value };
    if (this.ended) return { done: true, value: undefined };
    return new Promise((resolve) => {
      this.reader = resolve;
    });
  }

  /** Stops listening, as leaving a loop over it does. */
  async return(): Promise<IteratorResult<ReceivedNotification, undefined>> {
    this.end();
    this.onEnd(this);
    return { done: true, value: undefined };
  }

  [Symbol.asyncIterator](): this {
    return this;
  }
}
