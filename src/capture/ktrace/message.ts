import type { Header } from '../../schema/index.js';
import type { Clock } from '../packets/index.js';

/** What the lines of a kernel trace say, before anything is decided about queues and messages. */

/** Which way a queue message went, seen from the machine that was traced: `tx` to the other VM, `rx` from it. */
export type Direction = 'tx' | 'rx';

/** A time as a line prints it. */
export interface LineTime {
  /** Nanoseconds since the clock's zero; 1970 for wall times. */
  readonly ns: bigint;
  /** Undefined: UTC. */
  readonly clock: Clock | undefined;
}

/** A time without a unit, of a clock that may be coarse, and the processor that printed it. */
export interface Tick {
  readonly count: number;
  readonly cpu: number;
}

/** How well the header of a queue message fits the RPC, for traces that do not say which queue it is from. */
export interface Plausibility {
  readonly header: Header | undefined;
  /** The header is one that RM or its client writes: version, type for the direction, number of fragments, known ID. */
  readonly fits: boolean;
}

/** One queue message as the trace shows it. */
export interface TracedMessage {
  readonly direction: Direction;
  /** Capability ID or descriptor of the queue as the trace prints it; undefined where it prints none. */
  readonly queue: string | undefined;
  /** The traced function serves no queue but RM's. */
  readonly isRmOnly: boolean;
  /** Bytes that the trace announces, 0..240. */
  readonly size: number;
  /** The first bytes of it: fewer than `size` when the trace cut the message. */
  readonly bytes: Uint8Array;
  /** Bytes are missing because the kernel could not read them: what the trace prints there is something else. */
  readonly isUnread?: boolean;
  readonly time: LineTime | undefined;
  /** Instead of a time: the clocks `counter`, `uptime` and those of processors count without a unit. */
  readonly tick?: Tick | undefined;
  /** The thread that sent or received, as far as the line tells; '' when it does not. */
  readonly task: string;
  /** Counts the messages of a log by the lines on which they begin; undefined where each has one line. */
  readonly place?: number;
  /** What its header shows, once somebody has asked. */
  plausibility?: Plausibility | undefined;
}

/** A call of a traced function that moves no bytes by itself. */
export type CallEvent =
  /** A send returned. @see REFUSED */
  | { readonly kind: 'sent'; readonly task: string; readonly result: number }
  /** A receive began; its return, traced by a second probe, does not name the queue. */
  | { readonly kind: 'receiving'; readonly task: string; readonly queue: string; readonly buffers: string };

/** Events that the tracer itself lost, before the next line. Undefined: it does not say how many. */
export interface Loss {
  readonly kind: 'lost';
  readonly count: number | undefined;
}

export type TraceItem = ({ readonly kind: 'message' } & TracedMessage) | CallEvent | Loss;

/** Events that carry bytes of which it is not known what they are. */
export interface UnclearEvents {
  readonly event: string;
  /**
   * `arguments`: their names and forms tell no roles. `direction`: neither event nor function tells it. `raw`: an option of
   * the tracer hides them.
   */
  readonly what: 'arguments' | 'direction' | 'raw';
  /** Arguments of one of them. */
  readonly sample: string;
  count: number;
}

/** Queue messages have at most 240 bytes (protocol/rpc.md). */
export const QUEUE_MESSAGE_MAX = 240;
