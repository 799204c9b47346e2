import type { CaptureRecord } from '../capture/records/index.js';
import {
  type GenerationName,
  generations,
  hazards,
  type SeenFrame,
  type SeenMessage,
} from '../host/index.js';
import { ClientWatch, type SeenHazard } from './client-watch.js';
import type { Place } from './finding.js';
import { Readers } from './readers.js';
import type { Rule } from './rule.js';
import { ruleOfHazard } from './rules/index.js';

/** What a finding is about. */
export interface About {
  readonly place: Place;
  readonly record: CaptureRecord | undefined;
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
  readonly #watches = new Map<number, ClientWatch<About, About>>();
  /** Of the VM that sent or took the message before. */
  #latest: { readonly vmid: number; readonly watch: ClientWatch<About, About> } | undefined;
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
  sent(record: CaptureRecord, about: About): void {
    if (!this.isEmpty && !this.isDead) this.#watch(record.from).sent(record, about);
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

  #watch(vmid: number): ClientWatch<About, About> {
    if (this.#latest?.vmid === vmid) return this.#latest.watch;
    let watch = this.#watches.get(vmid);
    if (watch === undefined) {
      watch = new ClientWatch(this.#names, this.#readers, (seen) => this.#tell(seen));
      this.#watches.set(vmid, watch);
    }
    this.#latest = { vmid, watch };
    return watch;
  }

  #tell({ hazard, clients, origin, call }: SeenHazard<About, About>): void {
    const rule = ruleOfHazard(hazard, clients);
    const about = origin ?? call?.request;
    if (rule === undefined || about === undefined) return;
    if (hazard === hazards.no_reply && (this.isDead || !this.#isPassedOver(call?.record))) return;
    this.#options.find({ ...rule, peers: clients }, about);
  }

  /** Whether a reply will not come. A capture may have ended before it, unless a later request has got its reply. */
  #isPassedOver(request: CaptureRecord | undefined): boolean {
    if (!this.#options.isCapture || request === undefined) return true;
    return request.no < this.#watch(request.from).answered;
  }
}
