import type { Response, Step } from '../targets/step.js';
import type { LocalTarget, RemoteTarget } from '../targets/target.js';

/** What is to be done with a target: a step, or a fresh start. */
export type Command = Step | 'reset';

/**
 * TargetTask with a target, which answers each command (a fresh start with an empty response). The work knows neither
 * promises nor processes, and is the same for every target.
 */
export type TargetTask<T> = Generator<Command, T, Response>;

export const emptyResponse: Response = { out: [], refused: false, ended: undefined };

/** Does the work with a target in this process, without a turn of the event loop. */
export function runLocally<T>(work: TargetTask<T>, target: LocalTarget): T {
  return new LocalRunner(work, target).slice(Number.POSITIVE_INFINITY)?.result as T;
}

/** Commands between two pauses: some milliseconds. */
const SLICE_SIZE = 4096;

/** The same, with a pause now and then, in which signals are heard and timers run. */
export async function runInSlices<T>(
  work: TargetTask<T>,
  target: LocalTarget,
  pause: () => Promise<void>,
): Promise<T> {
  const worker = new LocalRunner(work, target);
  for (;;) {
    const done = worker.slice(SLICE_SIZE);
    if (done !== undefined) return done.result;
    await pause();
  }
}

class LocalRunner<T> {
  readonly #work: TargetTask<T>;
  readonly #target: LocalTarget;
  #response = emptyResponse;

  constructor(work: TargetTask<T>, target: LocalTarget) {
    this.#work = work;
    this.#target = target;
  }

  /** Does so many commands. @returns the result once there are no more. */
  slice(size: number): { readonly result: T } | undefined {
    for (let count = 0; count < size; count++) {
      const next = this.#work.next(this.#response);
      if (next.done === true) return { result: next.value };
      if (next.value !== 'reset') this.#response = this.#target.put(next.value);
      else {
        this.#target.reset();
        this.#response = emptyResponse;
      }
    }
    return undefined;
  }
}

/** The same with a target elsewhere. */
export async function runRemotely<T>(work: TargetTask<T>, target: RemoteTarget): Promise<T> {
  let response = emptyResponse;
  for (;;) {
    const next = work.next(response);
    if (next.done === true) return next.value;
    if (next.value === 'reset') {
      await target.reset();
      response = emptyResponse;
    } else response = await target.put(next.value);
  }
}
