import type { CaptureRecord } from '../capture/records/index.js';
import {
  Endpoint,
  type EndpointEvent,
  type GenerationName,
  type Hazard,
  hazards,
  type OutgoingCall,
} from '../host/index.js';
import { hazardOfNotification, hazardsOfReply } from './readers.js';

/** A request that was seen, and how the linter knows it. */
export interface Followed<Request> {
  readonly record: CaptureRecord;
  readonly request: Request;
}

/** Hazards of one moment: those that several clients have in common are one. */
export type HazardSink<Request> = (
  hazard: Hazard,
  clients: readonly GenerationName[],
  request: Followed<Request> | undefined,
) => void;

interface Client<Request> {
  readonly name: GenerationName;
  readonly endpoint: Endpoint;
  readonly calls: Map<OutgoingCall, Followed<Request>>;
  /** Queue messages that a client which has stopped reading has left for the next interrupt. */
  readonly unread: Uint8Array[];
}

/** One VM's client, as each of several generations would behave with the messages that were seen. */
export class ClientWatch<Request> {
  readonly #clients: readonly Client<Request>[];
  readonly #sink: HazardSink<Request>;
  /** Hazards of the interrupt that is handled, with the clients that have them. */
  #found = new Map<Hazard, { clients: GenerationName[]; request: Followed<Request> | undefined }>();

  constructor(names: readonly GenerationName[], sink: HazardSink<Request>) {
    this.#clients = names.map((name) => ({
      name,
      endpoint: new Endpoint(name),
      calls: new Map(),
      unread: [],
    }));
    this.#sink = sink;
  }

  /** The VM has sent a request. */
  sent(followed: Followed<Request>): void {
    const { id, seq, message } = followed.record;
    if (id === undefined || seq === undefined || id === 0) return;
    for (const { endpoint, calls } of this.#clients)
      calls.set(endpoint.follow({ id, name: message?.name ?? '' }, seq), followed);
  }

  /** The VM takes these queue messages in one interrupt. */
  interrupt(frames: readonly Uint8Array[]): void {
    for (const client of this.#clients) {
      client.unread.push(...frames);
      client.endpoint.receive(() => client.unread.shift());
      for (let event = client.endpoint.nextEvent(); event; event = client.endpoint.nextEvent())
        this.#event(client, event);
    }
    this.#tell();
  }

  /** The traffic ends. */
  end(): void {
    for (const { name, calls } of this.#clients)
      for (const followed of calls.values()) this.#add(hazards.no_reply, name, followed);
    this.#tell();
  }

  #event({ name, calls }: Client<Request>, event: EndpointEvent): void {
    switch (event.kind) {
      case 'hazard':
        this.#add(event.hazard, name, undefined);
        break;
      case 'notification': {
        const hazard = hazardOfNotification(name, event.id, event.payload);
        if (hazard !== undefined) this.#add(hazard, name, undefined);
        break;
      }
      case 'returned':
      case 'failed': {
        const followed = calls.get(event.call);
        calls.delete(event.call);
        // A client sends whole requests.
        if (followed === undefined || !followed.record.complete) break;
        const outcome = event.kind === 'returned' ? event.payload : event.error;
        const { id = 0, payload } = followed.record;
        for (const hazard of hazardsOfReply(name, id, payload ?? {}, outcome))
          this.#add(hazard, name, followed);
      }
    }
  }

  #add(hazard: Hazard, client: GenerationName, request: Followed<Request> | undefined): void {
    const known = this.#found.get(hazard);
    if (known === undefined) this.#found.set(hazard, { clients: [client], request });
    else if (!known.clients.includes(client)) known.clients.push(client);
  }

  #tell(): void {
    if (this.#found.size === 0) return;
    const found = this.#found;
    this.#found = new Map();
    for (const [hazard, { clients, request }] of found) this.#sink(hazard, clients, request);
  }
}
