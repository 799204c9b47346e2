import { HostError } from '../error.js';
import { failureOf, refuser } from '../refusal.js';
import { type AddressRange, contains, hex, PAGE } from './addresses.js';
import type { Backing } from './backing.js';
import type { VmContext } from './context.js';
import { hostVmid } from './distrust.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { Parcel } from './parcel.js';
import { giveParcel } from './parcel-calls.js';
import type { MemoryRegion } from './region.js';

/** a14 keeps the size of a range that it looks for in 32 bits. */
const SIZE_MASK = 0xffff_ffffn;

/**
 * The region that contains a range (v9, and the careful manager), or the newest region that overlaps it (v11, a14).
 *
 * @throws HostError (EINVAL) when there is none.
 */
export function findRegion(vm: VmContext, path: string, range: AddressRange): MemoryRegion {
  const wholly = vm.careful || vm.rules.rangesFit === 'wholly';
  const found = wholly
    ? vm.regions.containing(range)
    : vm.regions.overlapping({ start: range.start, size: range.size & SIZE_MASK }, true);
  if (found === undefined || (vm.careful && range.size === 0n)) throw notFound(path, range, 'EINVAL');
  if (!contains(found.range, range))
    vm.hazards.report(vmHazards.dtb_outside, path, {
      offset: Number(range.start),
      expected: `in ${found.path}`,
      actual: `${hex(range.start)}..${hex(range.start + range.size)}`,
    });
  return found;
}

/**
 * The backing of a range. v17 and the careful manager want all of it in one backing; a15 looks at the first page only.
 *
 * @throws HostError: EINVAL for less than a page, ENOENT when there is none.
 */
export function findBacking(vm: VmContext, path: string, range: AddressRange): Backing {
  const pages = pagesOfRange(vm, range);
  if (pages.size === 0n) throw notFound(path, range, 'EINVAL');
  const wholly = vm.careful || vm.rules.rangesFit === 'wholly';
  const wanted = wholly ? pages : { start: pages.start, size: PAGE };
  const found = vm.backings.find((backing) => contains(backing.range, wanted));
  if (found === undefined) throw notFound(path, range, 'ENOENT');
  const [expected, actual] = [range.start + range.size, pages.start + pages.size];
  if (actual < expected) vm.hazards.report(vmHazards.dtb_cut, path, { expected, actual });
  if (!contains(found.range, pages)) {
    const evidence = { expected: `in ${found.path}`, actual: hex(pages.start) };
    vm.hazards.report(vmHazards.dtb_outside, path, evidence);
  }
  return found;
}

/** Takes the memory of a range from the host. The parcel is not given to RM yet. */
export function* parcelOf(vm: VmContext, path: string, range: AddressRange): Running<Parcel> {
  const backing = findBacking(vm, path, range);
  if (!backing.lent && !vm.careful && vm.rules.memory === 'guest_memory') {
    vm.hazards.report(vmHazards.shared_dtb, path, { expected: 'lent memory', actual: backing.path });
    throw refuser('START', path)('ENOMEM', 'acl', 1, 0);
  }
  const sharedWith = backing.lent ? undefined : yield* hostVmid(vm);
  const pieces = backing.take('START', pagesOfRange(vm, range));
  return new Parcel({ path, label: 0, rights: backing.rights, sharedWith, pieces });
}

/** The pages of a range: Linux takes as many as the size holds, the careful manager all that the range touches. */
function pagesOfRange(vm: VmContext, { start, size }: AddressRange): AddressRange {
  const first = start - (start % PAGE);
  if (!vm.careful) return { start: first, size: size - (size % PAGE) };
  const end = start + size + PAGE - 1n;
  return size === 0n ? { start: first, size } : { start: first, size: end - (end % PAGE) - first };
}

export function* give(vm: VmContext, parcel: Parcel): Running<void> {
  try {
    yield* giveParcel(vm, parcel);
  } catch (error) {
    if (!vm.careful) forget(vm, parcel);
    throw error instanceof HostError ? failureOf('START', error, parcel.path) : error;
  }
}

/** Linux does not keep the handle of a parcel that RM got only in part. */
function forget(vm: VmContext, parcel: Parcel): void {
  const { handle: offset, path } = parcel;
  if (offset !== undefined)
    vm.hazards.report(vmHazards.handle_lost, path, { offset, expected: 'reclaimed', actual: offset });
  parcel.handle = undefined;
  parcel.uncertain = false;
}

/** As {@link give}, for a parcel of {@link parcelOf}: on failure its memory goes back to the host. */
export function* giveOrRelease(vm: VmContext, parcel: Parcel): Running<void> {
  try {
    yield* give(vm, parcel);
  } catch (error) {
    if (vm.rules.keepsRefusedPages && !vm.careful) leak(vm, parcel);
    else if (!parcel.isHeld) parcel.release();
    throw error;
  }
}

function leak(vm: VmContext, { path, options: { pieces } }: Parcel): void {
  vm.hazards.report(vmHazards.pages_pinned, path, {
    offset: Number(pieces[0]?.address ?? 0n),
    expected: `unpinned for ${vm.setup.userProcess.name}`,
    actual: pieces.length,
  });
}

function notFound(path: string, { start, size }: AddressRange, errno: 'EINVAL' | 'ENOENT'): HostError {
  return refuser('START', path, start)(errno, 'memory', 'memory of the VM', `${hex(start)}, ${size} bytes`);
}
