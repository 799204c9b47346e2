import type { ReassemblyState } from '../../rpc/index.js';
import type { Values } from '../../wire/index.js';
import type { RecordPacket } from './record.js';
import type { Route } from './route.js';

/** What one VM has begun to send to another. */
export interface StreamState {
  readonly from: number;
  readonly to: number;
  readonly usedAt: number;
  /** The message in progress, and its packets. */
  readonly progress: ReassemblyState | undefined;
  readonly parts: readonly RecordPacket[];
}

/** A request that waits for its reply. */
export interface WaitingState {
  /** Its stream, counted in `streams`. */
  readonly stream: number;
  readonly no: number;
  readonly id: number;
  readonly seq: number;
  readonly frame: number;
  readonly time: bigint | undefined;
  readonly payload: Values | undefined;
}

/**
 * All that an assembler knows of the packets before: another one that loads it goes on as if it had seen them itself. It
 * can be sent to other threads. Its size is limited by `HoldLimits`.
 */
export interface AssemblerState {
  readonly records: number;
  readonly packets: number;
  readonly route: Route;
  /** In the order in which they began. */
  readonly streams: readonly StreamState[];
  /** Oldest first. */
  readonly waiting: readonly WaitingState[];
  /** The streams with a message in progress, in the order in which these began, and what each holds in bytes. */
  readonly inProgress: readonly (readonly [stream: number, size: number])[];
}
