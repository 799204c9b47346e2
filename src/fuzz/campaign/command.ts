import type { Response, Step } from '../step.js';
import type { LocalTarget, RemoteTarget } from '../target.js';

/** What is to be done with a target: a step, or a fresh start. */
export type Command = Step | 'reset';

/**
 * Work with a target, which answers each command (a fresh start with an empty response). The work knows neither
 * promises nor processes, and is the same for every target.
 */
export type Work<T> = Generator<Command, T, Response>;

export const emptyResponse: Response = { out: [], refused: false, ended: undefined };

/** Does the work with a target in this process, without a turn of the event loop. */
export function workLocally<T>(work: Work<T>, target: LocalTarget): T {
  let response = emptyResponse;
  for (;;) {
    const next = work.next(response);
    if (next.done === true) return next.value;
    if (next.value === 'reset') {
      target.reset();
      response = emptyResponse;
    } else response = target.put(next.value);
  }
}

/** The same with a target elsewhere. */
export async function workRemotely<T>(work: Work<T>, target: RemoteTarget): Promise<T> {
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
