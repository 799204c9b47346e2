import {
  AddressRanges,
  type Hypervisor,
  HypervisorModel,
  InterruptNumbers,
  type Refusal,
} from '../hypervisor/index.js';
import type { FrameWriter } from '../rpc/index.js';
import { type Header, MessageType } from '../schema/index.js';
import { QUEUE_DEPTH_DEFAULT } from '../transport/index.js';
import { RmError, VMID_HLOS, VMID_PEER_DEFAULT, VMID_RM, VmState } from './codes.js';
import type { Context, FirmwareState } from './context.js';
import { haltVcpu } from './create/halt.js';
import { EventLoop } from './event-loop.js';
import type { Responder } from './handlers/responder.js';
import { InterruptTable } from './interrupt-table.js';
import { type LinkOwner, NotificationCounter } from './link.js';
import { LinkTable } from './link-table.js';
import type { ManagerProfile } from './managers.js';
import { ManagerPanic, type PanicReason, panicPlaces } from './panics.js';
import type { Parcel } from './parcels/parcel.js';
import { ParcelTable } from './parcels/table.js';
import { errorReply } from './payload.js';
import { type PlatformProfile, platforms } from './platform.js';
import { newAllocator, Vm, VmConfig } from './vm.js';
import { VmTable } from './vm-table.js';

const PAGE_SIZE = 0x1000;

/** Pages that the hypervisor has for the tables of a VM's address space at the moment. */
type TablePagesMax = (vmid: number) => number;

export interface ManagerOptions {
  readonly platform?: PlatformProfile;
  /** Depth of the primary VM's queues; other values than 8 replace the depth of all queues. */
  readonly queueDepth?: number;
  /** Whether the primary VM owns the platform's device memory. */
  readonly hlosOwnsIo?: boolean;
  /** A debug build checks less of the image at VM_START. */
  readonly debugBuild?: boolean;
  /** Answers with an error where the public manager dies, and has none of its leaks. */
  readonly careful?: boolean;
  /** The hypervisor below, made anew at every boot; the model by default. */
  readonly hypervisor?: (options: ManagerOptions, tablePagesMax: TablePagesMax) => Hypervisor;
  /** The RPC links, made anew at every boot. */
  readonly links?: (...args: ConstructorParameters<typeof LinkTable>) => LinkTable;
  /** Whose manager it is, by default the public one of December 2023. A message without a row is not implemented. */
  readonly profile?: Pick<ManagerProfile, 'rows'>;
  /** It has died and answers nothing until {@link ResourceManager.reboot}. */
  readonly onPanic?: (reason: PanicReason) => void;
  /**
   * Called where the manager would die. It then answers as a careful manager does there and goes on, to follow a
   * manager that did not die.
   */
  readonly onSurvived?: (reason: PanicReason) => void;
  /** A message to a VM was dropped, since too many wait for that VM. */
  readonly onDropped?: (vmid: number, id: number) => void;
  /** A VM's RPC link comes or goes. */
  readonly onLink?: (vmid: number, exists: boolean) => void;
  /** The hypervisor has refused something: which page, and whose it is. */
  readonly onRefused?: (refusal: Refusal) => void;
  /** A queue message was put on the queue to a VM. */
  readonly onSent?: (vmid: number, frame: Uint8Array) => void;
}

function modelFor(options: ManagerOptions, tablePagesMax: TablePagesMax): Hypervisor {
  const platform = options.platform ?? platforms.native;
  return new HypervisorModel({
    normal: [platform.memory],
    io: options.hlosOwnsIo === true ? [platform.ownedIo] : [],
    interrupts: platform.interrupts,
    primaryVmid: VMID_HLOS,
    tablePagesMax,
    onRefused: options.onRefused,
  });
}

/** What outlives a reboot. */
export interface Lasting {
  readonly responders: ReadonlyMap<number, Responder>;
  readonly frames: FrameWriter;
  readonly irqHandleBase: number;
}

/** One boot of the manager: everything that a reboot forgets. */
export class Boot implements Context, LinkOwner {
  readonly platform: PlatformProfile;
  readonly careful: boolean;
  readonly debugBuild: boolean;
  readonly hypervisor: Hypervisor;
  readonly vms = new VmTable();
  readonly parcels = new ParcelTable();
  readonly interrupts: InterruptTable;
  readonly loop = new EventLoop();
  readonly counter = new NotificationCounter();
  readonly frames: FrameWriter;
  readonly sent: LinkOwner['sent'];
  readonly links: LinkTable;
  readonly firmware: FirmwareState = { milestoneReached: false, size: undefined };
  /** Of the hypervisor and of RM itself. */
  readonly heaps = new Map([0, 1].map((handle) => [handle, new Set<Parcel>()] as const));
  rasHandler: Vm | undefined;
  /** Why it stopped, undefined while it runs. */
  panicked: PanicReason | undefined;
  readonly #options: ManagerOptions;
  readonly #responders: Lasting['responders'];

  constructor(options: ManagerOptions, { responders, frames, irqHandleBase }: Lasting) {
    this.#options = options;
    this.#responders = responders;
    this.frames = frames;
    this.platform = options.platform ?? platforms.native;
    this.careful = options.careful ?? false;
    this.debugBuild = options.debugBuild ?? false;
    this.sent = options.onSent;
    this.interrupts = new InterruptTable(irqHandleBase);
    const { hypervisor = modelFor, links = (...args) => new LinkTable(...args) } = options;
    this.hypervisor = hypervisor(options, (vmid) =>
      vmid === VMID_HLOS ? this.#primaryTablesMax() : Number.POSITIVE_INFINITY,
    );
    this.links = links(this, {
      queueDepth: options.queueDepth ?? QUEUE_DEPTH_DEFAULT,
      rules: this.platform.queueRules,
      noLink: () => this.panicOrError('notify_without_link'),
      onLink: options.onLink,
    });
    this.vms.add(this.#managerVm());
    this.vms.add(this.#primaryVm());
    this.links.add(VMID_HLOS);
  }

  #managerVm(): Vm {
    const vm = new Vm(VMID_RM, VMID_RM);
    vm.name = 'RM';
    vm.sensitive = true;
    vm.config = new VmConfig();
    vm.config.addressSpace = {};
    vm.config.vcpus = [{ label: 0, virq: 0, capability: this.hypervisor.newCapability() }];
    vm.allocator = newAllocator(this.platform);
    return vm;
  }

  #primaryVm(): Vm {
    const { virtioRange, interrupts } = this.platform;
    const vm = new Vm(VMID_HLOS, VMID_RM);
    vm.name = 'HLOS';
    vm.state = VmState.RUNNING;
    vm.config = new VmConfig();
    vm.config.addressSpace = {};
    vm.allocator = new AddressRanges(virtioRange.start, virtioRange.size);
    vm.allocator.allocateAt(virtioRange.start, PAGE_SIZE);
    vm.interrupts = new InterruptNumbers();
    for (const number of interrupts) vm.interrupts.take(number);
    // Its own two queues.
    vm.interrupts.choose();
    vm.interrupts.choose();
    return vm;
  }

  /** Pages for the primary VM's tables: what the hypervisor has, less a fixed number for each other VM. */
  #primaryTablesMax(): number {
    const { tables } = this.platform;
    if (tables === undefined) return Number.POSITIVE_INFINITY;
    let left = tables.pages - 1;
    for (const vm of this.vms.all())
      if (vm.owner !== VMID_RM && vm.config !== undefined) left -= tables.pagesPerVm;
    return left;
  }

  panicOrError(reason: PanicReason): number {
    const { onSurvived } = this.#options;
    if (!this.careful && onSurvived === undefined) throw new ManagerPanic(reason);
    if (!this.careful) onSurvived?.(reason);
    return panicPlaces[reason].carefulError;
  }

  /** Handles everything that waits, and what follows from it. */
  run(): void {
    if (this.panicked !== undefined) return;
    try {
      this.loop.run();
    } catch (error) {
      this.#stop(error);
    }
  }

  /** A VM's vCPU halts. */
  vcpuHalt(vmid: number, state: number, data: readonly [bigint, bigint]): void {
    if (this.panicked !== undefined) return;
    try {
      haltVcpu(this, vmid, state, data);
    } catch (error) {
      this.#stop(error);
    }
  }

  /** The manager died where this was thrown. Anything but a panic is thrown again. */
  #stop(error: unknown): void {
    if (!(error instanceof ManagerPanic)) throw error;
    this.panicked = error.reason;
    this.loop.clear();
    this.#options.onPanic?.(error.reason);
  }

  received(vmid: number, header: Header, view: DataView, start: number, end: number): void {
    const { type, msg_id: id, seq } = header;
    if (type !== MessageType.request) return;
    // A link may outlive its VM (rm-lives.md, section 3). Such a sender has nothing but its VMID.
    const sender = this.vms.get(vmid) ?? new Vm(vmid, VMID_PEER_DEFAULT);
    const respond = this.#responders.get(id);
    const reply =
      respond === undefined ? errorReply(RmError.UNIMPLEMENTED) : respond(this, sender, { view, start, end });
    this.links.get(vmid)?.reply(id, seq, reply.bytes, reply.size);
  }

  dropped(vmid: number, id: number): void {
    this.#options.onDropped?.(vmid, id);
  }

  tooLong(): void {
    this.panicOrError('message_too_long');
  }
}
