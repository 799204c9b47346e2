import type { Random } from '../base/random.js';
import type { Link } from '../rm/index.js';

/** A VM's end of its queues in a world, with the driver that sends and takes. */
export class Station {
  /** Messages that found the queue full, in order. */
  readonly outbox: Uint8Array[] = [];
  /** Messages that it will still take. */
  allowance = Number.POSITIVE_INFINITY;
  /** Takes nothing before that time. */
  heldUntil = 0;
  /** When its latest message reaches the queue, and when it takes and gets the latest one from RM: order is kept. */
  lastPut = 0;
  lastTake = 0;
  lastDelivery = 0;
  /** The link that RM last put a message on, and how many are still on its queue. */
  link: Link | undefined;
  sent = 0;

  constructor(
    readonly vmid: number,
    readonly random: Random,
  ) {}
}
