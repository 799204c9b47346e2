import type { RecordContents } from '../capture/records/index.js';
import {
  type GenerationName,
  generations,
  hazards,
  type SeenFrame,
  type SeenMessage,
} from '../host/index.js';
import { ClientWatch, type Followed, type SeenHazard } from './client-watch.js';
import type { Place } from './finding.js';
import { Readers } from './readers.js';
import type { Rule } from './rule.js';
import { ruleOfHazard } from './rules/index.js';

/** What a finding is about. */
export interface About {
  readonly place: Place;
  readonly record: RecordContents | undefined;
}

/** A request that was seen, and where. */
export interface Asked extends Followed {
  readonly place: Place;
}

export interface ClientWatchesOptions {
  /** Names of the peers whose rules count. Undefined: all. */
  readonly peers: ReadonlySet<string> | undefined;
  /** The traffic may end before a reply that was sent. */
  readonly isCapture: boolean;
  readonly find: (rule: Rule, about: About) => void;
}

/** The clients of all VMs: what they make of the messages that were seen. */
export class ClientWatches {
  readonly #options: ClientWatchesOptions;
  readonly #names: readonly GenerationName[];
  readonly #readers: Readers;
  /** By VMID. */
  readonly #watches = new Map<number, ClientWatch<Asked, About>>();
  /** Of the VM that sent or took the message before. */
  #latest: ClientWatch<Asked, About> | undefined;
  #latestVmid = 0;
  /** The manager has died: what it does not answer is told where it dies. */
  isDead = false;

  constructor(options: ClientWatchesOptions) {
    this.#options = options;
    const names = Object.keys(generations) as GenerationName[];
    this.#names = names.filter((name) => options.peers?.has(name) !== false);
    this.#readers = new Readers(this.#names);
  }

  get isEmpty(): boolean {
    return this.#names.length === 0;
  }

  /** A VM has sent a request. */
  sent(request: Asked): void {
    if (!this.isEmpty && !this.isDead) this.#watch(request.record.from).sent(request);
  }

  /** A VM takes messages of RM in one interrupt. */
  interrupt(vmid: number, frames: readonly SeenFrame<About>[]): void {
    if (!this.isEmpty) this.#watch(vmid).interrupt(frames);
  }

  /** A VM takes one message of RM in one interrupt. @returns false if {@link interrupt} must get its queue message. */
  message(vmid: number, message: SeenMessage<About>): boolean {
    return this.isEmpty || this.#watch(vmid).message(message);
  }

  /** A reply to a request of a VM was seen. @param request number of its record. */
  replied(vmid: number, request: number): void {
    if (!this.isEmpty) this.#watch(vmid).replied(request);
  }

  /** The traffic ends, or the machine boots. */
  end(): void {
    for (const watch of this.#watches.values()) watch.end();
    this.#watches.clear();
    this.#latest = undefined;
    this.isDead = false;
  }

  #watch(vmid: number): ClientWatch<Asked, About> {
    if (this.#latest !== undefined && this.#latestVmid === vmid) return this.#latest;
    let watch = this.#watches.get(vmid);
    if (watch === undefined) {
      watch = new ClientWatch(this.#names, this.#readers, (seen) => this.#tell(seen));
      this.#watches.set(vmid, watch);
    }
    this.#latest = watch;
    this.#latestVmid = vmid;
    return watch;
  }

  #tell({ hazard, clients, origin, call }: SeenHazard<Asked, About>): void {
    const rule = ruleOfHazard(hazard, clients);
    const about = origin ?? call;
    if (rule === undefined || about === undefined) return;
    if (hazard === hazards.no_reply && (this.isDead || !this.#isPassedOver(call?.record))) return;
    this.#options.find({ ...rule, peers: clients }, about);
  }

  /** Whether a reply will not come. A capture may have ended before it, unless a later request has got its reply. */
  #isPassedOver(request: RecordContents | undefined): boolean {
    if (!this.#options.isCapture || request === undefined) return true;
    return request.no < this.#watch(request.from).answered;
  }
}
