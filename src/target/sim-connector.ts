import type { Connection, ConnectionEvents, Connector } from './connection.js';
import { SimTarget, type SimTargetOptions } from './sim.js';
import { type Step, stepKinds } from './step.js';

/** Connections to simulated managers in this process. */
export class SimConnector implements Connector {
  readonly name = 'sim';
  readonly steps: ReadonlySet<Step['kind']> = new Set(stepKinds);
  readonly isFresh = true;
  readonly #options: SimTargetOptions;

  constructor(options: SimTargetOptions = {}) {
    this.#options = options;
  }

  async open(events: ConnectionEvents): Promise<Connection> {
    const target = new SimTarget(this.#options);
    let isOpen = true;
    events.settled();
    return {
      settles: true,
      put(step) {
        if (!isOpen) return;
        const { out, ended } = target.put(step);
        for (const { to, frame } of out) events.received(to, frame);
        if (ended === undefined) events.settled();
        else {
          isOpen = false;
          events.ended(ended);
        }
      },
      join() {},
      async close() {
        isOpen = false;
      },
    };
  }
}
