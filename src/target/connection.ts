import type { Ending, Step } from './step.js';

/** What comes from a manager. No event comes after `ended`. */
export interface ConnectionEvents {
  /** A VM gets a queue message. */
  received(to: number, frame: Uint8Array): void;
  /** The manager has done everything that follows from the last step, or from the start. See {@link Connection.settles}. */
  settled(): void;
  /** The manager or the way to it has ended. */
  ended(ending: Ending): void;
}

/** A way to a manager: the messages of any VMs go in, what VMs get comes out. */
export interface Connection {
  /** It calls `settled` once after the start and once after each step. Others leave open whether more will come. */
  readonly settles: boolean;
  /** Puts a step to the manager. Its effects are events, which may come before the call returns. */
  put(step: Step): void;
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
  /** Kinds of steps that a connection takes. */
  readonly steps: ReadonlySet<Step['kind']>;
  /** Every connection meets a manager that has just booted. */
  readonly isFresh: boolean;
  /** @throws FileError if the manager cannot be reached, where that is seen at once. */
  open(events: ConnectionEvents): Promise<Connection>;
}
