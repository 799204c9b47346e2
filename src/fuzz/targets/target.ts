import type { Response, Step } from './step.js';

/** What every target has in common. */
interface Common {
  /** As on the command line: `sim`, `exec:...`, `socket:...`. */
  readonly name: string;
  /** Steps that it can do; others are not put to it. */
  readonly steps: ReadonlySet<Step['kind']>;
}

/** A target in this process: it answers at once, so that a session costs no turn of the event loop. */
export interface LocalTarget extends Common {
  readonly local: true;
  /** A fresh target, whatever became of the one before. */
  reset(): void;
  put(step: Step): Response;
}

/** A target elsewhere: a process, a socket. What goes wrong with it is in the response, never a rejection. */
export interface RemoteTarget extends Common {
  readonly local: false;
  reset(): Promise<void>;
  put(step: Step): Promise<Response>;
  close(): Promise<void>;
}

export type Target = LocalTarget | RemoteTarget;
