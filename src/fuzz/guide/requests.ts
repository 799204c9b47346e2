import type { Random } from '../../base/random.js';
import { MessageType } from '../../schema/index.js';
import { frameId, headerOf, type Step } from '../../target/index.js';
import type { BoundStep } from '../play/id-binding.js';

/** Requests that are kept of each message. Later ones replace the oldest. */
const REQUESTS_MAX = 16;

/** Requests that reached new code, by their message. */
export class Requests {
  readonly #messages: BoundStep[][][] = [];
  readonly #byId = new Map<number | Step['kind'], BoundStep[][]>();
  #next = 0;

  /** Adds the request that ends with the last step of a session. */
  add(session: readonly BoundStep[]): void {
    const request = lastRequest(session);
    const step = request[0]?.step;
    if (step === undefined) return;
    const key = step.kind === 'frame' ? frameId(step.frame) : step.kind;
    let requests = this.#byId.get(key);
    if (requests === undefined) {
      requests = [];
      this.#byId.set(key, requests);
      this.#messages.push(requests);
    }
    if (requests.length < REQUESTS_MAX) requests.push(request);
    else requests[this.#next++ % REQUESTS_MAX] = request;
  }

  /** One of any message, each message as likely as every other. There must be one. */
  any(random: Random): readonly BoundStep[] {
    const requests = this.#messages[random.below(this.#messages.length)] as BoundStep[][];
    return requests[random.below(requests.length)] as BoundStep[];
  }
}

/** The last step, with the queue messages of the same request before it. */
function lastRequest(session: readonly BoundStep[]): BoundStep[] {
  let first = session.length - 1;
  const sender = senderOf(session[first]);
  while (first > 0 && isContinuation(session[first]) && senderOf(session[first - 1]) === sender) first--;
  return session.slice(Math.max(0, first));
}

function senderOf(bound: BoundStep | undefined): number | undefined {
  return bound?.step.kind === 'frame' ? bound.step.from : undefined;
}

function isContinuation(bound: BoundStep | undefined): boolean {
  return bound?.step.kind === 'frame' && headerOf(bound.step.frame)?.type === MessageType.continuation;
}
