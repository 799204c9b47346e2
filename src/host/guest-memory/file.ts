import { BLOCK_SIZE, PAGE_SIZE } from '../../hypervisor/index.js';
import { refuser } from '../refusal.js';
import { checkFallocate, fallocateModes } from './fallocate.js';
import type { FileRange } from './file-range.js';
import { type Folio, type FolioState, type HoldKind, holdRules } from './folio.js';
import { FolioTable } from './folio-table.js';
import type { HostPages } from './host-pages.js';
import { busy, elsewhere, inUse, isPages, pageRefuser } from './page-errors.js';
import { BETWEEN, finish, Locks, type Steps } from './steps.js';

/** Flags of CREATE_GUEST_MEM (include/uapi/linux/gunyah.h, v17). */
export const guestMemoryFlags = { CLOEXEC: 1n, ALLOW_HUGEPAGE: 2n } as const;

const FLAGS = guestMemoryFlags.CLOEXEC | guestMemoryFlags.ALLOW_HUGEPAGE;

export interface GuestMemoryOptions {
  /** Bytes, 0 up to 2^53, a multiple of the page size of 4096. */
  readonly size: number;
  /** A u64 of {@link guestMemoryFlags}. */
  readonly flags: bigint;
  /**
   * Whether inaccessible memory is removed from the kernel's own mapping of all memory, so that even a stray read of the
   * kernel cannot reach it.
   */
  readonly removeFromDirectMap: boolean;
  /** Allocates memory for a folio. @returns a physical address, a multiple of the size; undefined if none is free. */
  readonly allocate: (size: number) => number | undefined;
  /** Takes memory back. Without it, memory that the file gives up is lost. */
  readonly free?: (address: number, size: number) => void;
  /** What the hypervisor knows of the same pages. Without it, the file knows only of what is done by it. */
  readonly pages?: HostPages;
}

/** Physical memory of one folio (client.md, section 7, memory entries). */
export interface MemoryEntry {
  readonly address: number;
  readonly size: number;
}

/**
 * Memory for VMs that no process has to map (client.md, section 8; the guest_memfd series). A folio is allocated at its
 * first use, accessible to the host. Its size is a page, or with ALLOW_HUGEPAGE 2 MiB where a range covers an empty window
 * of the file and such memory is to be had. Offsets and sizes of operations are multiples of a page. An operation on a
 * part of a huge folio splits it, which is EBUSY while somebody holds the folio.
 *
 * Operations are {@link Steps}, and atomic: an operation takes all locks of its range before it checks anything, then
 * changes all of the range or nothing. At every step an inaccessible folio is neither mapped nor pinned nor used by the
 * host, nor in the direct map if it is to be removed from there. A conflict ends with EBUSY at once. Operations wait for
 * locks only, and take them in the order of offsets, so they cannot deadlock.
 *
 * Folios and pages of the hypervisor are the same pages: what is mapped or pinned here, the hypervisor gives to nobody,
 * and what the host has given away, by whatever way, can be neither mapped nor pinned nor lent nor freed.
 *
 * All failures are HostErrors. The path is the page (`page[3]`, in pages of 4096 bytes), the offset is its place in the
 * file in bytes, and `actual` names the holder or the owner.
 */
export class GuestMemoryFile {
  /** Size of a huge folio if the file may have such, else of a page: the alignment of MAP_MEM. */
  readonly folioSize: number;
  readonly #options: GuestMemoryOptions;
  readonly #folios: FolioTable;
  #size: number;
  #isReleased = false;

  /** CREATE_GUEST_MEM. @throws HostError (EINVAL) for a size that is no multiple of a page, or an unknown flag. */
  constructor(options: GuestMemoryOptions) {
    const { size, flags } = options;
    const call = 'CREATE_GUEST_MEM';
    if (!isPages(size)) throw refuser(call, 'size')('EINVAL', 'alignment', PAGE_SIZE, size);
    if ((flags & ~FLAGS) !== 0n) throw refuser(call, 'flags')('EINVAL', 'flags', FLAGS, flags);
    this.#size = size;
    this.folioSize = (flags & guestMemoryFlags.ALLOW_HUGEPAGE) === 0n ? PAGE_SIZE : BLOCK_SIZE;
    this.#options = options;
    this.#folios = new FolioTable({
      allocate: options.allocate,
      free: (address, folioSize) => {
        options.pages?.clear(address, folioSize);
        options.free?.(address, folioSize);
      },
    });
  }

  /** Bytes. */
  get size(): number {
    return this.#size;
  }

  /** The allocated folios, in the order of offsets. */
  get folios(): readonly Folio[] {
    return this.#folios.all;
  }

  /**
   * Makes a range inaccessible to the host. EBUSY when a page of it is mapped, pinned or used.
   *
   * @param by whose operation it is, for errors of others.
   */
  makeInaccessible(by: string, range: FileRange): Steps<void> {
    return this.#convert(by, range, 'inaccessible', [
      (folio) => {
        folio.inDirectMap = !this.#options.removeFromDirectMap;
      },
      setState('inaccessible'),
    ]);
  }

  /** Makes a range accessible to the host. EBUSY when a page of it is lent. */
  makeAccessible(by: string, range: FileRange): Steps<void> {
    // The state changes first, so that an inaccessible folio is never in the direct map.
    return this.#convert(by, range, 'accessible', [setState('accessible'), showInDirectMap]);
  }

  /**
   * Maps, pins, uses or lends a range. EFAULT when a page is in the wrong state, or not the host's; for a mapping that is
   * the SIGBUS of an access. EBUSY when a page that is to be lent is lent already.
   */
  *hold(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const { needs, doc } = holdRules[kind];
    const { pages } = this.#options;
    const user = `${doc} ${holder}`;
    const used: Folio[] = [];
    const add = (folio: Folio) => folio.add({ kind, holder });
    const check = (folio: Folio) => {
      const { state, offset, address, size } = folio;
      const code = kind === 'mapping' ? 'sigbus' : 'state';
      if (state !== needs) throw pageRefuser(kind, offset)('EFAULT', code, needs, state);
      const loan = kind === 'loan' ? folio.holds.find((hold) => hold.kind === 'loan') : undefined;
      if (loan !== undefined) throw busy(kind, folio, loan);
      const away = isUse(kind) ? pages?.use(address, size, user) : pages?.elsewhere(address, size);
      if (away !== undefined) throw elsewhere(kind, folio, away)(kind === 'loan' ? 'EBUSY' : 'EFAULT', code);
      if (isUse(kind)) used.push(folio);
    };
    try {
      // What the host uses is known to the hypervisor since the check.
      const [later, atOnce] = kind === 'loan' ? [[], add] : [[add]];
      yield* this.#change(holder, this.#find(kind, range), later, check, atOnce);
    } catch (error) {
      for (const { address, size } of used) pages?.endUse(address, size, user);
      throw error;
    }
  }

  /** Ends one hold of every folio of a range. EINVAL, without any change, when a folio has no such hold. */
  *drop(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const call = `end of ${kind}`;
    const folios: Folio[] = [];
    const { doc } = holdRules[kind];
    for (const offset of this.#pages(call, range)) {
      const folio = this.#folios.at(offset);
      if (!folio?.has({ kind, holder }))
        throw pageRefuser(call, offset)('EINVAL', 'hold', `${doc} ${holder}`, 'not so');
      if (folio === folios.at(-1)) continue;
      this.#checkWhole(call, folio, range);
      folios.push(folio);
    }
    for (const folio of folios) folio.loosen({ kind, holder });
    if (isUse(kind))
      for (const { address, size } of folios) this.#options.pages?.endUse(address, size, `${doc} ${holder}`);
    yield BETWEEN;
    for (const folio of folios) folio.leave();
    this.#join(folios);
  }

  /**
   * fallocate(2). Without PUNCH_HOLE it allocates the missing folios, all or none; those that are there keep what they
   * hold, also with ZERO_RANGE.
   *
   * @param mode of `fallocateModes`.
   * @throws HostError: EOPNOTSUPP for a mode without KEEP_SIZE or with other bits, EINVAL for a range that is empty, not
   * aligned, or (allocation) beyond the file's end, ENOMEM, EBUSY as {@link punchHole}.
   */
  fallocate(by: string, mode: number, range: FileRange): void {
    checkFallocate(mode, range);
    if ((mode & fallocateModes.PUNCH_HOLE) !== 0) finish(this.punchHole(by, range));
    else this.#join(this.#find('fallocate', range));
  }

  /** Frees the folios of a range; what is beyond the end is ignored. EBUSY, without any change, when one is held. */
  punchHole(by: string, { offset, size }: FileRange): Steps<void> {
    return this.#remove(by, 'punch_hole', { offset, size: Math.max(0, Math.min(size, this.#size - offset)) });
  }

  /** Frees every folio of a range that can be freed. @returns the first error of those that cannot. */
  punchEach(by: string, range: FileRange): Error | undefined {
    let failure: Error | undefined;
    for (const folio of this.#present(range))
      try {
        finish(this.#remove(by, 'punch_hole', folio));
      } catch (error) {
        failure ??= error as Error;
      }
    return failure;
  }

  /**
   * ftruncate(2): sets the size, and frees what is behind it. v17 has no handler of its own, so this is assumed: EBUSY,
   * without any change, when a folio behind the new end is held; EINVAL for part of a page.
   */
  *truncate(by: string, size: number): Steps<void> {
    const call = 'truncate';
    if (!isPages(size)) throw pageRefuser(call, 0)('EINVAL', 'alignment', PAGE_SIZE, size);
    yield* this.#remove(by, call, { offset: size, size: Math.max(0, this.#size - size) });
    this.#size = size;
  }

  /** The last reference to the file is gone: frees all folios. EBUSY, without any change, when one is held. */
  *release(by: string): Steps<void> {
    yield* this.#remove(by, 'release', { offset: 0, size: this.#size });
    this.#isReleased = true;
  }

  /**
   * Physical memory of a range, for MEM_LEND and MEM_SHARE. Missing folios are allocated.
   *
   * @param call name of the call in errors.
   */
  entries(call: string, range: FileRange): MemoryEntry[] {
    return this.#find(call, range).map(({ address, size }) => ({ address, size }));
  }

  /** The range of the folios that hold a part of the file. Missing ones are allocated, as large as may be. */
  folioRange(call: string, range: FileRange): FileRange {
    let start: number | undefined;
    let end = range.offset;
    for (const offset of this.#pages(call, range)) {
      if (offset < end) continue;
      const folio = this.#folios.at(offset) ?? this.#allocate(call, offset, this.folioSize);
      start ??= folio.offset;
      end = folio.offset + folio.size;
    }
    return { offset: start ?? range.offset, size: end - (start ?? end) };
  }

  #convert(
    by: string,
    range: FileRange,
    to: FolioState,
    steps: readonly ((folio: Folio) => void)[],
  ): Steps<void> {
    const call = `make_${to}`;
    return this.#change(by, this.#find(call, range), steps, (folio) => {
      const isBusy = folio.state !== to && !folio.canBecome(to);
      const inTheWay = isBusy ? folio.holds.find(({ kind }) => holdRules[kind].needs !== to) : undefined;
      if (inTheWay !== undefined) throw busy(call, folio, inTheWay);
      const given =
        to === 'accessible' ? this.#options.pages?.elsewhere(folio.address, folio.size) : undefined;
      if (given !== undefined) throw elsewhere(call, folio, given)('EBUSY', 'busy');
    });
  }

  /** Frees the folios of a range, or none. */
  *#remove(by: string, call: string, range: FileRange): Steps<void> {
    for (const folio of this.#present(range)) this.#checkWhole(call, folio, range);
    const check = (folio: Folio) => {
      // The file and this operation have a reference each.
      if (folio.holds.length > 0 || folio.references > 2) throw inUse(call, folio);
      const given = this.#options.pages?.elsewhere(folio.address, folio.size);
      if (given !== undefined) throw elsewhere(call, folio, given)('EBUSY', 'busy');
    };
    yield* this.#change(by, this.#present(range), [], check, (folio) => this.#folios.free(folio));
  }

  /**
   * Locks folios, checks all of them, and applies each step to all of them.
   *
   * @param atOnce applied right after the checks: the hypervisor, which knows no locks, has not moved a page since.
   */
  *#change(
    by: string,
    folios: readonly Folio[],
    steps: readonly ((folio: Folio) => void)[],
    check: (folio: Folio) => void,
    atOnce: (folio: Folio) => void = () => {},
  ): Steps<void> {
    const locks = new Locks(
      by,
      folios.map(({ lock }) => lock),
    );
    for (const folio of folios) folio.visit();
    try {
      yield BETWEEN;
      yield* locks.take();
      for (const folio of folios) check(folio);
      for (const folio of folios) atOnce(folio);
      for (const step of steps) {
        yield BETWEEN;
        for (const folio of folios) step(folio);
      }
    } finally {
      locks.giveBack();
      for (const folio of folios) folio.leave();
      this.#join(folios);
    }
  }

  /** The folios of a range, split where it covers them in part. Missing ones are allocated, all or none. */
  #find(call: string, range: FileRange): Folio[] {
    const folios: Folio[] = [];
    const made: Folio[] = [];
    const end = range.offset + range.size;
    try {
      for (const offset of this.#pages(call, range)) {
        const last = folios.at(-1);
        if (last !== undefined && offset < last.offset + last.size) continue;
        const found = this.#folios.at(offset);
        if (found !== undefined) this.#checkWhole(call, found, range);
        const isWindow = offset % BLOCK_SIZE === 0 && offset + BLOCK_SIZE <= end;
        const folio =
          this.#folios.at(offset) ?? this.#allocate(call, offset, isWindow ? this.folioSize : PAGE_SIZE);
        if (found === undefined) made.push(folio);
        folios.push(folio);
      }
    } catch (error) {
      for (const folio of made) this.#folios.free(folio);
      throw error;
    }
    return folios;
  }

  /** The folios of a range that are there. */
  #present({ offset, size }: FileRange): readonly Folio[] {
    return this.#folios.overlapping(offset, offset + size);
  }

  /** A huge folio of which a range covers a part is split. */
  #checkWhole(call: string, folio: Folio, { offset, size }: FileRange): void {
    if (folio.offset >= offset && folio.offset + folio.size <= offset + size) return;
    if (!folio.isIdle) throw inUse(call, folio);
    this.#folios.split(folio);
  }

  #join(folios: readonly Folio[]): void {
    if (this.folioSize === PAGE_SIZE) return;
    let window: number | undefined;
    for (const { offset, size } of folios) {
      const at = Math.floor(offset / BLOCK_SIZE);
      if (size === PAGE_SIZE && at !== window) this.#folios.join(offset);
      window = at;
    }
  }

  /** @param size of the folio to try first: a huge one only where its window is empty and in the file. */
  #allocate(call: string, offset: number, size: number): Folio {
    const window = offset - (offset % BLOCK_SIZE);
    const isHuge = size === BLOCK_SIZE && this.#folios.isEmpty(offset) && window + BLOCK_SIZE <= this.#size;
    const huge = isHuge ? this.#folios.allocate(window, BLOCK_SIZE) : undefined;
    const folio = huge ?? this.#folios.allocate(offset, PAGE_SIZE);
    if (folio === undefined) throw pageRefuser(call, offset)('ENOMEM', 'memory', PAGE_SIZE, 'none free');
    return folio;
  }

  /** Offsets of the pages of a range. EINVAL when it is empty, not aligned, or not wholly in the file. */
  *#pages(call: string, { offset, size }: FileRange): Generator<number> {
    if (this.#isReleased) throw pageRefuser(call, offset)('EBADF', 'released', 'an open file', 'released');
    for (const value of [offset, size])
      if (!isPages(value)) throw pageRefuser(call, offset)('EINVAL', 'alignment', PAGE_SIZE, value);
    if (size === 0 || offset + size > this.#size)
      throw pageRefuser(call, offset)('EINVAL', 'range', `1..${this.#size - offset} bytes`, size);
    for (let at = offset; at < offset + size; at += PAGE_SIZE) yield at;
  }
}

/** Whether a hold touches the memory at any time, so that the hypervisor must not move it. */
function isUse(kind: HoldKind): boolean {
  return kind === 'mapping' || kind === 'pin';
}

const setState = (state: FolioState) => (folio: Folio) => {
  folio.state = state;
};

const showInDirectMap = (folio: Folio) => {
  folio.inDirectMap = true;
};
