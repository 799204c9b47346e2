import { existsSync } from 'node:fs';
import { constants } from '../../../schemas/index.js';
import type { Connection, ConnectionEvents, Connector, Step } from '../../target/index.js';
import { DatagramSocket, queueName } from '../datagram-socket.js';
import { FileError } from '../file-error.js';

const { VMID_HLOS, VMID_RM } = constants;
/** Time until a message that was refused is sent again. */
const RETRY_MS = 2;
/** Messages of one VM that may wait for room on its queue. */
const WAITING_MAX = 65_536;

/**
 * Connections to a manager behind unix datagrams (cli.md, "Live transports of serve"). A VM's names are bound when it
 * joins or first sends.
 */
export class DatagramConnector implements Connector {
  readonly name: string;
  readonly steps: ReadonlySet<Step['kind']> = new Set(['frame']);
  readonly isFresh = false;

  /** @param directory where the names are. */
  constructor(readonly directory: string) {
    this.name = `dgram:${directory}`;
  }

  /** @throws FileError if no manager has bound the name for HLOS, or if the native package is missing. */
  async open(events: ConnectionEvents): Promise<Connection> {
    const name = queueName(this.directory, VMID_HLOS, VMID_RM);
    if (!existsSync(name)) throw new FileError(name, { code: 'ENOENT' });
    const vms = new Map<number, DatagramVm>();
    const vmOf = (vmid: number): DatagramVm => {
      const known = vms.get(vmid);
      if (known !== undefined) return known;
      const vm = new DatagramVm(this.directory, vmid, events);
      vms.set(vmid, vm);
      return vm;
    };
    return {
      settles: false,
      put(step) {
        if (step.kind !== 'frame') throw new TypeError(`${step.kind} is none of its steps`);
        vmOf(step.from).send(step.frame);
      },
      join: (vmid) => void vmOf(vmid),
      async close() {
        for (const vm of vms.values()) vm.close();
      },
    };
  }
}

/** The two queues of one VM. */
class DatagramVm {
  readonly #socket: DatagramSocket;
  readonly #to: string;
  readonly #events: ConnectionEvents;
  readonly #waiting: Uint8Array[] = [];
  #timer: NodeJS.Timeout | undefined;

  /** @throws FileError if its name cannot be bound. */
  constructor(directory: string, vmid: number, events: ConnectionEvents) {
    this.#events = events;
    this.#to = queueName(directory, vmid, VMID_RM);
    this.#socket = DatagramSocket.bind(queueName(directory, VMID_RM, vmid), (frame) =>
      events.received(vmid, frame),
    );
  }

  send(frame: Uint8Array): void {
    this.#waiting.push(frame);
    if (this.#waiting.length > WAITING_MAX)
      this.#events.ended({ kind: 'hang', text: 'the manager does not read' });
    else if (this.#timer === undefined) this.#pump();
  }

  close(): void {
    clearTimeout(this.#timer);
    this.#socket.close();
  }

  #pump(): void {
    this.#timer = undefined;
    let sent = 0;
    while (sent < this.#waiting.length && this.#socket.send(this.#waiting[sent] as Uint8Array, this.#to))
      sent++;
    this.#waiting.splice(0, sent);
    if (this.#waiting.length > 0) this.#timer = setTimeout(() => this.#pump(), RETRY_MS);
  }
}
