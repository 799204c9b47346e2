import type { GuestMemoryFile } from '../guest-memory/index.js';
import { type Refuser, refuser } from '../refusal.js';
import { type AddressRange, contains, hex, overlaps, wraps } from './addresses.js';
import { ACCESS_MASK, GuestMemoryBinding, mapMemFlags } from './bindings.js';
import type { VmContext } from './context.js';
import { vmHazards } from './hazards.js';

const { FORCE_SHARE, ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, UNMAP } = mapMemFlags;
const RWX = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;

/** Argument of MAP_MEM. Bytes. */
export interface MapMemRequest {
  readonly guestAddress: bigint;
  /** {@link mapMemFlags}. */
  readonly flags: number;
  /** Undefined: the descriptor is not of a guest memory file. */
  readonly file: GuestMemoryFile | undefined;
  readonly offset: bigint;
  readonly size: bigint;
}

type Vm = Pick<VmContext, 'setup' | 'careful' | 'path' | 'bindings' | 'paged' | 'hazards'>;

/**
 * MAP_MEM (v17; client.md, section 8): binds part of a guest memory file to guest addresses, or with UNMAP removes a
 * binding. Neither RM nor the VM gets any memory yet.
 *
 * @throws HostError: EINVAL for flags, alignment, a range that wraps, another kind of file, or the middle of a binding;
 * EEXIST when the guest addresses or the part of the file are bound; ENOENT to remove a binding that does not exist;
 * EBUSY (careful manager) to remove one whose memory is in use.
 */
export function mapMem(vm: Vm, request: MapMemRequest): void {
  const refuse = refuser('MAP_MEM', `binding[${hex(request.guestAddress)}]`, request.guestAddress);
  const file = check(vm, request, refuse);
  if (request.flags & UNMAP) unmap(vm, file, request, refuse);
  else bind(vm, file, request, refuse);
}

function check({ setup }: Vm, request: MapMemRequest, refuse: Refuser): GuestMemoryFile {
  const { guestAddress, flags, file, offset, size } = request;
  if (file === undefined) throw refuse('EINVAL', 'file', 'guest memory', 'another file');
  const known = ACCESS_MASK | RWX | UNMAP;
  if ((flags & ~known) !== 0 || (flags & ACCESS_MASK) > FORCE_SHARE)
    throw refuse('EINVAL', 'flags', `${hex(known)}, access 0..2`, hex(flags));
  if ((flags & RWX) === 0) throw refuse('EINVAL', 'flags', 'a right for the guest', hex(flags));
  const unit = BigInt(file.folioSize);
  for (const value of [guestAddress, offset, size])
    if (value % unit !== 0n) throw refuse('EINVAL', 'alignment', unit, hex(value));
  if ((flags & ACCESS_MASK) !== FORCE_SHARE && !setup.mapsKernelPagewise)
    throw refuse('EINVAL', 'direct_map', 'kernel mappings by page', 'larger ones');
  return file;
}

function bind(vm: Vm, file: GuestMemoryFile, request: MapMemRequest, refuse: Refuser): void {
  const range = boundRange(vm, request, refuse);
  const binding = new GuestMemoryBinding(file, range, request.offset, request.flags, () => vm.path);
  if (vm.careful && request.offset + range.size > BigInt(file.size))
    throw refuse('EINVAL', 'range', file.size, request.offset + range.size);
  const taken = vm.bindings.find((other) => overlaps(other.range, range));
  if (taken !== undefined) throw refuse('EEXIST', 'overlap', 'free guest addresses', taken.path);
  const bound = vm.setup.fileBindings.of(file).find((other) => overlaps(other.part, binding.part));
  if (bound !== undefined) throw refuse('EEXIST', 'overlap', 'a part that is free', bound.path);
  add(vm, binding);
}

/**
 * Linux inserts the interval [address, address + size - 1]. With size 0 the interval is empty and is refused, except at
 * address 0, where its end wraps and it covers all addresses.
 */
function boundRange(vm: Vm, { guestAddress: start, size }: MapMemRequest, refuse: Refuser): AddressRange {
  if (size === 0n && (start !== 0n || vm.careful)) throw refuse('EINVAL', 'size', 'a page or more', size);
  if (wraps({ start, size })) throw refuse('EINVAL', 'wrap', 2n ** 64n - start, size);
  if (size > 0n) return { start, size };
  const everything = 2n ** 64n;
  const evidence = { expected: 0, actual: everything };
  vm.hazards.report(vmHazards.binds_everything, `binding[${hex(start)}]`, evidence);
  return { start, size: everything };
}

function unmap(vm: Vm, file: GuestMemoryFile, request: MapMemRequest, refuse: Refuser): void {
  const flags = request.flags & ~UNMAP;
  const range = { start: request.guestAddress, size: request.size };
  const end = range.start + range.size;
  const found = vm.bindings.find(
    (binding) => binding.file === file && binding.flags === flags && contains(binding.range, range),
  );
  if (found === undefined) throw refuse('ENOENT', 'unknown', 'a binding with these flags', hex(range.size));
  if (vm.careful && vm.paged.isUsing(range))
    throw refuse('EBUSY', 'state', 'memory that is not used', vm.path);
  const { start: foundStart, size } = found.range;
  const foundEnd = foundStart + size;
  if (range.start > foundStart && end < foundEnd)
    throw refuse('EINVAL', 'middle', 'one end of the binding', hex(range.start));
  vm.bindings = vm.bindings.filter((binding) => binding !== found);
  vm.setup.fileBindings.remove(found);
  const rest =
    range.start > foundStart ? found.trimmed(foundStart, range.start) : found.trimmed(end, foundEnd);
  if (rest.range.size > 0n) add(vm, rest);
}

function add(vm: Vm, binding: GuestMemoryBinding): void {
  vm.bindings = [...vm.bindings, binding];
  vm.setup.fileBindings.add(binding);
}
