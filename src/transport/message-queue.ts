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
const NO_BYTES = new Uint8Array(0);

/** Where a waiting message lies: [start, end) of an array that may hold other messages, too. */
interface Slot {
  bytes: Uint8Array;
  start: number;
  end: number;
}

/**
 * One direction of a hypervisor message queue: whole messages, a fixed depth, an interrupt for each end. It has no clock
 * and no promise. The owners of the two ends set {@link onNotEmpty} and {@link onNotFull}.
 */
export class MessageQueue {
  readonly depth: number;
  readonly messageSizeMax: number;
  readonly #documented: boolean;
  /** A ring, made as far as it has been used. A slot is reused, because a queue lives for millions of messages. */
  readonly #slots: Slot[] = [];
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
    // As it is before the receiver's interrupt, which may take messages.
    const notFull = this.#drops(message.length) || this.#count + 1 < this.depth;
    return { error: this.sendRange(message, 0, message.length, push), notFull };
  }

  /**
   * As {@link send}, without an array for each message: the message is [start, end) of the array, which the caller must
   * not change before the message has been received.
   *
   * @returns a {@link QueueError}.
   */
  sendRange(bytes: Uint8Array, start: number, end: number, push = false): number {
    if (this.#drops(end - start)) return this.#documented ? QueueError.ARGUMENT_SIZE : QueueError.OK;
    const count = this.#count;
    const { depth } = this;
    if (count >= depth) return QueueError.FULL;
    let at = this.#head + count;
    if (at >= depth) at -= depth;
    const slot = this.#slots[at];
    if (slot === undefined) this.#slots[at] = { bytes, start, end };
    else {
      slot.bytes = bytes;
      slot.start = start;
      slot.end = end;
    }
    this.#count = count + 1;
    if (push || count + 1 === this.#notEmptyThreshold) this.onNotEmpty();
    return QueueError.OK;
  }

  /** Takes the oldest message. @param capacity size of the receiver's buffer in bytes. */
  receive(capacity = this.messageSizeMax): ReceiveResult {
    if (this.#count === 0) return { error: QueueError.EMPTY, message: undefined, notEmpty: false };
    const { bytes, start, end } = this.#slots[this.#head] as Slot;
    if (end - start > capacity)
      return {
        error: this.#documented ? QueueError.ADDR_OVERFLOW : QueueError.OK,
        message: undefined,
        notEmpty: true,
      };
    const message = end - start === bytes.length ? bytes : bytes.subarray(start, end);
    const notEmpty = this.#count > 1;
    this.#remove();
    return { error: QueueError.OK, message, notEmpty };
  }

  /**
   * Takes the oldest message into a buffer of the receiver, as the hypervisor does.
   *
   * @returns its size in bytes. 0: no message waits, or the buffer is too small for it, and it stays.
   */
  receiveInto(target: Uint8Array): number {
    if (this.#count === 0) return 0;
    const { bytes, start, end } = this.#slots[this.#head] as Slot;
    const size = end - start;
    if (size > target.length) return 0;
    // For short messages this is faster than `set` with a subarray.
    for (let index = 0; index < size; index++) target[index] = bytes[start + index] as number;
    this.#remove();
    return size;
  }

  /** Whether a message of this size is never put, whatever room there is. */
  #drops(size: number): boolean {
    return size === 0 || size > this.messageSizeMax;
  }

  #remove(): void {
    (this.#slots[this.#head] as Slot).bytes = NO_BYTES;
    this.#head++;
    if (this.#head === this.depth) this.#head = 0;
    this.#count--;
    // Then few slots are ever made.
    if (this.#count === 0) this.#head = 0;
    if (this.#count === this.#notFullThreshold) this.onNotFull();
  }

  /** Drops every message; raises no interrupt. */
  flush(): void {
    this.#slots.length = 0;
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
