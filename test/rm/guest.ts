import { limits, protocol } from '../../schemas/index.js';
import { type ManagerOptions, ResourceManager } from '../../src/rm/index.js';
import { writeFrame } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';

export const HLOS = 3;

/** A manager with someone at the other end of its queues, for tests: requests in, everything it sent out. */
export class Bench {
  readonly manager: ResourceManager;
  readonly panics: string[] = [];
  #seq = 0;

  constructor(options: ManagerOptions = {}) {
    this.manager = new ResourceManager({ ...options, onPanic: (reason) => this.panics.push(reason) });
  }

  /** Puts a request on a VM's queue. */
  put(from: number, id: number, ...words: number[]): number {
    const payload = new Uint8Array(words.length * 4);
    const view = new DataView(payload.buffer);
    for (const [index, word] of words.entries()) view.setUint32(index * 4, word, true);
    const header = { type: MessageType.request, fragments: 0, seq: this.#seq++, msg_id: id };
    const frame = writeFrame(protocol, header, payload, 0, payload.byteLength);
    return this.manager.link(from)?.toManager.send(frame).error ?? -1;
  }

  /** Everything that waits for a VM, as words of the payload behind the message id. */
  take(vmid: number): number[][] {
    const found: number[][] = [];
    for (;;) {
      const message = this.manager.link(vmid)?.toVm.receive().message;
      if (message === undefined) return found;
      const view = new DataView(message.buffer, message.byteOffset, message.byteLength);
      const words = [view.getUint32(4, true)];
      for (let at = limits.header; at + 4 <= message.byteLength; at += 4)
        words.push(view.getUint32(at, true));
      found.push(words);
      this.manager.run();
    }
  }

  /** One request, handled: everything HLOS then takes. */
  ask(id: number, ...words: number[]): number[][] {
    this.put(HLOS, id, ...words);
    this.manager.run();
    return this.take(HLOS);
  }
}
