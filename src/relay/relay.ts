import { constants } from '../../schemas/index.js';
import type { Counterpart, Outlet } from '../serve/index.js';
import type { Faults } from '../sim/index.js';
import type { Connection, Connector } from '../target/index.js';
import type { Answers } from './answers.js';
import { Lane, type Timing } from './lane.js';

const { VMID_RM } = constants;
/** Messages that may wait for the manager or for a peer. One more is dropped. */
const WAITING_MAX = 1024;

export interface RelayOptions {
  /** Opens a connection to the manager for each peer, so that VMs belong to peers as without the relay. */
  readonly connector: Connector;
  readonly faults: Faults;
  readonly answers: Answers;
  readonly timing: Timing;
  /** Called for every message where it arrives. `note` says that it does not, or who sent it. */
  readonly onMessage: (from: number, to: number, message: Uint8Array, note: string | undefined) => void;
  /** Something went wrong for one peer, or messages were dropped. */
  readonly warn: (text: string) => void;
}

/**
 * Stands between peers and a manager. Fault rules act on messages in both directions, and answers on requests. A peer that
 * does not read makes the relay stop reading for that peer, as far as the way to the manager can stop.
 */
export class Relay implements Counterpart {
  readonly #options: RelayOptions;
  readonly #peers = new Map<Outlet, Peer>();
  #dropped = 0;

  constructor(options: RelayOptions) {
    this.#options = options;
  }

  /** Messages that found no room. */
  get dropped(): number {
    return this.#dropped;
  }

  receive(outlet: Outlet, from: number, to: number, message: Uint8Array): void {
    this.#peer(outlet).fromPeer(from, to, message);
  }

  resume(outlet: Outlet): void {
    this.#peers.get(outlet)?.resume();
  }

  leave(outlet: Outlet): void {
    const peer = this.#peers.get(outlet);
    this.#peers.delete(outlet);
    void peer?.close();
  }

  /** Ends all connections to the manager. */
  async close(): Promise<void> {
    const peers = [...this.#peers.values()];
    this.#peers.clear();
    await Promise.all(peers.map((peer) => peer.close()));
  }

  #peer(outlet: Outlet): Peer {
    const known = this.#peers.get(outlet);
    if (known !== undefined) return known;
    const peer = new Peer(outlet, this.#options, () => {
      if (this.#dropped++ === 0) this.#options.warn('messages are dropped: too many wait');
    });
    this.#peers.set(outlet, peer);
    return peer;
  }
}

/** One peer and its own connection to the manager. */
class Peer {
  readonly #outlet: Outlet;
  readonly #options: RelayOptions;
  readonly #drop: () => void;
  readonly #toManager = new Map<number, Lane>();
  readonly #toVms = new Map<number, Lane>();
  /** Messages for the manager before the connection is open. */
  #early: { readonly from: number; readonly frame: Uint8Array }[] | undefined = [];
  /** Messages that the peer has no room for. */
  readonly #refused: { readonly to: number; readonly frame: Uint8Array }[] = [];
  #connection: Connection | undefined;
  #isClosed = false;

  constructor(outlet: Outlet, options: RelayOptions, drop: () => void) {
    this.#outlet = outlet;
    this.#options = options;
    this.#drop = drop;
    void this.#open();
  }

  fromPeer(from: number, to: number, frame: Uint8Array): void {
    const { faults, answers, onMessage } = this.#options;
    if (to !== VMID_RM) {
      onMessage(from, to, frame, 'not relayed: not to the manager');
      return;
    }
    const answer = answers.to(from, frame);
    if (answer !== undefined) {
      onMessage(from, to, frame, 'answered by the relay');
      for (const reply of answer) this.#deliver(from, reply, 'sent by the relay');
      return;
    }
    const verdict = faults.judge(from, to, frame);
    if (verdict?.frames.length === 0) onMessage(from, to, frame, 'dropped by a fault rule');
    this.#lane(this.#toManager, from, (sent) => this.#toConnection(from, sent)).send(frame, verdict);
  }

  /** The peer has room again. */
  resume(): void {
    let next = this.#refused[0];
    let taken = 0;
    while (next !== undefined && this.#outlet.send(next.to, next.frame)) next = this.#refused[++taken];
    this.#refused.splice(0, taken);
    if (this.#refused.length === 0) this.#connection?.resume?.();
  }

  async close(): Promise<void> {
    this.#isClosed = true;
    await this.#connection?.close();
  }

  async #open(): Promise<void> {
    const { connector, warn } = this.#options;
    try {
      this.#connection = await connector.open({
        received: (to, frame) => this.#fromManager(to, frame),
        settled() {},
        ended: ({ text }) => this.#end(text),
      });
    } catch (error) {
      if (!(error instanceof Error)) throw error;
      warn(`${connector.name}: ${error.message}`);
      this.#end(undefined);
      return;
    }
    if (this.#isClosed) await this.#connection.close();
    const early = this.#early ?? [];
    this.#early = undefined;
    for (const { from, frame } of early) this.#toConnection(from, frame);
  }

  /** The way to the manager has ended, so that of the peer ends, too. */
  #end(text: string | undefined): void {
    if (this.#isClosed) return;
    this.#isClosed = true;
    if (text !== undefined) this.#options.warn(`${this.#options.connector.name}: ${text}`);
    this.#outlet.close?.();
  }

  #toConnection(from: number, frame: Uint8Array): void {
    if (this.#isClosed) return;
    if (this.#early === undefined) {
      this.#options.onMessage(from, VMID_RM, frame, undefined);
      this.#connection?.put({ kind: 'frame', from, frame });
    } else if (this.#early.length < WAITING_MAX) this.#early.push({ from, frame });
    else this.#drop();
  }

  #fromManager(to: number, frame: Uint8Array): void {
    if (this.#isClosed) return;
    const { faults, onMessage } = this.#options;
    const verdict = faults.judge(VMID_RM, to, frame);
    if (verdict?.frames.length === 0) onMessage(VMID_RM, to, frame, 'dropped by a fault rule');
    this.#lane(this.#toVms, to, (sent) => this.#deliver(to, sent, undefined)).send(frame, verdict);
  }

  #lane(lanes: Map<number, Lane>, vmid: number, deliver: (frame: Uint8Array) => void): Lane {
    const known = lanes.get(vmid);
    if (known !== undefined) return known;
    const lane = new Lane(this.#options.timing, deliver, WAITING_MAX, this.#drop);
    lanes.set(vmid, lane);
    return lane;
  }

  #deliver(to: number, frame: Uint8Array, note: string | undefined): void {
    if (this.#isClosed) return;
    if (this.#refused.length >= WAITING_MAX) {
      this.#drop();
      return;
    }
    this.#options.onMessage(VMID_RM, to, frame, note);
    if (this.#refused.length === 0 && this.#outlet.send(to, frame)) return;
    this.#refused.push({ to, frame });
    this.#connection?.pause?.();
  }
}
