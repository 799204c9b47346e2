import { UsageError } from '../base/error.js';

/** Hypervisor results of a queue operation (protocol/rpc.md, "Message queue"). */
export const QueueError = {
  OK: 0,
  ARGUMENT_INVALID: 1,
  ARGUMENT_SIZE: 2,
  ADDR_OVERFLOW: 20,
  EMPTY: 60,
  FULL: 61,
} as const;

/** Largest message of the queues between a VM and the resource manager, in bytes. */
export const QUEUE_MESSAGE_SIZE_MAX = 240;
/** Usual depth of those queues, in messages. */
export const QUEUE_DEPTH_DEFAULT = 8;

export interface QueueOptions {
  /** Messages that it holds: 1..256 on the hypervisor. 0 makes a queue that is always full. */
  readonly depth?: number;
  /** Longest message, in bytes. */
  readonly messageSizeMax?: number;
  /**
   * `as-built` (default): sending a message of size 0 or above the maximum gives OK and drops it. Receiving into a
   * buffer that is too small gives OK and size 0 and leaves the message (measured, protocol/real-system.md).
   * `documented`: ARGUMENT_SIZE and ADDR_OVERFLOW instead.
   */
  readonly rules?: 'as-built' | 'documented';
}

export interface SendResult {
  readonly error: number;
  /** Room for at least one more. */
  readonly notFull: boolean;
}

export interface ReceiveResult {
  readonly error: number;
  readonly message: Uint8Array | undefined;
  /** More messages wait. */
  readonly notEmpty: boolean;
}

const NOTHING = (): void => {};

/**
 * One direction of a hypervisor message queue: whole messages, a fixed depth, an interrupt for each end. It has no
 * clock
 * and no promise. The owners of the two ends set {@link onNotEmpty} and {@link onNotFull}.
 */
export class MessageQueue {
  readonly depth: number;
  readonly messageSizeMax: number;
  readonly #documented: boolean;
  readonly #slots: (Uint8Array | undefined)[];
  #head = 0;
  #count = 0;
  #notEmptyThreshold = 1;
  #notFullThreshold: number;
  /** The receiver's interrupt. */
  onNotEmpty: () => void = NOTHING;
  /** The sender's interrupt. */
  onNotFull: () => void = NOTHING;

  /** @throws UsageError for a depth or size that is no whole number in 0..65535. */
  constructor(options: QueueOptions = {}) {
    const { depth = QUEUE_DEPTH_DEFAULT, messageSizeMax = QUEUE_MESSAGE_SIZE_MAX } = options;
    for (const [path, value] of [
      ['depth', depth],
      ['messageSizeMax', messageSizeMax],
    ] as const)
      if (!Number.isInteger(value) || value < 0 || value > 0xffff)
        throw new UsageError({ code: 'range', path, expected: '0..65535', actual: value });
    this.depth = depth;
    this.messageSizeMax = messageSizeMax;
    this.#documented = options.rules === 'documented';
    this.#slots = new Array<Uint8Array | undefined>(depth).fill(undefined);
    this.#notFullThreshold = depth - 1;
  }

  /** Messages waiting. */
  get count(): number {
    return this.#count;
  }

  /**
   * Puts one message. The queue keeps the array itself, so the caller must not change it afterwards.
   *
   * @param push raises the receiver's interrupt at once, without regard to the threshold.
   */
  send(message: Uint8Array, push = false): SendResult {
    const size = message.byteLength;
    if (size === 0 || size > this.messageSizeMax)
      return { error: this.#documented ? QueueError.ARGUMENT_SIZE : QueueError.OK, notFull: true };
    if (this.#count >= this.depth) return { error: QueueError.FULL, notFull: false };
    this.#slots[(this.#head + this.#count) % this.depth] = message;
    this.#count++;
    const notFull = this.#count < this.depth;
    if (push || this.#count === this.#notEmptyThreshold) this.onNotEmpty();
    return { error: QueueError.OK, notFull };
  }

  /** Takes the oldest message. @param capacity size of the receiver's buffer in bytes. */
  receive(capacity = this.messageSizeMax): ReceiveResult {
    const message = this.#slots[this.#head];
    if (this.#count === 0 || message === undefined)
      return { error: QueueError.EMPTY, message: undefined, notEmpty: false };
    if (message.byteLength > capacity)
      return {
        error: this.#documented ? QueueError.ADDR_OVERFLOW : QueueError.OK,
        message: undefined,
        notEmpty: true,
      };
    this.#slots[this.#head] = undefined;
    this.#head = (this.#head + 1) % this.depth;
    this.#count--;
    const notEmpty = this.#count > 0;
    if (this.#count === this.#notFullThreshold) this.onNotFull();
    return { error: QueueError.OK, message, notEmpty };
  }

  /** Drops every message; raises no interrupt. */
  flush(): void {
    this.#slots.fill(undefined);
    this.#head = 0;
    this.#count = 0;
  }

  /** Sets the receiver's threshold, 1..depth; returns ARGUMENT_INVALID for others. */
  setNotEmptyThreshold(threshold: number): number {
    if (!Number.isInteger(threshold) || threshold < 1 || threshold > this.depth)
      return QueueError.ARGUMENT_INVALID;
    this.#notEmptyThreshold = threshold;
    return QueueError.OK;
  }

  /** Sets the sender's threshold, 0..depth-1; returns ARGUMENT_INVALID for others. */
  setNotFullThreshold(threshold: number): number {
    if (!Number.isInteger(threshold) || threshold < 0 || threshold >= this.depth)
      return QueueError.ARGUMENT_INVALID;
    this.#notFullThreshold = threshold;
    return QueueError.OK;
  }
}
