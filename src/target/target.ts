import type { Response, Step } from './step.js';

interface Common {
  /** As on the command line: `sim`, `exec:...`, `socket:...`. */
  readonly name: string;
  /** Kinds of steps that it can do. It gets no others. */
  readonly steps: ReadonlySet<Step['kind']>;
  /** `reset` makes the manager boot. Otherwise a session continues the one before. */
  readonly isFresh: boolean;
}

/** A target in this process. It answers at once, so a session needs no turn of the event loop. */
export interface LocalTarget extends Common {
  readonly local: true;
  /** Makes the target fresh, also after it has ended. */
  reset(): void;
  put(step: Step): Response;
}

/** A target behind a process or a socket. What goes wrong with it is in the response; its promises never reject. */
export interface RemoteTarget extends Common {
  readonly local: false;
  reset(): Promise<void>;
  put(step: Step): Promise<Response>;
  close(): Promise<void>;
}

export type Target = LocalTarget | RemoteTarget;
