import { MessageType, type Protocol } from '../../schema/index.js';
import type { Packet } from '../packets/index.js';

/** Source and destination VMID. */
export type Route = readonly [from: number, to: number];

/**
 * Where the packets of an input that names no VMs go: requests from HLOS to RM, replies and notifications from RM to
 * HLOS, and continuations where the packet before them went.
 */
export class RouteGuess {
  /** Where the latest packet went. */
  from: number;
  to: number;
  readonly #hlos: number;
  readonly #rm: number;

  constructor({ constants }: Protocol) {
    const { VMID_HLOS = 3, VMID_RM = 255 } = constants;
    this.#hlos = VMID_HLOS;
    this.#rm = VMID_RM;
    this.from = VMID_HLOS;
    this.to = VMID_RM;
  }

  /** Where the latest packet went. */
  get latest(): Route {
    return [this.from, this.to];
  }

  set latest([from, to]: Route) {
    this.from = from;
    this.to = to;
  }

  /** Takes the next packet, whose own VMIDs count where it has them. */
  take({ from, to, data, start, end }: Pick<Packet, 'from' | 'to' | 'data' | 'start' | 'end'>): void {
    if (from !== undefined && to !== undefined) {
      this.from = from;
      this.to = to;
      return;
    }
    const type = end - start > 1 ? (data[start + 1] as number) & 3 : MessageType.request;
    if (type === MessageType.continuation) return;
    const isRequest = type === MessageType.request;
    this.from = isRequest ? this.#hlos : this.#rm;
    this.to = isRequest ? this.#rm : this.#hlos;
  }

  /** Where the next packet goes. */
  of(packet: Pick<Packet, 'from' | 'to' | 'data' | 'start' | 'end'>): Route {
    this.take(packet);
    return this.latest;
  }
}
