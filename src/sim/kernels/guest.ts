import {
  exitCode,
  irqNotifyFlags,
  MEM_RECALL,
  MEM_SHARED,
  memAcceptFlags,
  memNotifyFlags,
  VM_CONSOLE_CHARS,
  VM_EXIT,
  VM_IRQ_LENT,
  VM_SHUTDOWN,
} from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { WireError } from '../../base/error.js';
import { codecOf } from '../../codec/index.js';
import { type Calling, call, type HostError, plainCalls } from '../../host/index.js';
import type { Infer, Notification, Payload } from '../../schema/index.js';
import { RmClient, type RmClientPort } from './rm-client.js';

/** RM chooses the interrupt number. */
const VIRQ_ANY = 0xffffffff;

/** What a guest does when a notification arrives. */
interface Handler {
  readonly id: number;
  readonly handle: (payload: Uint8Array) => Calling<void>;
}

function on<P extends Payload>(
  message: Notification<P>,
  handle: (payload: Infer<P>) => Calling<void>,
): Handler {
  const codec = codecOf(message.payload);
  return {
    id: message.id,
    handle: (payload) => handle(codec.decode(viewOf(payload), 0, payload.length)),
  };
}

interface Behaviour {
  /** For people. */
  readonly doc: string;
  readonly boot?: () => Calling<void>;
  readonly handlers: readonly Handler[];
}

const memory = [
  on(MEM_SHARED, function* ({ mem_handle, mem_type, trans_type, label, mem_info_tag }) {
    const { DONE, VALIDATE_LABEL } = memAcceptFlags.bits;
    const lists = { acl_entries: [], sgl_entries: [], attr_entries: [] };
    const flags = DONE | VALIDATE_LABEL;
    yield* plainCalls.memAccept({ mem_handle, mem_type, trans_type, flags, label, map_vmid: 0, ...lists });
    yield* plainCalls.memNotify({ mem_handle, flags: memNotifyFlags.bits.ACCEPTED, mem_info_tag });
  }),
  on(MEM_RECALL, function* ({ mem_handle, mem_info_tag }) {
    yield* plainCalls.memRelease({ mem_handle, flags: 0 });
    yield* plainCalls.memNotify({ mem_handle, flags: memNotifyFlags.bits.RELEASED, mem_info_tag });
  }),
];

const interrupts = [
  on(VM_IRQ_LENT, function* ({ virq_handle }) {
    yield* plainCalls.irqAccept({ virq_handle, virq: VIRQ_ANY });
    yield* plainCalls.irqNotify({ virq_handle, flags: irqNotifyFlags.bits.ACCEPTED });
  }),
];

const console = [
  on(VM_CONSOLE_CHARS, function* ({ data }) {
    if (data.length > 0) yield* plainCalls.consoleWrite({ vmid: 0, data });
  }),
];

const shutdown = [
  on(VM_SHUTDOWN, function* () {
    yield* call(VM_EXIT, { exit_flags: 0, exit_code: exitCode.values.NORMAL });
  }),
];

/** What a guest can be made to do by itself. */
export const behaviours = {
  memory: { doc: 'accepts memory that it is told of, releases it when it is recalled', handlers: memory },
  interrupts: { doc: 'accepts interrupts that it is lent', handlers: interrupts },
  console: {
    doc: 'opens its console, and writes back what is written to it',
    *boot() {
      yield* plainCalls.consoleOpen({ vmid: 0 });
    },
    handlers: console,
  },
  shutdown: { doc: 'exits when it is asked to', handlers: shutdown },
} as const satisfies Readonly<Record<string, Behaviour>>;

export type BehaviourName = keyof typeof behaviours;

export interface GuestPort extends Pick<RmClientPort, 'send' | 'hazard' | 'hypercall'> {
  /** A call of the guest has failed. The guest goes on. */
  readonly failed: (error: HostError) => void;
}

/** The kernel of a VM that is not the primary one. It handles notifications one at a time, in order of arrival. */
export class Guest {
  readonly #port: GuestPort;
  readonly #client: RmClient;
  readonly #handlers: readonly Handler[];
  readonly #waiting: Calling<void>[] = [];
  #busy = false;

  constructor(names: readonly BehaviourName[], port: GuestPort) {
    this.#port = port;
    const notified = (id: number, payload: Uint8Array) => this.#notified(id, payload);
    // Qualcomm's guests run this driver; mainline has none for guests.
    this.#client = new RmClient('q66', { ...port, notified });
    const chosen: readonly Behaviour[] = names.map((name) => behaviours[name]);
    this.#handlers = chosen.flatMap(({ handlers }) => handlers);
    for (const { boot } of chosen) if (boot !== undefined) this.#do(boot());
  }

  received(frame: Uint8Array): void {
    this.#client.received(frame);
  }

  #notified(id: number, payload: Uint8Array): void {
    for (const handler of this.#handlers) {
      if (handler.id !== id) continue;
      try {
        this.#do(handler.handle(payload));
      } catch (error) {
        // A notification that does not decode is ignored.
        if (!(error instanceof WireError)) throw error;
      }
    }
  }

  #do(calling: Calling<void>): void {
    this.#waiting.push(calling);
    if (!this.#busy) this.#next();
  }

  #next(): void {
    const next = this.#waiting.shift();
    this.#busy = next !== undefined;
    if (next === undefined) return;
    this.#client.run(next, (outcome) => {
      if ('error' in outcome) this.#port.failed(outcome.error);
      this.#next();
    });
  }
}
