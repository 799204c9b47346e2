import { limits, MEM_LEND, protocol, VM_ALLOC_VMID, VM_CONFIG_IMAGE } from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { type ManagerOptions, ResourceManager } from '../../src/rm/index.js';
import { writeFrame } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';

export const HLOS = 3;

/** A manager with someone at the other end of its queues, for tests: requests in, everything it sent out. */
export class Bench {
  readonly manager: ResourceManager;
  readonly panics: string[] = [];
  /** What was done to the machine, as lines of a recording. */
  readonly done: object[] = [];
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
    this.done.push({ from, frame: formatHex(frame) });
    return this.manager.link(from)?.toManager.send(frame).error ?? -1;
  }

  load(address: number, bytes: Uint8Array): void {
    this.done.push({ op: 'load', address: `0x${address.toString(16)}`, data: formatHex(bytes) });
    this.manager.hypervisor.writeMemory(address, bytes);
  }

  halt(vmid: number, state: number): void {
    this.done.push({ op: 'vcpu_halt', vmid, state, data: ['0x0', '0x0'] });
    this.manager.vcpuHalt(vmid, state, [0n, 0n]);
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

const IMAGE_BASE = 0x88000000;
const IMAGE_SIZE = 0x2000000;
const TREE_OFFSET = 0x1000000;
const TREE_SIZE = 0x100000;

/** Boots further VMs, each from memory of its own. */
export class Boots {
  #next = 0;
  readonly #images = new Map<number, { readonly handle: number; readonly treeSize: number }>();

  constructor(readonly bench: Bench) {}

  /** Lends an image with this devicetree to a new VM and configures it; its VMID. */
  configure(tree: Uint8Array, treeSize = TREE_SIZE): number {
    const base = IMAGE_BASE + this.#next++ * IMAGE_SIZE;
    const [[, , vmid = 0] = []] = this.bench.ask(VM_ALLOC_VMID.id, 0);
    this.bench.load(base + TREE_OFFSET, tree);
    const acl = [1, 0x00070000 | vmid];
    const [[, , handle = 0] = []] = this.bench.ask(MEM_LEND.id, 0, 0, ...acl, 1, base, 0, IMAGE_SIZE, 0);
    this.#images.set(vmid, { handle, treeSize });
    this.configureAgain(vmid);
    return vmid;
  }

  /** Configures a VM with the image that it was given before. */
  configureAgain(vmid: number): void {
    const { handle = 0, treeSize = 0 } = this.#images.get(vmid) ?? {};
    this.bench.ask(VM_CONFIG_IMAGE.id, vmid, handle, 0, 0, 0, 0, TREE_OFFSET, 0, treeSize, 0);
  }

  /** The error of a request about a VM, undefined when the manager died of it. */
  error(id: number, ...words: number[]): number | undefined {
    return this.errorFrom(HLOS, id, ...words);
  }

  /** The error of a VM's own request. */
  errorFrom(vmid: number, id: number, ...words: number[]): number | undefined {
    this.bench.put(vmid, id, ...words);
    this.bench.manager.run();
    return this.bench.take(vmid).find(([message]) => message === id)?.[1];
  }
}
