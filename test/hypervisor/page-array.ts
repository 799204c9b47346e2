/**
 * The memory model again, as plainly as it can be said: one record per page, one loop per question, nothing shared with
 * src/hypervisor but its types and its vocabulary. Slow, and meant to be obviously right.
 */
import type { MemoryKind, PageState, RefusalCode, Run, Transition } from '../../src/hypervisor/index.js';

export const PAGE = 0x1000;
export const BLOCK = 0x200000;
const LIMIT = 2 ** 48;
const NOBODY = -1;
const HYPERVISOR = 0;
const INTERNAL_LIMIT = 2 ** 40;

export interface Page {
  readonly kind: MemoryKind;
  owner: number;
  at: number | undefined;
  readonly borrowers: Map<number, number | undefined>;
  lent: boolean;
}

export interface Space {
  readonly internal: boolean;
  readonly mapped: Map<number, { readonly phys: number; readonly access: number }>;
  /** First addresses of blocks that have a table. */
  readonly tables: Set<number>;
}

export interface No {
  readonly code: RefusalCode;
  readonly errno: string;
  readonly path: 'source' | 'target';
  readonly owner: number;
  readonly offset: number;
  readonly pageOwner: number | undefined;
}

export type Step = 'donate' | 'share' | 'unshare' | 'lend' | 'reclaim';

const blockOf = (address: number) => address - (address % BLOCK);
const isVm = (owner: number) => owner >= 0;
const isComponent = (owner: number) => Number.isInteger(owner) && owner <= 65535 && owner >= -2 - 0xffffffff;

export class PageArray {
  readonly pages = new Map<number, Page>();
  readonly spaces = new Map<number, Space>();

  /** VMs that have had memory from the start. */
  private readonly first = new Set<number>();
  /** By physical address: how often the kernel of its VM uses it. */
  readonly inUse = new Map<number, number>();

  constructor(
    private readonly tablePagesMax: (owner: number) => number,
    private readonly joinsBlocks = false,
  ) {}

  add(kind: MemoryKind, start: number, size: number, owner: number): void {
    this.first.add(owner);
    for (let at = start; at < start + size; at += PAGE) {
      this.pages.set(at, { kind, owner, at, borrowers: new Map(), lent: false });
      this.space(owner).mapped.set(at, { phys: at, access: kind === 'io' ? 6 : 7 });
      if (kind === 'io') this.space(owner).tables.add(blockOf(at));
    }
  }

  space(owner: number, internal = false): Space {
    let space = this.spaces.get(owner);
    if (space === undefined) {
      space = { internal, mapped: new Map(), tables: new Set() };
      this.spaces.set(owner, space);
    }
    return space;
  }

  /** The physical page behind an address of a component, whether there is one or not. */
  physOf(owner: number, address: number): number | undefined {
    return isVm(owner) ? this.space(owner).mapped.get(address)?.phys : address;
  }

  stateOf(owner: number, page: Page | undefined): PageState {
    if (page === undefined) return 'none';
    if (page.owner !== owner) return page.borrowers.has(owner) ? 'shared-borrowed' : 'none';
    if (page.lent) return 'lent';
    return page.borrowers.size > 0 ? 'shared-owned' : 'owned';
  }

  perform(step: Step, { kind, source, target, size }: Transition, access: number): No | undefined {
    const [a, b] = [source.address, target.address];
    const no = (
      path: No['path'],
      code: RefusalCode,
      errno: string,
      offset: number,
      pageOwner?: number,
    ): No => {
      const owner = path === 'source' ? source.owner : target.owner;
      return this.named({ code, errno, path, owner, offset, pageOwner });
    };
    if (!isComponent(source.owner)) return no('source', 'component', 'EINVAL', a ?? 0);
    if (!isComponent(target.owner)) return no('target', 'component', 'EINVAL', b ?? 0);
    if (source.owner === target.owner) return no('target', 'component', 'EINVAL', b ?? 0);
    if (a === undefined) return no('source', 'address', 'EINVAL', 0);
    if (b === undefined && !(step === 'donate' && isVm(target.owner)))
      return no('target', 'address', 'EINVAL', 0);
    for (const [path, start] of [
      ['source', a],
      ['target', b ?? 0],
    ] as const) {
      if (!Number.isSafeInteger(size) || size <= 0 || size % PAGE > 0)
        return no(path, 'size', 'EINVAL', start);
      if (!Number.isSafeInteger(start) || start < 0 || start % PAGE > 0 || start + size > LIMIT)
        return no(path, 'address', 'EINVAL', start);
    }
    if (![1, 2, 3, 4, 5, 6, 7].includes(access)) return no('target', 'rights', 'EINVAL', b ?? 0);

    const wanted = { donate: ['owned'], share: ['owned', 'shared-owned'], lend: ['owned'] } as Record<
      Step,
      string[]
    >;
    const ending = step === 'unshare' || step === 'reclaim';
    const phys: number[] = [];
    for (let done = 0; done < size; done += PAGE) {
      const at = this.physOf(source.owner, a + done) ?? -1;
      const page = this.pages.get(at);
      const state = this.stateOf(source.owner, page);
      const right = ending ? [step === 'unshare' ? 'shared-owned' : 'lent'] : wanted[step];
      if (!right.includes(state)) return no('source', 'state', 'EPERM', a + done, page?.owner);
      if (page?.kind !== kind) return no('source', 'kind', 'EINVAL', a + done, page?.owner);
      phys.push(at);
    }
    const used = phys.findIndex((at) => (this.inUse.get(at) ?? 0) > 0);
    if (!ending && isVm(source.owner) && used >= 0)
      return no('source', 'in_use', 'EBUSY', a + used * PAGE, this.pages.get(phys[used] as number)?.owner);
    const held = phys.map((at) => this.pages.get(at) as Page);
    const placed = isVm(target.owner) && b !== undefined;
    const internal = isVm(target.owner) && this.space(target.owner).internal;
    const trusted = step === 'donate' && source.owner === HYPERVISOR && isVm(target.owner) && !internal;
    if (b !== undefined && !trusted) {
      const bad = (test: (at: number, index: number) => boolean) =>
        phys.findIndex((at, index) => test(at, index));
      if (!isVm(target.owner) || this.space(target.owner).internal) {
        const index = bad((at, i) => at !== b + i * PAGE);
        if (index >= 0) return no('target', 'identity', 'EINVAL', b + index * PAGE, held[index]?.owner);
      }
      if (ending) {
        const index = bad((_, i) => {
          const borrowers = held[i]?.borrowers;
          return (
            borrowers?.has(target.owner) !== true || (placed && borrowers.get(target.owner) !== b + i * PAGE)
          );
        });
        if (index >= 0) return no('target', 'not_borrowed', 'EPERM', b + index * PAGE, held[index]?.owner);
      } else {
        const there = bad((_, i) => placed && this.space(target.owner).mapped.has(b + i * PAGE));
        if (there >= 0) {
          const page = this.pages.get(this.physOf(target.owner, b + there * PAGE) ?? -1);
          return no('target', 'mapped', 'EPERM', b + there * PAGE, page?.owner);
        }
        const index = bad((_, i) => held[i]?.borrowers.has(target.owner) === true);
        if (index >= 0) return no('target', 'borrowed', 'EPERM', b + index * PAGE, held[index]?.owner);
      }
    }

    const split =
      isVm(source.owner) && (step === 'donate' || step === 'lend') ? this.cut(a, size) : new Set<number>();
    if (!this.fits(source.owner, split)) return no('source', 'tables', 'ENOMEM', a);
    let tables = new Set<number>();
    if (placed) tables = ending ? this.cut(b, size) : this.scattered(b, phys);
    if (!this.fits(target.owner, tables)) return no('target', 'tables', 'ENOMEM', b ?? 0);
    if (trusted && placed) this.displace(target.owner, b, size);
    for (const block of split) this.space(source.owner).tables.add(block);
    for (const block of tables) this.space(target.owner).tables.add(block);

    held.forEach((page, index) => {
      const at = placed ? b + index * PAGE : undefined;
      if (step === 'donate') {
        page.owner = target.owner;
        page.at = at;
        if (isVm(source.owner)) this.space(source.owner).mapped.delete(a + index * PAGE);
      } else if (ending) {
        page.borrowers.delete(target.owner);
        page.lent = false;
      } else {
        page.borrowers.set(target.owner, at);
        page.lent = step === 'lend';
      }
      if (at === undefined) return;
      const rights = step === 'donate' ? (kind === 'io' ? 6 : 7) : access;
      if (ending) this.space(target.owner).mapped.delete(at);
      else this.space(target.owner).mapped.set(at, { phys: phys[index] as number, access: rights });
    });
    this.join();
    return undefined;
  }

  /** A VM that had its memory from the start is told whose the page is that it had there. */
  private named(no: No): No {
    const pageOwner =
      no.pageOwner ?? (this.first.has(no.owner) ? this.pages.get(no.offset)?.owner : undefined);
    return { ...no, pageOwner };
  }

  /** Whoever has something there has it there no more. */
  private displace(owner: number, start: number, size: number): void {
    for (let at = start; at < start + size; at += PAGE) {
      const page = this.pages.get(this.physOf(owner, at) ?? -1);
      if (page?.owner === owner) page.at = undefined;
      else if (page?.borrowers.has(owner)) page.borrowers.set(owner, undefined);
      this.space(owner).mapped.delete(at);
    }
  }

  use(owner: number, phys: number, size: number): No | undefined {
    for (let at = phys; at < phys + size; at += PAGE) {
      const page = this.pages.get(at);
      const state = this.stateOf(owner, page);
      if (state === 'none' || state === 'lent')
        return { code: 'state', errno: 'EPERM', path: 'source', owner, offset: at, pageOwner: page?.owner };
    }
    for (let at = phys; at < phys + size; at += PAGE) this.inUse.set(at, (this.inUse.get(at) ?? 0) + 1);
    return undefined;
  }

  endUse(phys: number, size: number): void {
    for (let at = phys; at < phys + size; at += PAGE)
      this.inUse.set(at, Math.max(0, (this.inUse.get(at) ?? 0) - 1));
  }

  /** Memory of an internal VM, at its physical address. */
  mapRegion(owner: number, start: number, size: number, access: number, kind: MemoryKind): No | undefined {
    const isPages = (value: number) => Number.isSafeInteger(value) && value >= 0 && value % PAGE === 0;
    if (isPages(start) && isPages(size) && start + size >= INTERNAL_LIMIT)
      return { code: 'limit', errno: 'EFAULT', path: 'target', owner, offset: start, pageOwner: undefined };
    return this.map(owner, { address: start, phys: start, size }, access, kind);
  }

  /** Blocks that are mapped wholly and alike, or not at all, need no table. */
  private join(): void {
    for (const [owner, { internal, mapped, tables }] of this.spaces) {
      if (!internal && !this.joinsBlocks) continue;
      for (const block of tables) {
        const first = mapped.get(block);
        let count = 0;
        let alike = first !== undefined && (first.phys - block) % BLOCK === 0;
        for (let at = block; at < block + BLOCK; at += PAGE) {
          const mapping = mapped.get(at);
          if (mapping === undefined) continue;
          count++;
          const page = this.pages.get(mapping.phys);
          alike &&= mapping.phys - at === (first?.phys ?? 0) - block && mapping.access === first?.access;
          alike &&= this.stateOf(owner, page) !== 'lent';
          // The table stays, whatever the other pages are.
          if (!alike) break;
        }
        if (count === 0 || (alike && count === BLOCK / PAGE)) tables.delete(block);
      }
    }
  }

  map(owner: number, { address, phys, size }: Run, access: number, kind: MemoryKind): No | undefined {
    const no = (
      path: No['path'],
      code: RefusalCode,
      errno: string,
      offset: number,
      pageOwner?: number,
    ): No => {
      return this.named({ code, errno, path, owner, offset, pageOwner });
    };
    if (!isComponent(owner) || !isVm(owner)) return no('target', 'component', 'EINVAL', address);
    for (const [path, start] of [
      ['source', phys],
      ['target', address],
    ] as const) {
      if (!Number.isSafeInteger(size) || size <= 0 || size % PAGE > 0)
        return no(path, 'size', 'EINVAL', start);
      if (!Number.isSafeInteger(start) || start < 0 || start % PAGE > 0 || start + size > LIMIT)
        return no(path, 'address', 'EINVAL', start);
    }
    if (![1, 2, 3, 4, 5, 6, 7].includes(access)) return no('target', 'rights', 'EINVAL', address);
    const places = Array.from({ length: size / PAGE }, (_, index) => index * PAGE);
    const held = places.map((offset) => this.pages.get(phys + offset));
    for (const [index, page] of held.entries()) {
      const at = phys + index * PAGE;
      if (this.stateOf(owner, page) !== 'owned') return no('source', 'state', 'EPERM', at, page?.owner);
      if (page?.kind !== kind) return no('source', 'kind', 'EINVAL', at, page?.owner);
    }
    const seen = held.findIndex((page) => page?.at !== undefined);
    if (seen >= 0) return no('source', 'mapped', 'EPERM', phys + seen * PAGE, held[seen]?.owner);
    const space = this.space(owner);
    if (space.internal && address !== phys)
      return no('target', 'identity', 'EINVAL', address, held[0]?.owner);
    const there = places.find((offset) => space.mapped.has(address + offset));
    if (there !== undefined) {
      const page = this.pages.get(this.physOf(owner, address + there) ?? -1);
      return no('target', 'mapped', 'EPERM', address + there, page?.owner);
    }
    const tables = this.scattered(
      address,
      places.map((offset) => phys + offset),
    );
    if (!this.fits(owner, tables)) return no('target', 'tables', 'ENOMEM', address);
    for (const block of tables) space.tables.add(block);
    for (const [index, page] of held.entries()) {
      if (page !== undefined) page.at = address + index * PAGE;
      space.mapped.set(address + index * PAGE, { phys: phys + index * PAGE, access });
    }
    this.join();
    return undefined;
  }

  unmap(owner: number, address: number, size: number): No | undefined {
    const no = (code: RefusalCode, errno: string, offset: number, pageOwner?: number): No => {
      return this.named({ code, errno, path: 'source', owner, offset, pageOwner });
    };
    if (!isComponent(owner) || !isVm(owner)) return no('component', 'EINVAL', address);
    if (!Number.isSafeInteger(size) || size <= 0 || size % PAGE > 0) return no('size', 'EINVAL', address);
    if (!Number.isSafeInteger(address) || address < 0 || address % PAGE > 0 || address + size > LIMIT)
      return no('address', 'EINVAL', address);
    for (let at = address; at < address + size; at += PAGE) {
      const page = this.pages.get(this.physOf(owner, at) ?? -1);
      if (this.stateOf(owner, page) !== 'owned') return no('state', 'EPERM', at, page?.owner);
    }
    const tables = this.cut(address, size);
    if (!this.fits(owner, tables)) return no('tables', 'ENOMEM', address);
    for (const block of tables) this.space(owner).tables.add(block);
    for (let at = address; at < address + size; at += PAGE) {
      const page = this.pages.get(this.physOf(owner, at) ?? -1);
      if (page !== undefined) page.at = undefined;
      this.space(owner).mapped.delete(at);
    }
    this.join();
    return undefined;
  }

  abandon(owner: number): void {
    for (const page of this.pages.values()) {
      if (page.borrowers.delete(owner)) page.lent = false;
      if (page.owner === owner) {
        page.owner = NOBODY;
        page.at = undefined;
      }
    }
    this.spaces.delete(owner);
    this.join();
  }

  private fits(owner: number, blocks: ReadonlySet<number>): boolean {
    if (!isVm(owner)) return true;
    const { tables } = this.space(owner);
    const missing = [...blocks].filter((block) => !tables.has(block)).length;
    return missing === 0 || tables.size + missing <= this.tablePagesMax(owner);
  }

  /** Blocks of which some page is in a range and some is not. */
  private cut(start: number, size: number): Set<number> {
    const blocks = new Set<number>();
    for (let at = start; at < start + size; at += PAGE) {
      const block = blockOf(at);
      if (block < start || block + BLOCK > start + size) blocks.add(block);
    }
    return blocks;
  }

  /** Blocks that physical pages, mapped one behind the other, do not fill with a block of physical memory. */
  private scattered(start: number, phys: readonly number[]): Set<number> {
    const blocks = this.cut(start, phys.length * PAGE);
    phys.forEach((at, index) => {
      const address = start + index * PAGE;
      if (
        at - (phys[(blockOf(address) - start) / PAGE] ?? -1) !== address % BLOCK ||
        (at - address) % BLOCK !== 0
      )
        blocks.add(blockOf(address));
    });
    return blocks;
  }
}
