import type { Hypervisor } from './hypervisor.js';
import { InternalVm } from './internal-vm.js';
import { MemoryExtents } from './memory-extents.js';
import type { Owner } from './owner.js';
import { PageContents } from './page-contents.js';
import { PhysicalMemory } from './physical-memory.js';
import type { Refusal } from './refusal.js';

/** A range of physical memory, in bytes. */
export interface PhysicalRange {
  readonly start: number;
  readonly size: number;
}

export interface ModelOptions {
  /** Memory that belongs to the primary VM at boot, at the same guest address. */
  readonly normal: readonly PhysicalRange[];
  /** Device memory that belongs to the primary VM at boot. */
  readonly io: readonly PhysicalRange[];
  /** Hardware interrupts that exist; all are bound to the primary VM at boot. */
  readonly interrupts: readonly number[];
  readonly primaryVmid: number;
  /** Pages that the tables of a VM's address space may take at the moment; undefined: as many as they want. */
  readonly tablePagesMax?: ((vmid: number) => number) | undefined;
  /** Something was refused. */
  readonly onRefused?: ((refusal: Refusal) => void) | undefined;
}

/** The hypervisor of the simulation: memory, its contents, interrupt bindings. No time, no randomness. */
export class HypervisorModel implements Hypervisor {
  readonly memory: PhysicalMemory;
  readonly extents: MemoryExtents;
  readonly #contents = new PageContents();
  /** Hardware interrupts by number: whether they are bound. */
  readonly #interrupts = new Map<number, boolean>();
  readonly #internalVms = new Map<Owner, InternalVm>();
  #capabilities = 0n;

  constructor(options: ModelOptions) {
    this.memory = new PhysicalMemory(options);
    this.extents = new MemoryExtents(this.memory, () => this.newCapability());
    for (const kind of ['normal', 'io'] as const)
      for (const { start, size } of options[kind]) this.memory.add(kind, start, size, options.primaryVmid);
    for (const number of options.interrupts) this.#interrupts.set(number, true);
  }

  /** The internal VM with a VMID; it is made at the first use. */
  internalVm(vmid: number): InternalVm {
    const found = this.#internalVms.get(vmid) ?? new InternalVm(this.memory, vmid);
    this.#internalVms.set(vmid, found);
    return found;
  }

  endInternalVm(vmid: number): void {
    if (this.#internalVms.delete(vmid)) this.memory.abandon(vmid);
  }

  readMemory(address: number, target: Uint8Array): void {
    this.#contents.readInto(address, target);
  }

  writeMemory(address: number, bytes: Uint8Array): void {
    this.#contents.write(address, bytes);
  }

  zeroMemory(address: number, size: number): void {
    this.#contents.zero(address, size);
  }

  hasInterrupt(number: number): boolean {
    return this.#interrupts.has(number);
  }

  bindInterrupt(number: number): boolean {
    if (this.#interrupts.get(number) !== false) return false;
    this.#interrupts.set(number, true);
    return true;
  }

  unbindInterrupt(number: number): void {
    this.#interrupts.set(number, false);
  }

  newCapability(): bigint {
    this.#capabilities += 1n;
    return this.#capabilities;
  }
}
