import { constants, VM_DEALLOC_VMID } from '../../schemas/index.js';
import type { GenerationName } from '../../src/host/index.js';
import { qcomCalls } from '../../src/host/index.js';
import {
  functionTypes,
  type Hypercall,
  mapMemFlags,
  type Running,
  regionFlags,
  type VmGenerationName,
  vmGenerations,
} from '../../src/host/vm-manager/index.js';
import { HypError } from '../../src/hypervisor/index.js';
import { managers, type PanicReason } from '../../src/rm/index.js';
import { MessageType } from '../../src/schema/index.js';
import { Checker } from '../../src/sim/check/index.js';
import { Kernels } from '../../src/sim/kernels/kernels.js';
import { type Outcome, RmClient } from '../../src/sim/kernels/rm-client.js';
import { World } from '../../src/sim/world.js';
import { buildFdt } from '../devicetree/build.js';
import { exampleVm } from './tree.js';

const { VMID_HLOS } = constants;
export const PAGE = 0x1000;
/** Memory of the host for the VM: the devicetree is its first page. */
const HOST = 0x9000_0000;
const GUEST = 0x8000_0000;
const PAGES = 32;
const TREE_PAGES = 8;
const SECURE_VMID = 28;
/** A VMID that nobody has: the public manager dies of VM_DEALLOC_VMID for it. */
const NOBODY = 5;
const ERROR_DENIED = 3;
const TYPE_MASK = 3;

/** The nine generations of clients, and android16-6.12, which was only read. */
export const loaders = { q515: 'q61', q61: 'q61', q66: 'q66', q612: 'q612' } as const;
export type LoaderName = keyof typeof loaders;
export const generationNames = [
  'v9',
  'v11',
  'a14',
  'v17',
  'a15',
  'q515',
  'q61',
  'q66',
  'q612',
  'a16',
] as const;
export type LifeName = (typeof generationNames)[number];

/**
 * `refused`: RM or the hypervisor answers with an error and has done nothing. The other three are of calls to RM:
 * what is lost never arrives, and RM dies before it sees the call.
 */
export type FaultKind = 'refused' | 'request_lost' | 'reply_lost' | 'panic';

/** Which call, from 0, goes wrong how. */
export interface Fault {
  readonly call: number;
  readonly kind: FaultKind;
}

/**
 * One generation's client in a world with the modern manager and all checkers, and a VM that it boots, runs, stops,
 * resets and releases. Every call to RM and every hypercall is counted; one of them can go wrong.
 */
export class Life {
  readonly world: World;
  readonly checker: Checker;
  readonly calls: string[] = [];
  readonly panics: PanicReason[] = [];
  /** Names of the hazards that the VM manager has reported. */
  readonly hazards: string[] = [];
  readonly #name: LifeName;
  readonly #fault: Fault | undefined;
  readonly #kernels: Kernels;
  readonly #client: RmClient | undefined;
  /** The kind of the fault, while the messages of that request are being sent. */
  #sending: FaultKind | undefined;
  #losesReply = false;

  constructor(name: LifeName, fault?: Fault) {
    this.#name = name;
    this.#fault = fault;
    this.checker = new Checker(() => this.world);
    this.world = new World(1, {
      manager: { profile: managers.modern },
      observer: {
        ...this.checker.observer,
        received: (vmid, frame) => this.#received(vmid, frame),
        panic: (reason) => this.panics.push(reason),
      },
    });
    this.#kernels = new Kernels(() => this.world, {
      send: (_, frame) => this.#send(frame),
      hypercall: (call) => this.#hypercall(call),
      event: (event) => {
        if (event.kind === 'hazard_report') this.hazards.push(event.report.hazard.name);
      },
    });
    if (isLoader(name)) {
      const nothing = () => {};
      this.#client = new RmClient(name satisfies GenerationName, {
        send: (frame) => this.#send(frame),
        notified: nothing,
        hypercall: () => new Uint8Array(),
        hazard: nothing,
      });
    } else this.#kernels.bootHost(name, 'careful');
  }

  /** From the creation of a VM to its end. @returns the states that RM was in while it lived. */
  live(): readonly number[] {
    // RM writes to the devicetree of a VM, so each needs a new one.
    this.world.manager.hypervisor.writeMemory(HOST, buildFdt(exampleVm()));
    return isLoader(this.#name) ? this.#liveSecure(this.#name) : this.#liveManaged(this.#name);
  }

  /** Pages of memory that are not the host's alone. */
  get elsewhere(): number {
    const { memory } = this.world.manager.hypervisor;
    return memory
      .records()
      .filter(({ value }) => value.owner !== VMID_HLOS || value.borrowers.length > 0)
      .reduce((sum, { start, end }) => sum + (end - start) / PAGE, 0);
  }

  /** Everything of the VM that is left: VMIDs, parcels, memory, pins, tables, broken rules. */
  get remains() {
    const { manager } = this.world;
    return {
      vms: manager
        .vms()
        .map(({ vmid }) => vmid)
        .filter((vmid) => vmid !== VMID_HLOS && vmid !== constants.VMID_RM),
      parcels: [...manager.parcels.all()].length,
      elsewhere: this.elsewhere,
      pins: isLoader(this.#name) ? 0 : this.#kernels.host.pagesPinned,
      violations: this.checker.settled().map(({ rule }) => rule),
    };
  }

  #liveManaged(name: VmGenerationName): readonly number[] {
    const { host } = this.#kernels;
    const states: number[] = [];
    const note = () => {
      for (const { vmid, state } of this.world.manager.vms())
        if (vmid !== VMID_HLOS && vmid !== constants.VMID_RM) states.push(state);
    };
    this.run(host.createVm('a', 0));
    this.#giveMemory(name);
    this.run(
      host.on('a', (vm) => vm.setDtbConfig({ start: BigInt(GUEST), size: BigInt(TREE_PAGES * PAGE) })),
    );
    const vcpu = { type: functionTypes.vcpu, argument: new Uint8Array(4) };
    this.run(host.addFunction('a', vcpu));
    try {
      this.run(host.on('a', (vm) => vm.start()));
      note();
      this.#runGuest();
    } finally {
      note();
      // A VM that waits for an interrupt gives the process its vCPU back when the function goes.
      if (!this.#isOver) this.attempt(host.on('a', (vm) => vm.removeFunction(vcpu)));
      this.run(host.close('a'));
      note();
    }
    return states;
  }

  #giveMemory(name: VmGenerationName): void {
    const { host } = this.#kernels;
    const size = PAGES * PAGE;
    const { memory, regions } = vmGenerations[name];
    if (memory === 'guest_memory') {
      const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC } = mapMemFlags;
      this.run(host.createGuestMem('m', size, 0n, HOST));
      const flags = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;
      this.run(host.mapMem('a', 'm', { guestAddress: BigInt(GUEST), flags, offset: 0n, size: BigInt(size) }));
      return;
    }
    const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, LENT } = regionFlags;
    const request = {
      label: 0,
      flags: ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC | (regions.lentFlag ? LENT : 0),
      guestPhysAddr: BigInt(GUEST),
      memorySize: BigInt(size),
      userspaceAddr: BigInt(HOST),
    };
    const lends = !regions.lentFlag && name !== 'v11';
    const careful = name === 'v11' ? { ...request, flags: request.flags | LENT } : request;
    this.run(host.on('a', (vm) => (lends ? vm.lendUserMem(request) : vm.setUserMemRegion(careful))));
  }

  /** The guest writes and reads what it has and, where memory is given on demand, what it lacks; then it waits. */
  #runGuest(): void {
    const guest = this.#kernels.vcpu(128);
    for (const page of [TREE_PAGES, PAGES - 1]) {
      const address = BigInt(GUEST + page * PAGE);
      guest.add([
        { does: 'write', address, size: 8, value: 0x1122n },
        { does: 'read', address, size: 8, value: 0n },
      ]);
    }
    this.#kernels.host.run(this.#kernels.host.runVcpu('a', 0, {}), () => {});
    this.#settle();
  }

  #liveSecure(name: LoaderName): readonly number[] {
    const calls = qcomCalls(loaders[name]);
    const image = {
      vmid: SECURE_VMID,
      address: BigInt(HOST),
      size: BigInt(PAGES * PAGE),
      system_vm: false,
      metadata_offset: 0n,
      metadata_size: BigInt(TREE_PAGES * PAGE),
      pas_id: SECURE_VMID,
      debug: name === 'q66' || name === 'q612',
    };
    const states: number[] = [];
    const note = () => states.push(this.world.manager.vm(SECURE_VMID)?.state ?? 0);
    try {
      const vm = this.run(calls.secureVmLoad(image));
      this.run(calls.secureVmStart(vm.vmid));
      note();
      this.run(calls.vmStop({ vmid: vm.vmid, flags: 1, stop_reason: 3 }));
      note();
      this.run(calls.vmReset(vm.vmid));
      note();
      this.run(calls.secureVmFree(vm));
    } catch (error) {
      if (this.panics.length === 0 && !this.run(calls.secureVmUndo(image))) throw error;
      throw error;
    }
    return states;
  }

  /** Runs an operation until nothing happens any more. @throws the error that it ends with. */
  run<T>(operation: Running<T>): T {
    const ended: Outcome<T>[] = [];
    const done = (outcome: Outcome<T>) => ended.push(outcome);
    if (this.#client === undefined) this.#kernels.host.run(operation, done);
    else this.#client.run(operation, done);
    this.#settle();
    const [outcome] = ended;
    if (outcome === undefined) throw new Error('it waits for ever');
    if ('error' in outcome) throw outcome.error;
    return outcome.value;
  }

  /** Runs an operation whose failure does not matter. */
  attempt(operation: Running<unknown>): void {
    this.#kernels.host.run(operation, () => {});
    this.#settle();
  }

  get #isOver(): boolean {
    return !this.world.manager.vms().some(({ vmid }) => vmid === 128);
  }

  #settle(): void {
    do this.world.run();
    while (this.#giveUp());
  }

  #giveUp(): boolean {
    return this.#client?.giveUp() ?? this.#kernels.giveUp();
  }

  /** Whether this call is the one that goes wrong. */
  #count(name: string): FaultKind | undefined {
    this.calls.push(name);
    return this.#fault?.call === this.calls.length - 1 ? this.#fault.kind : undefined;
  }

  #hypercall({ name }: Hypercall): number {
    const kind = this.#count(name);
    if (kind === 'panic') this.#poison();
    return kind === 'refused' ? HypError.DENIED : HypError.OK;
  }

  #send(frame: Uint8Array): void {
    const view = new DataView(frame.buffer, frame.byteOffset, frame.byteLength);
    if (((frame[1] ?? 0) & TYPE_MASK) === MessageType.request) {
      this.#sending = this.#count(`0x${view.getUint32(4, true).toString(16)}`);
      if (this.#sending === 'panic') this.#poison();
      if (this.#sending === 'refused') this.#refuse(view);
      if (this.#sending === 'reply_lost') this.#losesReply = true;
    }
    if (this.#sending === 'refused' || this.#sending === 'request_lost') return;
    this.world.send(VMID_HLOS, frame);
  }

  #received(vmid: number, frame: Uint8Array): void {
    const type = (frame[1] ?? 0) & TYPE_MASK;
    if (vmid === VMID_HLOS && this.#losesReply && type !== MessageType.notification) {
      // None of these replies has a second part except that of VM_GET_HYP_RESOURCES, which nobody waits for then.
      if (type === MessageType.reply) this.#losesReply = false;
      return;
    }
    if (this.#client === undefined) this.#kernels.received(vmid, frame);
    else if (vmid === VMID_HLOS) this.#client.received(frame);
  }

  #refuse(request: DataView): void {
    const reply = new Uint8Array(12);
    const view = new DataView(reply.buffer);
    reply[0] = 0x21;
    reply[1] = MessageType.reply;
    view.setUint16(2, request.getUint16(2, true), true);
    view.setUint32(4, request.getUint32(4, true), true);
    view.setUint32(8, ERROR_DENIED, true);
    this.world.at(this.world.now, () => this.#received(VMID_HLOS, reply));
  }

  #poison(): void {
    const frame = new Uint8Array(12);
    const view = new DataView(frame.buffer);
    frame[0] = 0x21;
    frame[1] = MessageType.request;
    view.setUint16(2, 0x7fff, true);
    view.setUint32(4, VM_DEALLOC_VMID.id, true);
    view.setUint16(8, NOBODY, true);
    this.world.send(VMID_HLOS, frame);
  }
}

function isLoader(name: LifeName): name is LoaderName {
  return Object.hasOwn(loaders, name);
}
