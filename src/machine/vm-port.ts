import type { Link } from '../rm/index.js';

/** A VM's end of the queue that RM sends to it on. */
export class VmPort {
  /** Messages that the VM will still take. */
  allowance = Number.POSITIVE_INFINITY;
  /** The link that RM last put a message on. */
  link: Link | undefined;
  /** One entry for each message of that link which was not taken: its place among all messages that RM has sent. */
  readonly waiting: number[] = [];

  constructor(readonly vmid: number) {}
}
