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
  /** Like {@link reset}, by making it anew, so that nothing of what was before is left. */
  restart(): void;
  put(step: Step): Response;
}

/** A target behind a process or a socket. What goes wrong with it is in the response; its promises never reject. */
export interface RemoteTarget extends Common {
  readonly local: false;
  reset(): Promise<void>;
  put(step: Step): Promise<Response>;
  /**
   * Puts steps without waiting for the answer to each, where that can be done. Those after the end of the target have no
   * response. It can be called again before it has returned.
   */
  putAll(steps: readonly Step[]): Promise<readonly Response[]>;
  /** Like {@link reset}, and nothing of what was before is left, as far as that can be done. */
  restart?(): Promise<void>;
  /** Name of the state that `reset` goes back to, where that is none of a boot. */
  readonly forkedAt?: string | undefined;
  /** The target can {@link fork}. */
  readonly canFork?: boolean;
  /** Like `restart`, for sessions that begin with what others begin with, too: {@link fork} may follow. */
  restartToFork?(): Promise<void>;
  /** From here on `reset` goes back to the present state, until the target is started again. @param name for the state. */
  fork?(name: string): Promise<void>;
  close(): Promise<void>;
}

export type Target = LocalTarget | RemoteTarget;
