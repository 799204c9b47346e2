import { type Hypervisor, type MemoryKind, NOBODY, type Owner, type Stretch } from './hypervisor.js';
import { IntervalMap } from './interval-map.js';
import { PageContents } from './page-contents.js';

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
  /** Bytes of the blocks that `brokenBlocks` counts; undefined: it counts none. */
  readonly blockSize?: number | undefined;
}

interface Memory {
  /** Who owns which physical range. */
  readonly owners: IntervalMap<Owner>;
  /** Per VM: guest address to physical address of the memory it owns. */
  readonly views: Map<number, IntervalMap<number>>;
}

function newMemory(): Memory {
  return { owners: new IntervalMap((left, right) => left.value === right.value), views: new Map() };
}

/** The hypervisor of the simulation: owners, contents, interrupt bindings. No time, no randomness. */
export class HypervisorModel implements Hypervisor {
  readonly #contents = new PageContents();
  readonly #memory: Readonly<Record<MemoryKind, Memory>> = { normal: newMemory(), io: newMemory() };
  /** Hardware interrupts by number: whether they are bound. */
  readonly #interrupts = new Map<number, boolean>();
  #capabilities = 0n;
  readonly #primaryVmid: number;
  readonly #blockSize: number | undefined;
  readonly #broken = new Set<number>();

  constructor(options: ModelOptions) {
    this.#primaryVmid = options.primaryVmid;
    this.#blockSize = options.blockSize;
    for (const kind of ['normal', 'io'] as const)
      for (const { start, size } of options[kind]) {
        this.#memory[kind].owners.set(start, start + size, options.primaryVmid);
        this.show(options.primaryVmid, kind, start, size, start);
      }
    for (const number of options.interrupts) this.#interrupts.set(number, true);
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

  ownedStretch(vmid: number, kind: MemoryKind, ipa: number, size: number): Stretch | undefined {
    const found = this.#memory[kind].views.get(vmid)?.at(ipa);
    if (found === undefined) return undefined;
    return { phys: found.value + (ipa - found.start), size: Math.min(size, found.end - ipa) };
  }

  transfer(kind: MemoryKind, phys: number, size: number, from: Owner, to: Owner): boolean {
    const { owners } = this.#memory[kind];
    if (size <= 0 || !owners.every(phys, phys + size, (owner) => owner === from)) return false;
    owners.set(phys, phys + size, to);
    if (this.#blockSize !== undefined && from === this.#primaryVmid)
      this.#breakBlocks(phys, phys + size, this.#blockSize);
    return true;
  }

  get brokenBlocks(): number {
    return this.#broken.size;
  }

  /** Only the first and the last block of a range can be in it in part. */
  #breakBlocks(start: number, end: number, blockSize: number): void {
    if (start % blockSize !== 0) this.#broken.add(Math.floor(start / blockSize));
    if (end % blockSize !== 0) this.#broken.add(Math.floor(end / blockSize));
  }

  show(vmid: number, kind: MemoryKind, ipa: number, size: number, phys: number | undefined): void {
    const { views } = this.#memory[kind];
    let view = views.get(vmid);
    if (view === undefined) {
      view = new IntervalMap<number>(
        (left, right) => left.value + (left.end - left.start) === right.value,
        (value, offset) => value + offset,
      );
      views.set(vmid, view);
    }
    view.set(ipa, ipa + size, phys);
  }

  abandon(vmid: number): void {
    for (const { owners, views } of Object.values(this.#memory)) {
      for (const { start, end, value } of [...owners.entries()])
        if (value === vmid) owners.set(start, end, NOBODY);
      views.delete(vmid);
    }
  }

  /** Ranges of physical memory and their owners, in order; for checkers. */
  owners(
    kind: MemoryKind,
  ): readonly { readonly start: number; readonly end: number; readonly value: Owner }[] {
    return this.#memory[kind].owners.entries();
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
