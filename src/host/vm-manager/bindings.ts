import { memRights } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import { finish, type GuestMemoryFile } from '../guest-memory/index.js';
import { type AddressRange, contains, hex, overlaps, wraps } from './addresses.js';
import type { Backing } from './backing.js';
import { vmHazards } from './hazards.js';
import type { Piece } from './parcel.js';
import { failureOf, refusal } from './refusal.js';
import type { GunyahVm } from './vm.js';

/** Flags of MAP_MEM (client.md, section 8): access in the low three bits. */
export const mapMemFlags = {
  DEFAULT_ACCESS: 0,
  FORCE_LEND: 1,
  FORCE_SHARE: 2,
  ALLOW_READ: 0x10,
  ALLOW_WRITE: 0x20,
  ALLOW_EXEC: 0x40,
  UNMAP: 0x100,
} as const;

const ACCESS_MASK = 7;
const { FORCE_SHARE, ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, UNMAP } = mapMemFlags;
const RWX = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;

const rightsOfFlags = [
  [ALLOW_READ, memRights.bits.R],
  [ALLOW_WRITE, memRights.bits.W],
  [ALLOW_EXEC, memRights.bits.X],
] as const;

/** Argument of MAP_MEM. Bytes. */
export interface MapMemRequest {
  readonly guestAddress: bigint;
  /** {@link mapMemFlags}. */
  readonly flags: number;
  /** What the descriptor is of; undefined: of something else. */
  readonly file: GuestMemoryFile | undefined;
  readonly offset: bigint;
  readonly size: bigint;
}

/** Part of a guest memory file that a VM has at one range of guest addresses (v17). */
export class GuestMemoryBinding implements Backing {
  readonly rights: number;
  readonly lent: boolean;
  readonly #holder: () => string;

  constructor(
    readonly file: GuestMemoryFile,
    readonly range: AddressRange,
    /** Of the first byte in the file. */
    readonly offset: bigint,
    /** {@link mapMemFlags} but UNMAP. */
    readonly flags: number,
    /** Who has the memory, for errors of others: the VM. */
    holder: () => string,
  ) {
    this.#holder = holder;
    this.rights = rightsOfFlags.reduce((sum, [flag, right]) => sum | (flags & flag ? right : 0), 0);
    this.lent = (flags & ACCESS_MASK) !== FORCE_SHARE;
  }

  get path(): string {
    return `binding[${hex(this.range.start)}]`;
  }

  /** The part of the file that it is of. */
  get part(): AddressRange {
    return { start: this.offset, size: this.range.size };
  }

  /** The part of this binding that is left when only [start, end) is. Guest addresses. */
  trimmed(start: bigint, end: bigint): GuestMemoryBinding {
    const offset = this.offset + (start - this.range.start);
    return new GuestMemoryBinding(this.file, { start, size: end - start }, offset, this.flags, this.#holder);
  }

  /** @throws HostError: EBUSY when the host still uses a page that is to be lent, ENOMEM, EINVAL beyond the file. */
  take(call: string, part: AddressRange): readonly Piece[] {
    const { file } = this;
    const unit = BigInt(file.folioSize);
    const first = part.start - (part.start % unit);
    const end = part.start + part.size + unit - 1n;
    const offset = Number(this.offset + (first - this.range.start));
    const range = { offset, size: Number(end - (end % unit) - first) };
    const holder = this.#holder();
    try {
      if (this.lent) {
        finish(file.makeInaccessible(holder, range));
        finish(file.hold('loan', holder, range));
      } else finish(file.hold('use', holder, range));
      let guestAddress = first;
      return file.entries(call, range).map(({ address, size }, index) => {
        const piece: Piece = {
          guestAddress,
          address: BigInt(address),
          size: BigInt(size),
          release: () => this.#giveBack(holder, { offset: offset + index * size, size }),
        };
        guestAddress += piece.size;
        return piece;
      });
    } catch (error) {
      throw error instanceof HostError ? failureOf(call, error, this.path) : error;
    }
  }

  #giveBack(holder: string, range: { readonly offset: number; readonly size: number }): void {
    finish(this.file.drop(this.lent ? 'loan' : 'use', holder, range));
    if (this.lent) finish(this.file.makeAccessible(holder, range));
  }
}

/** Which parts of guest memory files VMs have, whichever VM: no part is bound twice. */
export class FileBindings {
  readonly #bindings = new WeakMap<GuestMemoryFile, readonly GuestMemoryBinding[]>();

  of(file: GuestMemoryFile): readonly GuestMemoryBinding[] {
    return this.#bindings.get(file) ?? [];
  }

  add(binding: GuestMemoryBinding): void {
    this.#bindings.set(binding.file, [...this.of(binding.file), binding]);
  }

  remove(binding: GuestMemoryBinding): void {
    this.#bindings.set(
      binding.file,
      this.of(binding.file).filter((other) => other !== binding),
    );
  }
}

/**
 * MAP_MEM (v17; client.md, section 8): binds part of a guest memory file to guest addresses, or with UNMAP takes it away
 * again. Nothing is given to RM or to the VM yet.
 *
 * @throws HostError: EINVAL for flags, alignment, a range that wraps, no guest memory file, a part in the middle of a
 * binding; EEXIST for guest addresses or a part of the file that are bound; ENOENT to unmap what is not bound.
 */
export function mapMem(vm: GunyahVm, request: MapMemRequest): void {
  const file = check(vm, request);
  if (request.flags & UNMAP) unmap(vm, file, request);
  else bind(vm, file, request);
}

function refuse(
  { guestAddress }: MapMemRequest,
  errno: 'EINVAL' | 'EEXIST' | 'ENOENT' | 'EBUSY',
  code: string,
  expected: bigint | number | string,
  actual: bigint | number | string,
): HostError {
  const path = `binding[${hex(guestAddress)}]`;
  return refusal('MAP_MEM', errno, { code, path, offset: guestAddress, expected, actual });
}

function check(vm: GunyahVm, request: MapMemRequest): GuestMemoryFile {
  const { guestAddress, flags, file, offset, size } = request;
  if (file === undefined) throw refuse(request, 'EINVAL', 'file', 'guest memory', 'another file');
  const known = ACCESS_MASK | RWX | UNMAP;
  if ((flags & ~known) !== 0 || (flags & ACCESS_MASK) > FORCE_SHARE)
    throw refuse(request, 'EINVAL', 'flags', `${hex(known)}, access 0..2`, hex(flags));
  if ((flags & RWX) === 0) throw refuse(request, 'EINVAL', 'flags', 'a right for the guest', hex(flags));
  const unit = BigInt(file.folioSize);
  for (const value of [guestAddress, offset, size])
    if (value % unit !== 0n) throw refuse(request, 'EINVAL', 'alignment', unit, hex(value));
  if ((flags & ACCESS_MASK) !== FORCE_SHARE && !vm.setup.mapsKernelPagewise)
    throw refuse(request, 'EINVAL', 'direct_map', 'kernel mappings by page', 'larger ones');
  return file;
}

function bind(vm: GunyahVm, file: GuestMemoryFile, request: MapMemRequest): void {
  const range = boundRange(vm, request);
  const flags = request.flags;
  const binding = new GuestMemoryBinding(file, range, request.offset, flags, () => vm.path);
  if (vm.careful && request.offset + range.size > BigInt(file.size))
    throw refuse(request, 'EINVAL', 'range', file.size, request.offset + range.size);
  const taken = vm.bindings.find((other) => overlaps(other.range, range));
  if (taken !== undefined) throw refuse(request, 'EEXIST', 'overlap', 'free guest addresses', taken.path);
  const bound = vm.setup.fileBindings.of(file).find((other) => overlaps(other.part, binding.part));
  if (bound !== undefined) throw refuse(request, 'EEXIST', 'overlap', 'a part that is free', bound.path);
  vm.bindings = [...vm.bindings, binding];
  vm.setup.fileBindings.add(binding);
}

/** Linux inserts [address, address + size - 1]: nothing at all cannot be inserted, but at address 0 it is everything. */
function boundRange(vm: GunyahVm, request: MapMemRequest): AddressRange {
  const { guestAddress: start, size } = request;
  if (size === 0n && (start !== 0n || vm.careful))
    throw refuse(request, 'EINVAL', 'size', 'a page or more', size);
  if (wraps({ start, size })) throw refuse(request, 'EINVAL', 'wrap', 2n ** 64n - start, size);
  if (size > 0n) return { start, size };
  const everything = 2n ** 64n;
  vm.find(vmHazards.binds_everything, `binding[${hex(start)}]`, { expected: 0, actual: everything });
  return { start, size: everything };
}

function unmap(vm: GunyahVm, file: GuestMemoryFile, request: MapMemRequest): void {
  const flags = request.flags & ~UNMAP;
  const range = { start: request.guestAddress, size: request.size };
  const end = range.start + range.size;
  const found = vm.bindings.find(
    (binding) => binding.file === file && binding.flags === flags && contains(binding.range, range),
  );
  if (found === undefined)
    throw refuse(request, 'ENOENT', 'unknown', 'a binding with these flags', hex(range.size));
  if (vm.careful && vm.paged.isUsing(range))
    throw refuse(request, 'EBUSY', 'state', 'memory that is not used', vm.path);
  const foundEnd = found.range.start + found.range.size;
  if (range.start > found.range.start && end < foundEnd)
    throw refuse(request, 'EINVAL', 'middle', 'one end of the binding', hex(range.start));
  vm.bindings = vm.bindings.filter((binding) => binding !== found);
  vm.setup.fileBindings.remove(found);
  const rest =
    range.start > found.range.start
      ? found.trimmed(found.range.start, range.start)
      : found.trimmed(end, foundEnd);
  if (rest.range.size === 0n) return;
  vm.bindings = [...vm.bindings, rest];
  vm.setup.fileBindings.add(rest);
}
