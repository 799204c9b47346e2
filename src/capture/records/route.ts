import { MessageType, type Protocol } from '../../schema/index.js';
import type { Packet } from '../packets/index.js';

/** Source and destination VMID. */
export type Route = readonly [from: number, to: number];

/**
 * Where the packets of an input that names no VMs go: requests from HLOS to RM, replies and notifications from RM to
 * HLOS, and continuations where the packet before them went.
 */
export class RouteGuess {
  #latest: Route;
  readonly #toRm: Route;
  readonly #fromRm: Route;

  constructor({ constants }: Protocol) {
    const { VMID_HLOS = 3, VMID_RM = 255 } = constants;
    this.#toRm = [VMID_HLOS, VMID_RM];
    this.#fromRm = [VMID_RM, VMID_HLOS];
    this.#latest = this.#toRm;
  }

  /** Where the packet before went. */
  get latest(): Route {
    return this.#latest;
  }

  set latest(route: Route) {
    this.#latest = route;
  }

  /** The packet's own VMIDs where it has them. */
  of({ from, to, data, start, end }: Pick<Packet, 'from' | 'to' | 'data' | 'start' | 'end'>): Route {
    if (from !== undefined && to !== undefined) this.#latest = [from, to];
    else {
      const type = end - start > 1 ? (data[start + 1] as number) & 3 : MessageType.request;
      if (type === MessageType.request) this.#latest = this.#toRm;
      else if (type !== MessageType.continuation) this.#latest = this.#fromRm;
    }
    return this.#latest;
  }
}
