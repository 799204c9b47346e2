import type { Response, Step } from './step.js';
import type { LocalTarget, RemoteTarget } from './target.js';

/** Steps that a task has put at once, because no step depends on the answer to one before it. */
export class Batch {
  readonly kind = 'batch';
  /** What the target did, once the task is resumed. Steps after its end have no response. */
  responses: readonly Response[] = [];

  constructor(readonly steps: readonly Step[]) {}
}

/** A step for the target or several, a fresh start, or a fresh start of a target made anew. */
export type Command = Step | Batch | 'reset' | 'restart';

/**
 * A task that works with a target: it yields commands and is resumed with responses (an empty one after all but a step). It
 * is the same for targets in this process and for remote ones.
 */
export type TargetTask<T> = Generator<Command, T, Response>;

export const emptyResponse: Response = { out: [], refused: false, ended: undefined };

/** Runs a task on a local target, without a turn of the event loop. */
export function runLocally<T>(task: TargetTask<T>, target: LocalTarget): T {
  return new LocalRunner(task, target).slice(Number.POSITIVE_INFINITY)?.result as T;
}

/** Commands between two pauses; they take some milliseconds. */
const SLICE_SIZE = 4096;

/** Runs a task on a local target, with pauses in which signals and timers are handled. */
export async function runInSlices<T>(
  task: TargetTask<T>,
  target: LocalTarget,
  pause: () => Promise<void>,
): Promise<T> {
  const worker = new LocalRunner(task, target);
  for (;;) {
    const done = worker.slice(SLICE_SIZE);
    if (done !== undefined) return done.result;
    await pause();
  }
}

/** Runs a task on a local target, as many commands at a time as its owner says. */
export class LocalRunner<T> {
  readonly #task: TargetTask<T>;
  readonly #target: LocalTarget;
  #response = emptyResponse;

  constructor(task: TargetTask<T>, target: LocalTarget) {
    this.#task = task;
    this.#target = target;
  }

  /** Runs up to this many commands. @returns the result once the task has ended. */
  slice(size: number): { readonly result: T } | undefined {
    for (let count = 0; count < size; count++) {
      const next = this.#task.next(this.#response);
      if (next.done === true) return { result: next.value };
      if (next.value === 'reset') this.#target.reset();
      else if (next.value === 'restart') this.#target.restart();
      else if (next.value instanceof Batch) next.value.responses = this.#putAll(next.value.steps);
      else {
        this.#response = this.#target.put(next.value);
        continue;
      }
      this.#response = emptyResponse;
    }
    return undefined;
  }

  #putAll(steps: readonly Step[]): readonly Response[] {
    const responses: Response[] = [];
    for (const step of steps) {
      const response = this.#target.put(step);
      responses.push(response);
      if (response.ended !== undefined) break;
    }
    return responses;
  }
}

/** Runs a task on a remote target. */
export async function runRemotely<T>(task: TargetTask<T>, target: RemoteTarget): Promise<T> {
  let response = emptyResponse;
  for (;;) {
    const next = task.next(response);
    if (next.done === true) return next.value;
    const { value } = next;
    response = emptyResponse;
    if (value === 'reset') await target.reset();
    else if (value === 'restart') await (target.restart?.() ?? target.reset());
    else if (value instanceof Batch) value.responses = await target.putAll(value.steps);
    else response = await target.put(value);
  }
}
