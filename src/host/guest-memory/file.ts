import { BLOCK_SIZE, PAGE_SIZE } from '../../hypervisor/index.js';
import { type Refuser, refuser } from '../refusal.js';
import { Folio, type FolioState, type Hold, type HoldKind, holdRules } from './folio.js';
import { BETWEEN, Locks, type Steps } from './steps.js';

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
}

/** Part of a guest memory file, in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** Physical memory of one folio (client.md, section 7, memory entries). */
export interface MemoryEntry {
  readonly address: number;
  readonly size: number;
}

/**
 * Memory for VMs that no process has to map (client.md, section 8; the guest_memfd series). A folio is allocated at its
 * first use, accessible to the host, and is never freed. Its size is a page, or 2 MiB with ALLOW_HUGEPAGE; offsets and
 * sizes of operations are multiples of it.
 *
 * Operations are {@link Steps}, and atomic: an operation takes all locks of its range before it checks anything, then
 * changes all of the range or nothing. At every step an inaccessible folio is neither mapped nor pinned nor used by the
 * host, nor in the direct map if it is to be removed from there. A conflict ends with EBUSY at once. Operations wait for
 * locks only, and take them in the order of offsets, so they cannot deadlock.
 *
 * All failures are HostErrors. The path is the page (`page[3]`, in pages of 4096 bytes), the offset is its place in the
 * file in bytes, and `actual` names the holder.
 */
export class GuestMemoryFile {
  readonly size: number;
  readonly folioSize: number;
  readonly #options: GuestMemoryOptions;
  readonly #folios = new Map<number, Folio>();

  /** CREATE_GUEST_MEM. @throws HostError (EINVAL) for a size that is no multiple of a page, or an unknown flag. */
  constructor(options: GuestMemoryOptions) {
    const { size, flags } = options;
    const call = 'CREATE_GUEST_MEM';
    if (!isMultiple(size, PAGE_SIZE)) throw refuser(call, 'size')('EINVAL', 'alignment', PAGE_SIZE, size);
    if ((flags & ~FLAGS) !== 0n) throw refuser(call, 'flags')('EINVAL', 'flags', FLAGS, flags);
    this.size = size;
    this.folioSize = (flags & guestMemoryFlags.ALLOW_HUGEPAGE) === 0n ? PAGE_SIZE : BLOCK_SIZE;
    this.#options = options;
  }

  /** The allocated folios, in the order of offsets. */
  get folios(): readonly Folio[] {
    return [...this.#folios.values()].sort((left, right) => left.offset - right.offset);
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
   * Maps, pins, uses or lends a range. EFAULT when a page is in the wrong state; for a mapping that is the SIGBUS of an
   * access.
   */
  *hold(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const { needs } = holdRules[kind];
    const add = (folio: Folio) => folio.add({ kind, holder });
    yield* this.#change(kind, holder, range, [add], ({ state, offset }) => {
      if (state === needs) return;
      throw pageRefuser(kind, offset)('EFAULT', kind === 'mapping' ? 'sigbus' : 'state', needs, state);
    });
  }

  /** Ends one hold of every folio of a range. EINVAL, without any change, when a folio has no such hold. */
  *drop(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const call = `end of ${kind}`;
    const folios: Folio[] = [];
    for (const offset of this.#offsets(call, range)) {
      const folio = this.#folios.get(offset);
      if (!folio?.has({ kind, holder }))
        throw pageRefuser(call, offset)('EINVAL', 'hold', `${holdRules[kind].doc} ${holder}`, 'not so');
      folios.push(folio);
    }
    for (const folio of folios) folio.loosen({ kind, holder });
    yield BETWEEN;
    for (const folio of folios) folio.leave();
  }

  /**
   * Physical memory of a range, for MEM_LEND and MEM_SHARE. Missing folios are allocated.
   *
   * @param call name of the call in errors.
   */
  entries(call: string, range: FileRange): MemoryEntry[] {
    return this.#find(call, range).map(({ address, size }) => ({ address, size }));
  }

  #convert(
    by: string,
    range: FileRange,
    to: FolioState,
    steps: readonly ((folio: Folio) => void)[],
  ): Steps<void> {
    return this.#change(`make_${to}`, by, range, steps, (folio) => {
      if (folio.state === to || folio.canBecome(to)) return;
      const inTheWay = folio.holds.find(({ kind }) => holdRules[kind].needs !== to) as Hold;
      const held = `${holdRules[inTheWay.kind].doc} ${inTheWay.holder}`;
      throw pageRefuser(`make_${to}`, folio.offset)('EBUSY', 'busy', 'held by nobody', held);
    });
  }

  /** Locks the folios of a range, checks all of them, and applies each step to all of them. */
  *#change(
    call: string,
    by: string,
    range: FileRange,
    steps: readonly ((folio: Folio) => void)[],
    check: (folio: Folio) => void,
  ): Steps<void> {
    const folios = this.#find(call, range);
    const locks = new Locks(
      by,
      folios.map(({ lock }) => lock),
    );
    for (const folio of folios) folio.visit();
    try {
      yield BETWEEN;
      yield* locks.take();
      for (const folio of folios) check(folio);
      for (const step of steps) {
        yield BETWEEN;
        for (const folio of folios) step(folio);
      }
    } finally {
      locks.giveBack();
      for (const folio of folios) folio.leave();
    }
  }

  /** The folios of a range. Missing ones are allocated. */
  #find(call: string, range: FileRange): Folio[] {
    const folios: Folio[] = [];
    for (const offset of this.#offsets(call, range)) {
      const folio = this.#folios.get(offset) ?? this.#allocate(call, offset);
      this.#folios.set(offset, folio);
      folios.push(folio);
    }
    return folios;
  }

  #allocate(call: string, offset: number): Folio {
    const address = this.#options.allocate(this.folioSize);
    if (address === undefined)
      throw pageRefuser(call, offset)('ENOMEM', 'memory', this.folioSize, 'none free');
    return new Folio(offset, address, this.folioSize);
  }

  /** Offsets of the folios of a range. EINVAL when it is empty, not aligned, or not wholly in the file. */
  *#offsets(call: string, { offset, size }: FileRange): Generator<number> {
    for (const value of [offset, size])
      if (!isMultiple(value, this.folioSize))
        throw pageRefuser(call, offset)('EINVAL', 'alignment', this.folioSize, value);
    if (size === 0 || offset + size > this.size)
      throw pageRefuser(call, offset)('EINVAL', 'range', `1..${this.size - offset} bytes`, size);
    for (let at = offset; at < offset + size; at += this.folioSize) yield at;
  }
}

const setState = (state: FolioState) => (folio: Folio) => {
  folio.state = state;
};

const showInDirectMap = (folio: Folio) => {
  folio.inDirectMap = true;
};

function isMultiple(value: number, unit: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value % unit === 0;
}

/** The errors of an operation about one folio. @param offset of the folio in the file. */
function pageRefuser(call: string, offset: number): Refuser {
  return refuser(call, `page[${Math.floor(offset / PAGE_SIZE)}]`, offset);
}
