import { firstIndex } from '../first-index.js';
import type { MessageIndex } from '../message-index.js';

/**
 * Positions of messages on the time axis: nanoseconds since the first packet, or the index of the message if the capture
 * has no times. It holds the messages that the index has when the axis is made.
 */
export class Axis {
  readonly hasTimes: boolean;
  readonly #at: Float64Array;
  /** Messages sorted by position. */
  readonly order: Uint32Array;

  constructor(index: MessageIndex) {
    this.hasTimes = index.base !== undefined;
    const { at } = index.messages.columns;
    let latest = 0;
    let sorted = true;
    this.#at = new Float64Array(index.count);
    for (let message = 0; message < index.count; message++) {
      const position = this.hasTimes ? (at[message] as number) : message;
      // In a capture with times a message without one gets the position of the message before it.
      const own = Number.isNaN(position) ? latest : position;
      sorted &&= own >= latest || message === 0;
      latest = own;
      this.#at[message] = own;
    }
    this.order = Uint32Array.from({ length: index.count }, (_, message) => message);
    if (!sorted) this.order.sort((a, b) => this.of(a) - this.of(b));
  }

  get start(): number {
    return this.order.length === 0 ? 0 : this.of(this.order[0] as number);
  }

  get end(): number {
    return this.order.length === 0 ? 0 : this.of(this.order.at(-1) as number);
  }

  of(message: number): number {
    return this.#at[message] as number;
  }

  /** The first place in `order` whose position is at least this. */
  placeFrom(position: number): number {
    return firstIndex(this.order.length, (place) => this.of(this.order[place] as number) >= position);
  }
}
