import { constants } from '../../../schemas/index.js';
import { UsageError } from '../../base/error.js';
import { type Hazard, type HostError, hypercallError } from '../../host/index.js';
import {
  type HazardReport,
  type Hypercall,
  type VcpuRunCall,
  VcpuState,
} from '../../host/vm-manager/index.js';
import { HypError } from '../../hypervisor/index.js';
import type { Link } from '../../rm/index.js';
import type { World } from '../world.js';
import { type BehaviourName, Guest } from './guest.js';
import { GuestVcpu } from './guest-vcpu.js';
import { type HostGeneration, type HostMode, LinuxHost } from './linux-host.js';
import { type LoaderGeneration, SecureVmLoader } from './secure-vm-loader.js';

const { VMID_HLOS } = constants;
/** Bytes: the state and three words. */
const VCPU_RUN_ANSWER_SIZE = 32;

/** What happens in kernels besides the results of operations. */
export type KernelEvent = { readonly vmid: number } & (
  | { readonly kind: 'hazard_report'; readonly report: HazardReport }
  /** The real client would leak or die here. */
  | { readonly kind: 'hazard'; readonly hazard: Hazard }
  /** A call that a guest made by itself has failed. */
  | { readonly kind: 'failed'; readonly error: HostError }
);

export interface KernelsPort {
  readonly send: (vmid: number, frame: Uint8Array) => void;
  readonly event: (event: KernelEvent) => void;
  /** Called before each hypercall of the host; any answer but 0 is its error, and it is not made. */
  readonly hypercall?: (hypercall: Hypercall) => number;
}

/** The VMs of a world in which something runs: Linux in the primary one, guests in others. */
export class Kernels {
  readonly #world: () => World;
  readonly #port: KernelsPort;
  #host: LinuxHost | undefined;
  #loader: SecureVmLoader | undefined;
  /** With the configuration of the VM at that time. */
  readonly #vcpus = new Map<number, { readonly vcpu: GuestVcpu; readonly config: unknown }>();
  /** By VMID, with the link at the guest's boot. The guest ends when that link does. */
  readonly #guests = new Map<number, { readonly guest: Guest; readonly link: Link | undefined }>();

  constructor(world: () => World, port: KernelsPort) {
    this.#world = world;
    this.#port = port;
  }

  /** Linux of the primary VM. Throws UsageError when none was booted. */
  get host(): LinuxHost {
    return this.#host ?? refuseUnbooted('a host');
  }

  /** Boots Linux in the primary VM. An earlier one and all its state are forgotten. */
  bootHost(generation: HostGeneration, mode: HostMode): void {
    this.#loader = undefined;
    const world = this.#world();
    const { memory } = world.manager.platform;
    this.#host = new LinuxHost(
      { generation, mode, memory },
      {
        ...this.#portOf(VMID_HLOS),
        memory: (operation) => world.performOnMemory(operation),
        accessible: (address, size) => world.manager.hypervisor.memory.accessible(VMID_HLOS, address, size),
        report: (report) => this.#port.event({ vmid: VMID_HLOS, kind: 'hazard_report', report }),
        schedule: (afterNs, action) => world.at(world.now + afterNs, action),
      },
    );
  }

  /** Boots Qualcomm's kernel in the primary VM. An earlier kernel and all its state are forgotten. */
  bootLoader(generation: LoaderGeneration): void {
    this.#host = undefined;
    this.#loader = new SecureVmLoader(generation, this.#portOf(VMID_HLOS));
  }

  /** The loader of secure VMs. Throws UsageError when none was booted. */
  get loader(): SecureVmLoader {
    return this.#loader ?? refuseUnbooted('a loader');
  }

  bootGuest(vmid: number, names: readonly BehaviourName[]): void {
    const failed = (error: HostError) => this.#port.event({ vmid, kind: 'failed', error });
    const guest = new Guest(names, { ...this.#portOf(vmid), failed });
    this.#guests.set(vmid, { guest, link: this.#world().manager.link(vmid) });
  }

  /** The boot vCPU of a VM. A VM that was made again has a new one. */
  vcpu(vmid: number): GuestVcpu {
    const config = this.#world().manager.vm(vmid)?.config;
    const known = this.#vcpus.get(vmid);
    if (known !== undefined && known.config === config) return known.vcpu;
    const vcpu = new GuestVcpu(this.#world(), vmid);
    this.#vcpus.set(vmid, { vcpu, config });
    return vcpu;
  }

  /** A hypercall of the host. */
  #hypercall(hypercall: Hypercall): Uint8Array {
    const error = this.#port.hypercall?.(hypercall) ?? HypError.OK;
    if (error !== HypError.OK) throw hypercallError(hypercall.name, { error });
    if (hypercall.name === 'vcpu_run') return this.#runVcpu(hypercall);
    const result = this.#world().hypercall(VMID_HLOS, hypercall);
    if (result.error !== 0) throw hypercallError(hypercall.name, result);
    return new Uint8Array();
  }

  #runVcpu({ vcpu: capability, resume }: VcpuRunCall): Uint8Array {
    const vm = this.#world()
      .manager.vms()
      .find(
        ({ config, vmid }) =>
          vmid !== VMID_HLOS && config?.vcpus.some((vcpu) => vcpu.capability === capability),
      );
    if (vm === undefined) throw hypercallError('vcpu_run', { error: HypError.CAP_NULL });
    const isBoot = vm.config?.vcpus[0]?.capability === capability;
    const answer = isBoot ? this.vcpu(vm.vmid).run(resume) : [VcpuState.POWERED_OFF, 0n, 0n];
    const bytes = new Uint8Array(VCPU_RUN_ANSWER_SIZE);
    const view = new DataView(bytes.buffer);
    for (const [index, word] of answer.entries()) view.setBigUint64(index * 8, BigInt(word), true);
    return bytes;
  }

  /** Whether something runs in a VM. */
  has(vmid: number): boolean {
    if (vmid === VMID_HLOS) return this.#host !== undefined || this.#loader !== undefined;
    return this.#guests.has(vmid);
  }

  /** A VM got a queue message. */
  received(vmid: number, frame: Uint8Array): void {
    if (vmid === VMID_HLOS) this.#host?.received(frame);
    if (vmid === VMID_HLOS) this.#loader?.received(frame);
    const entry = this.#guests.get(vmid);
    if (entry === undefined) return;
    if (entry.link === this.#world().manager.link(vmid)) entry.guest.received(frame);
    else this.#guests.delete(vmid);
  }

  /** Must be called when no event is left. @returns whether a kernel stopped waiting and goes on. */
  giveUp(): boolean {
    return this.#host?.giveUp() ?? this.#loader?.giveUp() ?? false;
  }

  /** The machine reboots: all kernels are gone. */
  reboot(): void {
    this.#host = undefined;
    this.#loader = undefined;
    this.#guests.clear();
    this.#vcpus.clear();
  }

  #portOf(vmid: number) {
    return {
      send: (frame: Uint8Array) => this.#port.send(vmid, frame),
      hypercall: (hypercall: Hypercall) => this.#hypercall(hypercall),
      hazard: (hazard: Hazard) => this.#port.event({ vmid, kind: 'hazard', hazard }),
    };
  }
}

function refuseUnbooted(kernel: string): never {
  throw new UsageError({
    code: 'unknown',
    path: 'op',
    expected: `${kernel} that was booted`,
    actual: 'none',
  });
}
