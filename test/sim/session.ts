import {
  MEM_LEND,
  MEM_RECLAIM,
  MEM_RELEASE,
  protocol,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_RESET,
  VM_START,
  VM_STOP,
} from '../../schemas/index.js';
import { encodeMessage } from '../../src/rpc/index.js';
import { MessageType } from '../../src/schema/index.js';
import { Checker, type KnownFault, type Violation } from '../../src/sim/check/index.js';
import { type FaultRule, World, type WorldOptions } from '../../src/sim/index.js';
import { buildFdt } from '../devicetree/build.js';
import { exampleVm } from './tree.js';

export const HLOS = 3;
export const OK = 0;
export const PAGE = 0x1000;
export const FORCE = 1;
const RWX = 7;
const NOTHING = new DataView(new ArrayBuffer(0));
/** The devicetree of every VM, unless told. */
export const exampleTree = buildFdt(exampleVm());

export type Call = Parameters<typeof encodeMessage>[1];
type Payload = Readonly<Record<string, unknown>>;

export interface Reply {
  /** Error word. */
  readonly error: number;
  /** First word behind it, 0 when there is none. */
  readonly word: number;
  /** All that is behind the error word in the first queue message. */
  readonly rest: DataView;
}

/** A parcel as its maker knows it. */
export interface KnownParcel {
  readonly handle: number;
  readonly owner: number;
  readonly targets: readonly number[];
  readonly transType: number;
  readonly label: number;
}

/** A VM as its owner knows it. */
export interface KnownVm {
  readonly vmid: number;
  readonly slot: number;
  image: number;
  state: 'load' | 'init' | 'ready' | 'running' | 'exited' | 'failed' | 'reset';
  /** Guest addresses of memory that it was given for good. */
  readonly owned: { ipa: number; size: number }[];
}

/** A world with a checker and VMs that call one after the other; what tests drive. */
export class Session {
  readonly world: World;
  readonly checker: Checker;
  /** Unexplained violations: must stay empty. */
  readonly broken: Violation[] = [];
  /** Known faults that were met, and panics. */
  readonly met: (KnownFault | `panic ${string}`)[] = [];
  readonly vms: KnownVm[] = [];
  readonly parcels: KnownParcel[] = [];
  readonly panics: string[] = [];
  readonly #seqs = new Map<number, number>();
  readonly #received = new Map<number, Uint8Array[]>();

  constructor(seed: number, options: WorldOptions = {}) {
    this.checker = new Checker(() => this.world);
    const { put, operation } = this.checker.observer;
    this.world = new World(seed, {
      ...options,
      observer: {
        ...options.observer,
        put: (...event) => {
          put?.(...event);
          options.observer?.put?.(...event);
        },
        operation: (event) => {
          operation?.(event);
          options.observer?.operation?.(event);
        },
        received: (vmid, frame) => {
          const list = this.#received.get(vmid);
          if (list === undefined) this.#received.set(vmid, [frame]);
          else list.push(frame);
          options.observer?.received?.(vmid, frame);
        },
        panic: (reason) => {
          this.panics.push(reason);
          this.met.push(`panic ${reason}`);
          options.observer?.panic?.(reason);
        },
      },
    });
  }

  /** Sends a request without waiting. @returns its sequence number. */
  send(vmid: number, message: (typeof protocol.messages)[number], payload: Payload): number {
    const seq = this.#seqs.get(vmid) ?? 0;
    this.#seqs.set(vmid, (seq + 1) & 0xffff);
    for (const frame of encodeMessage(protocol, message as never, 'request', { seq, payload } as never))
      this.world.send(vmid, frame);
    return seq;
  }

  /** The reply that a VM has got, if it has; what it got before is forgotten. */
  take(vmid: number, message: { readonly id: number }, seq: number): Reply | undefined {
    let reply: Reply | undefined;
    for (const frame of this.#received.get(vmid) ?? []) {
      const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
      if (frame.byteLength < 12 || ((frame[1] as number) & 3) !== MessageType.reply) continue;
      if (view.getUint16(2, true) !== seq || view.getUint32(4, true) !== message.id) continue;
      const rest = frame.byteLength > 12 ? new DataView(frame.slice(12).buffer) : NOTHING;
      const word = rest.byteLength >= 4 ? rest.getUint32(0, true) : 0;
      reply = { error: view.getUint32(8, true), word, rest };
    }
    this.#received.delete(vmid);
    return reply;
  }

  /** Calls and waits until everything has settled, then checks. @returns undefined when there was no reply. */
  call(vmid: number, message: (typeof protocol.messages)[number], payload: Payload = {}): Reply | undefined {
    const seq = this.send(vmid, message, payload);
    this.world.run();
    const reply = this.take(vmid, message, seq);
    this.check();
    return reply;
  }

  check(): void {
    for (const violation of this.checker.settled()) {
      if (violation.fault === undefined) this.broken.push(violation);
      else this.met.push(violation.fault);
    }
  }

  /** A fresh machine when the manager has died. */
  recover(): void {
    if (this.world.manager.panicked === undefined) return;
    this.world.perform({ kind: 'reboot' });
    this.vms.length = 0;
    this.parcels.length = 0;
    this.#seqs.clear();
  }

  /** Allocates a VM and lends it memory with a devicetree. @param slot 0..7, which memory. */
  allocate(slot: number, blob = exampleTree): KnownVm | undefined {
    const base = imageBase(slot);
    const allocated = this.call(HLOS, VM_ALLOC_VMID, { vmid: 0 });
    if (allocated?.error !== OK) return undefined;
    const vm: KnownVm = { vmid: allocated.word & 0xffff, slot, image: -1, state: 'load', owned: [] };
    this.vms.push(vm);
    this.world.perform({ kind: 'load', address: base + 0x1000000, bytes: blob, file: 'example.dtb' });
    vm.image = this.lend(HLOS, vm.vmid, base, 0x2000000)?.word ?? -1;
    return vm;
  }

  /** The next step of a VM's life. */
  advance(vm: KnownVm): void {
    const { vmid } = vm;
    if (vm.state === 'load' || vm.state === 'reset') {
      const image = {
        image_offset: 0n,
        image_size: 0x100000n,
        dtb_offset: 0x1000000n,
        dtb_size: 0x100000n,
      };
      const reply = this.call(HLOS, VM_CONFIG_IMAGE, {
        vmid,
        auth_mech: 0,
        mem_handle: vm.image >>> 0,
        ...image,
      });
      vm.state = reply?.error === OK ? 'init' : 'failed';
    } else if (vm.state === 'init')
      vm.state = this.call(HLOS, VM_INIT, { vmid })?.error === OK ? 'ready' : 'failed';
    else if (vm.state === 'ready')
      vm.state = this.call(HLOS, VM_START, { vmid })?.error === OK ? 'running' : 'failed';
  }

  /** A running VM. */
  boot(slot: number): KnownVm {
    const vm = this.allocate(slot);
    if (vm === undefined) throw new Error('no VMID');
    for (let step = 0; step < 3; step++) this.advance(vm);
    return vm;
  }

  lend(owner: number, to: number, ipa: number, size: number): Reply | undefined {
    const reply = this.call(owner, MEM_LEND, {
      mem_type: 0,
      flags: 0,
      label: 0,
      acl_entries: [{ vmid: to, rights: RWX }],
      sgl_entries: [{ ipa: BigInt(ipa), size: BigInt(size) }],
      attr_entries: [],
    });
    if (reply?.error === OK)
      this.parcels.push({ handle: reply.word, owner, targets: [to], transType: 1, label: 0 });
    return reply;
  }

  /** Everything is given back: VMs release, owners reclaim, VMs are stopped, reset and freed. */
  tearDown(): void {
    for (const vm of this.vms)
      for (const { handle } of this.parcels)
        if (vm.state === 'running') this.call(vm.vmid, MEM_RELEASE, { mem_handle: handle, flags: 0 });
    this.#reclaim((owner) => owner !== HLOS);
    for (const vm of this.vms) this.#end(vm);
    this.#reclaim((owner) => owner === HLOS);
    for (const vm of this.vms.splice(0)) this.call(HLOS, VM_DEALLOC_VMID, { vmid: vm.vmid });
  }

  #end(vm: KnownVm): void {
    const { vmid } = vm;
    if (vm.state === 'running') {
      this.call(HLOS, VM_STOP, { vmid, flags: FORCE, stop_reason: 0 });
      vm.state = 'exited';
    }
    if (vm.state === 'init') this.advance(vm);
    if (vm.state === 'load' || vm.state === 'reset') return;
    if (this.call(HLOS, VM_RESET, { vmid })?.error === OK) vm.state = 'reset';
  }

  #reclaim(whose: (owner: number) => boolean): void {
    for (const parcel of [...this.parcels])
      if (whose(parcel.owner)) this.call(parcel.owner, MEM_RECLAIM, { mem_handle: parcel.handle, flags: 0 });
  }

  /** Each rule acts on a part of all messages. */
  disturb(rules: readonly FaultRule[]): void {
    for (const rule of rules) this.world.faults.add(rule);
  }
}

export function imageBase(slot: number): number {
  return 0x88000000 + slot * 0x2000000;
}
