import { PAGE_SIZE } from '../../hypervisor/index.js';
import type { Errno } from '../errno.js';
import { HostError } from '../error.js';
import { Folio, type FolioState, type Hold, type HoldKind, holdRules } from './folio.js';
import { BETWEEN, Locks, type Steps } from './steps.js';

/** Flags of CREATE_GUEST_MEM (include/uapi/linux/gunyah.h, v17). */
export const guestMemoryFlags = { CLOEXEC: 1n, ALLOW_HUGEPAGE: 2n } as const;

const HUGE_PAGE_SIZE = 0x200000;
const FLAGS = guestMemoryFlags.CLOEXEC | guestMemoryFlags.ALLOW_HUGEPAGE;

export interface GuestMemoryOptions {
  /** Bytes, 0 up to 2^53, a multiple of the page size of 4096. */
  readonly size: number;
  /** A u64 of {@link guestMemoryFlags}. */
  readonly flags: bigint;
  /**
   * Whether the kernel's own mapping of all memory loses what is inaccessible, so that not even a stray read of the
   * kernel reaches it.
   */
  readonly removeFromDirectMap: boolean;
  /** Takes physical memory for a folio. @returns its address, a multiple of the size; undefined when there is none. */
  readonly allocate: (size: number) => number | undefined;
}

/** Part of a guest memory file, in bytes. */
export interface FileRange {
  readonly offset: number;
  readonly size: number;
}

/** Physical memory of a part of a file: one entry per folio (client.md, section 7, memory entries). */
export interface MemoryEntry {
  readonly address: number;
  readonly size: number;
}

/**
 * Memory of a VM that no process need have mapped (client.md, section 8; the guest_memfd series). Folios are allocated
 * when something first asks for them, accessible to the host, and stay until their owner frees the memory: nothing is
 * punched out. Their size is a page, with ALLOW_HUGEPAGE 2 MiB; offsets and sizes of operations are multiples of it.
 *
 * Operations are {@link Steps}. On a range they are atomic: all its locks are taken, in the order of offsets, before
 * anything is decided, so either all of it changes or nothing; between steps others act, but no one sees half a change
 * under the lock. At every step, whatever is inaccessible is neither mapped nor pinned nor used by the host, nor in
 * the direct map if it is to be removed from there. What others are in the way of ends with EBUSY, at once: nothing
 * waits but for locks, and whoever has a lock needs none with a lower offset, so every wait ends.
 *
 * All failures are HostErrors whose path is the page (`page[3]`, in pages of 4096 bytes) and whose offset is its place
 * in the file in bytes; `actual` names the holder.
 */
export class GuestMemoryFile {
  readonly size: number;
  readonly folioSize: number;
  readonly #options: GuestMemoryOptions;
  readonly #folios = new Map<number, Folio>();

  /** CREATE_GUEST_MEM. Throws HostError EINVAL for a size that is no multiple of a page, or another flag. */
  constructor(options: GuestMemoryOptions) {
    const { size, flags } = options;
    if (!isMultiple(size, PAGE_SIZE)) throw notCreated('size', 'alignment', PAGE_SIZE, size);
    if ((flags & ~FLAGS) !== 0n) throw notCreated('flags', 'flags', FLAGS, flags);
    this.size = size;
    this.folioSize = (flags & guestMemoryFlags.ALLOW_HUGEPAGE) === 0n ? PAGE_SIZE : HUGE_PAGE_SIZE;
    this.#options = options;
  }

  /** Folios that are there, by offset. */
  get folios(): readonly Folio[] {
    return [...this.#folios.values()].sort((left, right) => left.offset - right.offset);
  }

  /**
   * Takes a range from the host. EBUSY when somebody maps, pins or uses a page of it; what is inaccessible stays so.
   *
   * @param by who does it, for errors of others.
   */
  makeInaccessible(by: string, range: FileRange): Steps<void> {
    const hide = (folio: Folio) => {
      folio.inDirectMap = !this.#options.removeFromDirectMap;
    };
    return this.#convert(by, range, 'inaccessible', [hide, setInaccessible]);
  }

  /** Gives a range to the host again. EBUSY when a page of it is lent. */
  makeAccessible(by: string, range: FileRange): Steps<void> {
    // The state comes first, so that what is inaccessible is in the direct map at no time.
    return this.#convert(by, range, 'accessible', [setAccessible, show]);
  }

  /**
   * Maps, pins, uses or lends a range. EFAULT when a page has not the state that it takes, which for a mapping is the
   * SIGBUS of an access.
   */
  *hold(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const { needs } = holdRules[kind];
    const add = (folio: Folio) => folio.add({ kind, holder });
    yield* this.#change(kind, holder, range, [add], ({ state, offset }) => {
      if (state === needs) return;
      throw refusal(kind, 'EFAULT', kind === 'mapping' ? 'sigbus' : 'state', offset, needs, state);
    });
  }

  /** Ends one hold of every folio of a range. EINVAL, and nothing changes, when a folio is not held so. */
  *drop(kind: HoldKind, holder: string, range: FileRange): Steps<void> {
    const call = `end of ${kind}`;
    const folios: Folio[] = [];
    for (const offset of this.#offsets(call, range)) {
      const folio = this.#folios.get(offset);
      if (!folio?.has({ kind, holder }))
        throw refusal(call, 'EINVAL', 'hold', offset, `${holdRules[kind].doc} ${holder}`, 'not so');
      folios.push(folio);
    }
    for (const folio of folios) folio.loosen({ kind, holder });
    yield BETWEEN;
    for (const folio of folios) folio.leave();
  }

  /**
   * Physical memory of a range, allocated if need be, as MEM_LEND and MEM_SHARE describe it.
   *
   * @param call for whom, in errors.
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
      throw refusal(`make_${to}`, 'EBUSY', 'busy', folio.offset, 'held by nobody', held);
    });
  }

  /** What all changes have in common: find, lock, check everything, change everything step by step, unlock. */
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

  /** The folios of a range, allocated if need be. */
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
    if (address === undefined) throw refusal(call, 'ENOMEM', 'memory', offset, this.folioSize, 'none free');
    return new Folio(offset, address, this.folioSize);
  }

  /** Offsets of the folios of a range. EINVAL when it is empty, not aligned to folios, or not wholly in the file. */
  *#offsets(call: string, { offset, size }: FileRange): Generator<number> {
    for (const value of [offset, size])
      if (!isMultiple(value, this.folioSize))
        throw refusal(call, 'EINVAL', 'alignment', offset, this.folioSize, value);
    if (size === 0 || offset + size > this.size)
      throw refusal(call, 'EINVAL', 'range', offset, `1..${this.size - offset} bytes`, size);
    for (let at = offset; at < offset + size; at += this.folioSize) yield at;
  }
}

function setInaccessible(folio: Folio): void {
  folio.state = 'inaccessible';
}

function setAccessible(folio: Folio): void {
  folio.state = 'accessible';
}

function show(folio: Folio): void {
  folio.inDirectMap = true;
}

function isMultiple(value: number, unit: number): boolean {
  return Number.isSafeInteger(value) && value >= 0 && value % unit === 0;
}

function notCreated(
  path: string,
  code: string,
  expected: number | bigint,
  actual: number | bigint,
): HostError {
  return new HostError('CREATE_GUEST_MEM', 'EINVAL', 'local', { code, path, offset: 0, expected, actual });
}

/** @param offset of the folio in the file. */
function refusal(
  call: string,
  errno: Errno,
  code: string,
  offset: number,
  expected: number | bigint | string,
  actual: number | bigint | string,
): HostError {
  const path = `page[${Math.floor(offset / PAGE_SIZE)}]`;
  return new HostError(call, errno, 'local', { code, path, offset, expected, actual });
}
