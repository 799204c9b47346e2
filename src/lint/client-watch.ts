import {
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_RESET,
  VM_START,
  VM_STOP,
} from '../../schemas/index.js';
import type { RecordContents } from '../capture/records/index.js';
import {
  type Cause,
  Follower,
  type GenerationName,
  type Hazard,
  type HostError,
  hazards,
  type SeenCall,
  type SeenFrame,
  type SeenMessage,
} from '../host/index.js';
import type { Readers } from './readers.js';

/** A request that was seen. */
export interface Followed extends SeenCall {
  readonly record: RecordContents;
}

/** Requests about a VM that the client has, if they are answered with OK. */
const ofOwnVm: ReadonlySet<number> = new Set([
  VM_CONFIG_IMAGE.id,
  VM_INIT.id,
  VM_START.id,
  VM_STOP.id,
  VM_RESET.id,
]);

/** A hazard: those of one moment that several clients have in common are one. */
export interface SeenHazard<Request extends Followed, Origin> {
  readonly hazard: Hazard;
  readonly clients: readonly GenerationName[];
  /** The queue message that causes it; undefined for a reply that never came. */
  readonly origin: Origin | undefined;
  /** The call that it is about, if it is about one. */
  readonly call: Request | undefined;
}

/** One VM's client, as each of several generations would behave with the messages that were seen. */
export class ClientWatch<Request extends Followed, Origin> {
  readonly #names: readonly GenerationName[];
  readonly #readers: Readers;
  readonly #follower: Follower<Request, Origin>;
  readonly #sink: (seen: SeenHazard<Request, Origin>) => void;
  /** VMIDs of the VMs that the client has, as far as messages have shown. */
  readonly #vmids = new Set<number>();
  /** Number of the latest request that has got a reply. */
  answered = 0;
  /** Hazards of the interrupt that is handled. */
  readonly #found = new Map<
    Hazard,
    { clients: Set<GenerationName>; origin: Origin | undefined; call: Request | undefined }
  >();

  constructor(
    names: readonly GenerationName[],
    readers: Readers,
    sink: (seen: SeenHazard<Request, Origin>) => void,
  ) {
    this.#names = names;
    this.#readers = readers;
    this.#sink = sink;
    this.#follower = new Follower(names, {
      hazard: (hazard, { clients, origin }) => this.#add(hazard, clients, origin),
      notification: (id, payload, { clients, origin }) =>
        readers.ofNotification(clients, id, payload, this.#vmids, (hazard, names) =>
          this.#add(hazard, names, origin),
        ),
      concerns: (id, size) =>
        (size !== undefined && (id === VM_ALLOC_VMID.id || ofOwnVm.has(id))) || readers.mayHurt(id, size),
      returned: (call, payload, cause) => {
        if (call.id === VM_ALLOC_VMID.id) this.#allocated(call, payload);
        else if (ofOwnVm.has(call.id)) this.#own(call.record.payload?.vmid);
        if (readers.mayHurt(call.id, payload.length)) this.#ended(call, payload, cause);
      },
      failed: (call, error, cause) => {
        if (readers.mayHurt(call.id, undefined)) this.#ended(call, error(), cause);
      },
    });
  }

  /** The VM has sent a request. */
  sent(request: Request): void {
    if (request.id === VM_DEALLOC_VMID.id) this.#vmids.delete(request.record.payload?.vmid as number);
    this.#follower.sent(request);
  }

  /** A reply to one of its requests was seen, whatever the client makes of it. @param request number of its record. */
  replied(request: number): void {
    if (request > this.answered) this.answered = request;
  }

  /** The VM takes these queue messages in one interrupt. */
  interrupt(frames: readonly SeenFrame<Origin>[]): void {
    this.#follower.interrupt(frames);
    this.#tell();
  }

  /** The VM takes one message in one interrupt. @returns false if {@link interrupt} must get its queue message. */
  message(message: SeenMessage<Origin>): boolean {
    const isTaken = this.#follower.message(message);
    this.#tell();
    return isTaken;
  }

  /** The traffic ends. */
  end(): void {
    // The follower lists calls that only some clients wait for behind others.
    const oldestFirst = [...this.#follower.waiting()].sort(([a], [b]) => a.record.no - b.record.no);
    for (const [call, clients] of oldestFirst) {
      this.#add(hazards.no_reply, clients, undefined, call);
      this.#tell();
    }
  }

  #ended(call: Request, outcome: Uint8Array | HostError, { clients, origin }: Cause<Origin>): void {
    this.#readers.ofReply(clients, call.id, call.record, outcome, (hazard, names) =>
      this.#add(hazard, names, origin, call),
    );
  }

  #allocated({ record }: Request, reply: Uint8Array): void {
    const asked = record.payload?.vmid;
    const [low, high] = reply;
    if (asked !== 0) this.#own(asked);
    else if (low !== undefined && high !== undefined) this.#own(low | (high << 8));
  }

  #own(vmid: unknown): void {
    if (typeof vmid === 'number') this.#vmids.add(vmid);
  }

  #add(
    hazard: Hazard,
    clients: readonly GenerationName[],
    origin: Origin | undefined,
    call?: Request | undefined,
  ): void {
    const known = this.#found.get(hazard);
    if (known === undefined) this.#found.set(hazard, { clients: new Set(clients), origin, call });
    else for (const client of clients) known.clients.add(client);
  }

  #tell(): void {
    if (this.#found.size === 0) return;
    for (const [hazard, { clients, origin, call }] of this.#found) {
      const inOrder = this.#names.filter((name) => clients.has(name));
      this.#sink({ hazard, clients: inOrder, origin, call });
    }
    this.#found.clear();
  }
}
