import { constants } from '../../schemas/index.js';
import type { LiveManager, Outlet } from '../serve/index.js';
import { DatagramSocket, queueName } from './datagram-socket.js';
import { FileError } from './file-error.js';

const { VMID_RM } = constants;
/** Time until a refused message is tried again. It doubles with each refusal, up to the maximum. */
const retryMinMs = 1;
const retryMaxMs = 64;

/**
 * Serves VMs over unix datagrams, with one name per direction and VM in a folder (cli.md, "Live transports of serve").
 * The socket that receives from a VM also sends to it: a VM that has connected its own socket accepts messages from no
 * other. Names are looked up at each send, so a VM may bind its name late or again.
 */
export class DatagramServer implements Outlet {
  readonly #sockets = new Map<number, DatagramSocket>();
  /** VMs that refused the last message, each with the timer of the next attempt. */
  readonly #retries = new Map<number, { delayMs: number; timer: NodeJS.Timeout | undefined }>();

  readonly #directory: string;
  readonly #live: LiveManager;
  readonly #warn: (text: string) => void;

  /**
   * Binds the names of all VMs that have a link, now and whenever a link is made.
   *
   * @param warn is called if a later name cannot be bound.
   * @throws FileError if a name cannot be bound now, or if the native package is missing.
   */
  constructor(directory: string, live: LiveManager, warn: (text: string) => void) {
    this.#directory = directory;
    this.#live = live;
    this.#warn = warn;
    for (const vmid of live.linked) this.#bind(vmid);
    live.fallback = this;
    live.onLink = (vmid, exists) => this.#link(vmid, exists);
  }

  send(vmid: number, message: Uint8Array): boolean {
    // Try again after any refusal: a full queue gets room, and a missing name may be bound later.
    const taken = this.#sockets.get(vmid)?.send(message, queueName(this.#directory, VMID_RM, vmid)) ?? false;
    if (!taken) this.#retryLater(vmid);
    else if (this.#retries.size > 0) this.#forget(vmid);
    return taken;
  }

  /** Closes all sockets and removes their names. */
  close(): void {
    this.#live.onLink = undefined;
    this.#live.fallback = undefined;
    for (const vmid of [...this.#retries.keys(), ...this.#sockets.keys()]) this.#unbind(vmid);
  }

  #link(vmid: number, exists: boolean): void {
    try {
      if (exists) this.#bind(vmid);
      else this.#unbind(vmid);
    } catch (error) {
      // The server goes on without this name.
      if (!(error instanceof FileError)) throw error;
      this.#warn(`${error.file}: ${error.message}`);
    }
  }

  #bind(vmid: number): void {
    if (this.#sockets.has(vmid)) return;
    const socket = DatagramSocket.bind(queueName(this.#directory, vmid, VMID_RM), (message) => {
      this.#live.receive(this, vmid, VMID_RM, message);
      // The VM is there, since it sends. So try at once.
      if (this.#retries.has(vmid)) this.#live.resume(this, vmid);
    });
    this.#sockets.set(vmid, socket);
  }

  #unbind(vmid: number): void {
    this.#forget(vmid);
    this.#sockets.get(vmid)?.close();
    this.#sockets.delete(vmid);
  }

  #retryLater(vmid: number): void {
    const retry = this.#retries.get(vmid) ?? { delayMs: retryMinMs / 2, timer: undefined };
    clearTimeout(retry.timer);
    retry.delayMs = Math.min(retry.delayMs * 2, retryMaxMs);
    retry.timer = setTimeout(() => this.#live.resume(this, vmid), retry.delayMs);
    this.#retries.set(vmid, retry);
  }

  #forget(vmid: number): void {
    clearTimeout(this.#retries.get(vmid)?.timer);
    this.#retries.delete(vmid);
  }
}
