import { protocol } from '../../schemas/index.js';
import type { Generation } from './generations.js';

const { content, max_continuations } = protocol.limits;

/**
 * The payload of a reply or notification while its queue messages come in. A client keeps that of a reply with the call
 * that waits for it, so what an earlier reply to the same call left there is seen by the next one.
 */
export class Assembly {
  /** Undefined as long as nothing has allocated one. */
  private buffer: Uint8Array | undefined;
  private size = 0;
  private announced = 0;
  private received = 0;

  /** `unit`: payload bytes that the first queue message of its kind can bring. */
  constructor(
    private readonly kind: Generation['buffer'],
    private readonly unit: number,
  ) {}

  get complete(): boolean {
    return this.received === this.announced;
  }
  /** A buffer is there, even if nothing has been written to it. */
  get allocated(): boolean {
    return this.buffer !== undefined;
  }
  /** What has come so far; the caller's to keep. */
  get payload(): Uint8Array {
    return this.buffer?.slice(0, this.size) ?? new Uint8Array(0);
  }

  /**
   * Starts over with the payload of a first queue message. False when the client refuses it for its number of
   * continuations, and leaves everything as it is but for the counts.
   */
  start(announced: number, payload: Uint8Array): boolean {
    this.announced = announced;
    this.received = 0;
    if (this.kind === 'exact') {
      if (payload.length === 0 && announced === 0) return true;
      if (announced > max_continuations) return false;
      this.buffer = new Uint8Array(payload.length + announced * content);
    } else {
      if (payload.length === 0) return true;
      this.buffer = new Uint8Array((announced + 1) * this.unit);
    }
    this.buffer.set(payload);
    this.size = payload.length;
    return true;
  }

  /** Adds a continuation, or says why the client would write outside its buffer. */
  append(payload: Uint8Array): 'missing' | 'small' | undefined {
    if (this.buffer === undefined) return 'missing';
    if (this.size + payload.length > this.buffer.length) return 'small';
    this.buffer.set(payload, this.size);
    this.size += payload.length;
    this.received++;
    return undefined;
  }

  /** The number of continuations is the announced one. */
  announces(count: number): boolean {
    return count === this.announced;
  }
}
