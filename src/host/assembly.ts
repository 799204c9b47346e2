import { protocol } from '../../schemas/index.js';
import type { Generation } from './generations.js';

const { content, max_continuations } = protocol.limits;

/**
 * The payload of a reply or notification while its queue messages arrive. The clients keep the payload of a reply with the
 * call that waits for it, so a second reply to a call finds what the first has left there.
 */
export class Assembly {
  #buffer: Uint8Array | undefined;
  #size = 0;
  #announced = 0;
  #received = 0;
  readonly #kind: Generation['buffer'];
  readonly #unit: number;

  /** @param unit payload bytes in the first queue message of a reply or notification, at most. */
  constructor(kind: Generation['buffer'], unit: number) {
    this.#kind = kind;
    this.#unit = unit;
  }

  get complete(): boolean {
    return this.#received === this.#announced;
  }
  get allocated(): boolean {
    return this.#buffer !== undefined;
  }
  /** A copy of the bytes that have arrived. */
  get payload(): Uint8Array {
    return this.#buffer?.slice(0, this.#size) ?? new Uint8Array(0);
  }

  /**
   * Starts again with the payload of a first queue message. False when the client refuses its number of continuations;
   * the counts have changed then, but not the buffer.
   */
  start(announced: number, payload: Uint8Array): boolean {
    this.#announced = announced;
    this.#received = 0;
    if (this.#kind === 'exact') {
      if (payload.length === 0 && announced === 0) return true;
      if (announced > max_continuations) return false;
      this.#buffer = new Uint8Array(payload.length + announced * content);
    } else {
      if (payload.length === 0) return true;
      this.#buffer = new Uint8Array((announced + 1) * this.#unit);
    }
    this.#buffer.set(payload);
    this.#size = payload.length;
    return true;
  }

  /** Appends a continuation. @returns why the client would write outside its buffer; undefined if it would not. */
  append(payload: Uint8Array): 'missing' | 'small' | undefined {
    if (this.#buffer === undefined) return 'missing';
    if (this.#size + payload.length > this.#buffer.length) return 'small';
    this.#buffer.set(payload, this.#size);
    this.#size += payload.length;
    this.#received++;
    return undefined;
  }

  announces(count: number): boolean {
    return count === this.#announced;
  }
}
