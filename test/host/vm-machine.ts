import { VM_DEALLOC_VMID } from '../../schemas/index.js';
import { type CallEffect, Endpoint, type GenerationName, hypercallError } from '../../src/host/index.js';
import { rmError } from '../../src/host/rm-error.js';
import {
  type Hypercall,
  type Running,
  runOperationNow,
  UserProcess,
  type VmGenerationName,
  VmManager,
  type VmManagerOptions,
} from '../../src/host/vm-manager/index.js';
import type { PageRecord } from '../../src/hypervisor/index.js';
import { type ManagerOptions, managers } from '../../src/rm/index.js';
import { MessageType } from '../../src/schema/index.js';
import { Bench, HLOS } from '../rm/guest.js';

/** What becomes of one call. `refused`: RM answers with an error and has done nothing. */
export type Fault = 'refused' | 'request_lost' | 'reply_lost' | 'panic';

/** Physical memory of the process: 16 MiB of the host's. */
const MEMORY = 0x9000_0000;
const PAGE = 0x1000;
const MEMORY_PAGES = 0x1000;
const TYPE_MASK = 3;
/** A VMID that nobody has. */
const NOBODY = 5;

/** A VM manager on the simulated resource manager: real queue messages, and what the hypervisor knows afterwards. */
export class Machine {
  readonly bench: Bench;
  readonly process = new UserProcess('vmm', [
    { address: BigInt(MEMORY), pages: MEMORY_PAGES, physical: BigInt(MEMORY) },
  ]);
  readonly manager: VmManager;
  /** Names of the calls, in order, and ids of those that reached RM. */
  readonly calls: string[] = [];
  /** Which call, from 0, goes wrong how. */
  fault: { readonly call: number; readonly kind: Fault } | undefined;
  /** What a call sends instead of its own payload, by message name. */
  readonly rewrite = new Map<string, (payload: Uint8Array) => Uint8Array>();
  /** What arrives instead of the payload of RM's reply, by message name. RM has done what it was asked. */
  readonly lies = new Map<string, (reply: Uint8Array) => Uint8Array>();
  #endpoint: Endpoint;

  constructor(
    generation: VmGenerationName,
    readonly mode: 'careful' | 'faithful',
    options: VmManagerOptions &
      Pick<ManagerOptions, 'profile' | 'debugBuild'> & { readonly endpoint?: GenerationName } = {},
  ) {
    const { profile = managers.rm23, debugBuild = false } = options;
    this.bench = new Bench({ profile, debugBuild });
    this.manager = new VmManager({ ...options, generation, mode });
    // Qualcomm's generations have clients of their own, and no VM manager.
    this.#endpoint = new Endpoint(options.endpoint ?? this.manager.generation.client);
  }

  get isCareful(): boolean {
    return this.mode === 'careful';
  }

  /** Physical address, and address in the process, of the page with this index. */
  page(index: number): bigint {
    return BigInt(MEMORY + index * PAGE);
  }

  write(index: number, bytes: Uint8Array): void {
    this.bench.manager.hypervisor.writeMemory(Number(this.page(index)), bytes);
  }

  run<T>(operation: Running<T>): T {
    return runOperationNow(operation, {
      call: (effect) => this.#call(effect),
      hypercall: ({ hypercall }) => this.#hypercall(hypercall),
      wait: (effect) => {
        this.#settle();
        return effect.ready();
      },
    });
  }

  /**
   * What RM and the hypervisor have of the process and its VMs. Pages: those that are not the host's, or not the host's
   * alone.
   */
  get remains() {
    const { manager } = this.bench;
    const { memory } = manager.hypervisor;
    const isHosts = ({ owner, borrowers, lent }: PageRecord) =>
      owner === HLOS && borrowers.length === 0 && !lent;
    return {
      vms: manager
        .vms()
        .filter(({ owner }) => owner === HLOS)
        .map(({ vmid, state }) => `${vmid} in ${state}`),
      parcels: [...manager.parcels.all()].map(({ handle }) => handle),
      pagesElsewhere: memory
        .records()
        .filter(({ value }) => !isHosts(value))
        .reduce((sum, { start, end }) => sum + (end - start) / PAGE, 0),
    };
  }

  /** RM boots again and knows nothing; the host's driver is loaded anew. */
  reboot(): void {
    this.bench.manager.reboot();
    this.#endpoint = new Endpoint(this.manager.generation.client);
  }

  /** Lets RM do what there is to do, and the manager hear of it. */
  settle(): void {
    this.#settle();
  }

  #hypercall(hypercall: Hypercall): Uint8Array {
    if (hypercall.name === 'vcpu_run') throw new Error('nothing runs here');
    const result = this.bench.manager.hypervisor.extents.perform(HLOS, hypercall);
    if (result.error !== 0) throw hypercallError(hypercall.name, result);
    return new Uint8Array();
  }

  #call({ message, payload }: CallEffect): Uint8Array {
    const fault = this.fault?.call === this.calls.length ? this.fault.kind : undefined;
    this.calls.push(message.name);
    if (fault === 'refused') throw rmError(message.name, 3, 'mainline');
    const sent = this.rewrite.get(message.name)?.(payload) ?? payload;
    const call = this.#endpoint.start(message, sent);
    if (fault === 'panic') this.#poison();
    for (let next = this.#endpoint.nextTransmit(); next; next = this.#endpoint.nextTransmit()) {
      const { toManager } = this.#link;
      const result =
        fault === 'request_lost' ? { error: 0, notFull: true } : toManager.send(next.frame, next.push);
      this.#endpoint.sent(result);
      this.bench.manager.run();
    }
    const reply = this.#settle(fault === 'reply_lost');
    if (reply !== undefined) return this.lies.get(message.name)?.(reply) ?? reply;
    this.#endpoint.giveUp(call);
    const failed = this.#settle();
    if (failed === undefined) throw new Error(`${message.name} has not ended`);
    return failed;
  }

  /** Lets RM do what there is to do. @returns the reply, if one came; an error reply is thrown. */
  #settle(losesReplies = false): Uint8Array | undefined {
    this.bench.manager.run();
    this.#endpoint.receive(() => this.#take(losesReplies));
    let reply: Uint8Array | undefined;
    for (let event = this.#endpoint.nextEvent(); event; event = this.#endpoint.nextEvent()) {
      if (event.kind === 'failed') throw event.error;
      if (event.kind === 'returned') reply = event.payload;
      if (event.kind === 'notification') this.manager.notified(event.id, event.payload ?? new Uint8Array());
    }
    return reply;
  }

  #take(losesReplies: boolean): Uint8Array | undefined {
    for (;;) {
      const { message } = this.#link.toVm.receive();
      this.bench.manager.run();
      if (message === undefined) return undefined;
      const isReply = ((message[1] ?? 0) & TYPE_MASK) === MessageType.reply;
      if (!losesReplies || !isReply) return message;
    }
  }

  /** A message that kills the public manager: VM_DEALLOC_VMID of a VMID that nobody has. */
  #poison(): void {
    this.bench.put(HLOS, VM_DEALLOC_VMID.id, NOBODY);
  }

  get #link() {
    const link = this.bench.manager.link(HLOS);
    if (link === undefined) throw new Error('the host has no link');
    return link;
  }
}
