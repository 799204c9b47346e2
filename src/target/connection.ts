import type { Ending, Response, Step } from './step.js';

/** What a manager says of a step besides what VMs get. */
export type Told = Pick<Response, 'edges' | 'comparisons' | 'unsupported'>;

/** What comes from a manager. No event comes after `ended`, until {@link Connection.reset}. */
export interface ConnectionEvents {
  /** A VM gets a queue message. */
  received(to: number, frame: Uint8Array): void;
  /** The manager has done everything that follows from the last step, or from the start. See {@link Connection.settles}. */
  settled(told?: Told): void;
  /** The manager or the way to it has ended. */
  ended(ending: Ending): void;
}

/** A way to a manager: the messages of any VMs go in, what VMs get comes out. */
export interface Connection {
  /** It calls `settled` once after the start and once after each step. Others leave open whether more will come. */
  readonly settles: boolean;
  /**
   * Puts a step to the manager. Its effects are events, which may come before the call returns. Where it `settles`, many
   * steps can be put without waiting: their events come in the same order.
   */
  put(step: Step): void;
  /** Has the manager boot again, also after `ended`; `settled` follows. Without it only a new connection can do that. */
  reset?(): void;
  /** From here on `reset` goes back to the present state; `settled` follows. Only once for a connection. */
  fork?(): void;
  /** From now on the messages to a VM come here, also when it has sent nothing. */
  join(vmid: number): void;
  /** Takes nothing more from the manager until `resume`, where the way to it can stop. */
  pause?(): void;
  resume?(): void;
  /** Ends it. No event comes afterwards. */
  close(): Promise<void>;
}

/** Opens connections to one manager. */
export interface Connector {
  /** As on the command line: `sim`, `exec:...`, `socket:...`, `dgram:...`. */
  readonly name: string;
  /** Kinds of steps that a connection takes. {@link Connector.prepare} may add some. */
  readonly steps: ReadonlySet<Step['kind']>;
  /** Every connection meets a manager that has just booted. */
  readonly isFresh: boolean;
  /** Finds out what the manager can do, for those who use more than `frame` and `load`. */
  prepare?(): Promise<void>;
  /** @throws FileError if the manager cannot be reached, where that is seen at once. */
  open(events: ConnectionEvents): Promise<Connection>;
  /** Removes what its connections share. All of them are closed. */
  end?(): void;
}
