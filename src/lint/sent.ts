import type { RecordContents } from '../capture/records/index.js';
import type { About } from './client-watches.js';
import type { Place } from './finding.js';

/** A message of a VM, from when it was seen until the machine has handled it. */
export class Sent implements About {
  readonly record: RecordContents | undefined;
  /** Of a request: its reply, where that names something. */
  reply: RecordContents | undefined;
  /** Number of the packet. */
  readonly #frame: number;
  readonly #place: Place | undefined;

  /**
   * @param record undefined: the queue message did not complete one.
   * @param frame number of the packet. @param place where it is. Undefined in a capture, where the packet tells.
   */
  constructor(record: RecordContents | undefined, frame: number, place: Place | undefined) {
    this.record = record;
    this.#frame = frame;
    this.#place = place;
  }

  get place(): Place {
    if (this.#place !== undefined) return this.#place;
    const frame = this.#frame;
    return this.record === undefined ? { frame } : { frame, no: this.record.no };
  }

  get id(): number {
    return this.record?.id ?? 0;
  }

  get seq(): number {
    return this.record?.seq ?? 0;
  }

  get name(): string {
    return this.record?.message?.name ?? '';
  }
}
