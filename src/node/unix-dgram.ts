import { join } from 'node:path';
import { constants } from '../../schemas/index.js';
import type { LiveManager, Outlet } from '../serve/index.js';
import { DatagramSocket } from './datagram-socket.js';
import { FileError } from './file-error.js';

const { VMID_RM } = constants;
/** After a refusal the next attempt is due after this, then after twice as long each time. */
const retryMinMs = 1;
const retryMaxMs = 64;

/**
 * Serves VMs over unix datagrams, one name per direction and VM in a folder (cli.md, "Live transports of serve"). A
 * VM's socket both receives and sends, so that a VM which has connected its own socket to it hears it too. Names are
 * looked up at every send, so a VM may bind its name late, or anew.
 */
export class DatagramServer implements Outlet {
  readonly #sockets = new Map<number, DatagramSocket>();
  /** VMs that could not be sent to, until they can. */
  readonly #retries = new Map<number, { delayMs: number; timer: NodeJS.Timeout | undefined }>();

  readonly #directory: string;
  readonly #live: LiveManager;
  readonly #warn: (text: string) => void;

  /**
   * Binds the names of all VMs that have a link, now and later.
   *
   * @param warn gets a line when a later one cannot be bound.
   * @throws FileError when one cannot be bound now, or the native package is not there.
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
    // Whatever the reason for a refusal (the queue is full, nobody has bound the name), it may pass.
    const taken = this.#sockets.get(vmid)?.send(message, this.#name(VMID_RM, vmid)) ?? false;
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

  #name(from: number, to: number): string {
    return join(this.#directory, `rm-rpc-${from}-${to}`);
  }

  #link(vmid: number, exists: boolean): void {
    try {
      if (exists) this.#bind(vmid);
      else this.#unbind(vmid);
    } catch (error) {
      // A machine goes on without a name that it cannot have.
      if (!(error instanceof FileError)) throw error;
      this.#warn(`${error.file}: ${error.message}`);
    }
  }

  #bind(vmid: number): void {
    if (this.#sockets.has(vmid)) return;
    const socket = DatagramSocket.bind(this.#name(vmid, VMID_RM), (message) => {
      this.#live.receive(this, vmid, VMID_RM, message);
      // Whoever sends is there: no need to wait for the next attempt.
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
