/**
 * How much an assembler holds of what is not finished yet. Real captures stay far below. Where one goes beyond, the
 * oldest is given up first, so that memory does not grow with the length of the capture.
 */
export interface HoldLimits {
  /** Bytes of messages in progress, with {@link PART_SIZE} for each of their packets. */
  readonly partBytes: number;
  /** Requests that wait for a reply. */
  readonly requests: number;
  /** Pairs of sender and receiver. */
  readonly streams: number;
}

/** What a record, and who waits for it, keep of each packet besides its bytes, about. */
export const PART_SIZE = 1024;

/**
 * Fifty messages of the largest size in progress at once, and far more requests than VMs leave open. What is held is
 * given up often while V8 still has it among new objects, so that a capture of nothing else takes no more memory.
 */
export const holdLimits: HoldLimits = { partBytes: 4 << 20, requests: 1 << 13, streams: 1 << 12 };
