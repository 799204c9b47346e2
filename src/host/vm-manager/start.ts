import { constants, rangeId, vmStatus } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import { type AddressRange, contains, hex, PAGE } from './addresses.js';
import { registersOf } from './boot-context.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { giveParcel, Parcel } from './parcel.js';
import { failureOf, refusal } from './refusal.js';
import { type MemoryRegion, offsetIn } from './region.js';
import type { GunyahVm } from './vm.js';

/*
 * The steps of START (client.md, section 6), in the order of its table. Each does what Linux does; where Linux leaves
 * something behind that the careful manager does not, the step asks which of the two it is for.
 */

const { LOAD, READY, INIT_FAILED, RUNNING } = vmStatus.values;
/** Linux keeps the size of what it looks for in 32 bits (a14). */
const SIZE_MASK = 0xffff_ffffn;

export function* allocateVmid(vm: GunyahVm): Running<void> {
  try {
    vm.vmid = yield* vm.ask(vm.calls.allocVmid(0));
  } catch (error) {
    vm.vmidUncertain = error instanceof HostError && error.endedBy === 'reply';
    throw error;
  }
  vm.status = LOAD;
}

/** Each region to RM, newest first (v9, v11, a14). */
export function* giveRegions(vm: GunyahVm): Running<void> {
  for (const { parcel } of vm.regions.all) if (parcel !== undefined) yield* give(vm, parcel);
}

export function* configureFromRegion(vm: GunyahVm): Running<void> {
  const { start, size } = vm.devicetree;
  const region = findRegion(vm, 'dtb', vm.devicetree);
  yield* configure(vm, region.parcel, offsetIn(region, start), size);
}

export function* setFirmwareFromRegion(vm: GunyahVm): Running<void> {
  if (vm.firmware === undefined) return;
  const { start, size } = vm.firmware;
  const region = findRegion(vm, 'firmware', vm.firmware);
  yield* setFirmware(vm, region.parcel, offsetIn(region, start), size);
}

/**
 * The region that holds a range: wholly (v9, and the careful manager), or the newest that overlaps it (v11, a14).
 *
 * @throws HostError (EINVAL) when there is none.
 */
export function findRegion(vm: GunyahVm, path: string, range: AddressRange): MemoryRegion {
  const wholly = vm.careful || vm.generation.name === 'v9';
  const found = wholly
    ? vm.regions.containing(range)
    : vm.regions.overlapping({ start: range.start, size: range.size & SIZE_MASK }, true);
  if (found === undefined || (vm.careful && range.size === 0n)) throw notThere(path, range, 'EINVAL');
  if (!contains(found.range, range))
    vm.find(vmHazards.dtb_outside, path, {
      offset: Number(range.start),
      expected: `in ${found.path}`,
      actual: `${hex(range.start)}..${hex(range.start + range.size)}`,
    });
  return found;
}

/** Its own parcel for the devicetree: only that memory is RM's to accept (v17, a15). */
export function* giveDevicetree(vm: GunyahVm): Running<void> {
  const parcel = yield* parcelOf(vm, 'dtb', vm.devicetree);
  vm.devicetreeParcel = parcel;
  yield* giveOrRelease(vm, parcel);
}

export function* giveFirmware(vm: GunyahVm): Running<void> {
  if (vm.firmware === undefined) return;
  const parcel = yield* parcelOf(vm, 'firmware', vm.firmware);
  vm.firmwareParcel = parcel;
  yield* giveOrRelease(vm, parcel);
}

export function* configureFromParcel(vm: GunyahVm): Running<void> {
  const { start, size } = vm.devicetree;
  const parcel = vm.devicetreeParcel as Parcel;
  yield* configure(vm, parcel, start - parcel.range.start, size);
}

export function* setFirmwareFromParcel(vm: GunyahVm): Running<void> {
  if (vm.firmware === undefined) return;
  const { start, size } = vm.firmware;
  const parcel = vm.firmwareParcel as Parcel;
  yield* setFirmware(vm, parcel, start - parcel.range.start, size);
}

/** All lent ranges are paged in on demand, but the firmware's; by rising address. */
export function* setDemandPaging(vm: GunyahVm): Running<void> {
  // Without firmware Linux compares with address 0.
  const withheld = vm.firmware?.start ?? (vm.careful ? undefined : 0n);
  const ranges = vm.backings
    .filter(({ lent, range }) => lent && range.start !== withheld)
    .map(({ range: { start: ipa, size } }) => ({ ipa, size }));
  if (ranges.length > 0) yield* vm.ask(vm.calls.vmSetDemandPaging({ vmid: vm.vmid, ranges }));
}

export function* setAddressLayout(vm: GunyahVm): Running<void> {
  const { start, size } = (vm.devicetreeParcel as Parcel).range;
  const range = { range_id: rangeId.values.IMAGE, range_base: start, range_size: size };
  yield* vm.ask(vm.calls.vmSetAddressLayout({ vmid: vm.vmid, ...range }));
}

export function* initialise(vm: GunyahVm): Running<void> {
  try {
    yield* vm.ask(vm.calls.vmInit(vm.vmid));
  } catch (error) {
    vm.status = INIT_FAILED;
    throw error;
  }
  vm.status = READY;
}

/** The boot vCPU's registers; firmware sets its own. */
export function* setBootContext(vm: GunyahVm): Running<void> {
  if (vm.firmware !== undefined) return;
  for (const register of registersOf(vm.bootContext))
    yield* vm.ask(vm.calls.vmSetBootContext({ vmid: vm.vmid, ...register }));
}

export function* takeResources(vm: GunyahVm): Running<void> {
  const { noVirq, checksVirqs } = vm.generation;
  const { entries } = yield* vm.ask(vm.calls.getHypResources(vm.vmid));
  for (const resource of entries) {
    const { type, resource_label, virq } = resource;
    if (checksVirqs && !noVirq.includes(virq) && !isSharedInterrupt(virq))
      throw refusal('START', 'ENOMEM', {
        code: 'virq',
        path: `resource[type ${type}, label ${resource_label}]`,
        expected: 'none, or a shared interrupt',
        actual: virq,
      });
    vm.resources.add(resource);
  }
}

export function* run(vm: GunyahVm): Running<void> {
  yield* vm.ask(vm.calls.vmStart(vm.vmid));
  vm.status = RUNNING;
  if (vm.devicetreeParcel === undefined) return;
  vm.paged.convert(vm.devicetreeParcel);
  vm.devicetreeParcel = undefined;
}

function* configure(
  vm: GunyahVm,
  parcel: Parcel | undefined,
  dtb_offset: bigint,
  dtb_size: bigint,
): Running<void> {
  vm.configured = undefined;
  yield* vm.ask(
    vm.calls.vmConfigure({
      vmid: vm.vmid,
      auth_mech: vm.authentication,
      mem_handle: parcel?.handle ?? constants.MEM_HANDLE_INVALID,
      image_offset: 0n,
      image_size: 0n,
      dtb_offset,
      dtb_size,
    }),
  );
  vm.configured = true;
}

function* setFirmware(
  vm: GunyahVm,
  parcel: Parcel | undefined,
  fw_offset: bigint,
  fw_size: bigint,
): Running<void> {
  const mem_handle = parcel?.handle ?? constants.MEM_HANDLE_INVALID;
  yield* vm.ask(vm.calls.vmSetFirmwareMem({ vmid: vm.vmid, mem_handle, fw_offset, fw_size }));
}

/** Memory of a range, taken from the host, and not yet RM's. */
function* parcelOf(vm: GunyahVm, path: string, range: AddressRange): Running<Parcel> {
  const pages = pagesOfRange(vm, range);
  const backing = findBacking(vm, path, range);
  if (!backing.lent && !vm.careful && vm.generation.memory === 'guest_memory') {
    vm.find(vmHazards.shared_dtb, path, { expected: 'lent memory', actual: backing.path });
    throw refusal('START', 'ENOMEM', { code: 'acl', path, expected: 1, actual: 0 });
  }
  const sharedWith = backing.lent ? undefined : yield* vm.ask(vm.calls.getVmid());
  const pieces = backing.take('START', pages);
  return new Parcel({ path, label: 0, rights: backing.rights, sharedWith, pieces });
}

/**
 * What backs a range: v17, and the careful manager, want all of it in one backing; a15 looks at the first page only.
 *
 * @throws HostError: EINVAL for less than a page, ENOENT when there is none.
 */
export function findBacking(vm: GunyahVm, path: string, range: AddressRange) {
  const pages = pagesOfRange(vm, range);
  if (pages.size === 0n) throw notThere(path, range, 'EINVAL');
  const wholly = vm.careful || vm.generation.memory === 'guest_memory';
  const wanted = wholly ? pages : { start: pages.start, size: PAGE };
  const found = vm.backings.find((backing) => contains(backing.range, wanted));
  if (found === undefined) throw notThere(path, range, 'ENOENT');
  if (pages.start + pages.size < range.start + range.size)
    vm.find(vmHazards.dtb_cut, path, {
      expected: range.start + range.size,
      actual: pages.start + pages.size,
    });
  if (!contains(found.range, pages))
    vm.find(vmHazards.dtb_outside, path, { expected: `in ${found.path}`, actual: hex(pages.start) });
  return found;
}

/** The pages of a range: as many as Linux counts, or those that it touches. */
function pagesOfRange(vm: GunyahVm, { start, size }: AddressRange): AddressRange {
  const first = start - (start % PAGE);
  if (!vm.careful) return { start: first, size: size - (size % PAGE) };
  const end = start + size + PAGE - 1n;
  return size === 0n ? { start: first, size } : { start: first, size: end - (end % PAGE) - first };
}

function* give(vm: GunyahVm, parcel: Parcel): Running<void> {
  try {
    yield* giveParcel(vm, parcel);
  } catch (error) {
    if (!vm.careful) forget(vm, parcel);
    throw error instanceof HostError ? failureOf('START', error, parcel.path) : error;
  }
}

/** Linux remembers no handle of a parcel that was not given wholly. */
function forget(vm: GunyahVm, parcel: Parcel): void {
  if (parcel.handle !== undefined)
    vm.find(vmHazards.handle_lost, parcel.path, {
      offset: parcel.handle,
      expected: 'reclaimed',
      actual: parcel.handle,
    });
  parcel.handle = undefined;
  parcel.uncertain = false;
}

/** As {@link give}, for memory that was taken just for this. */
function* giveOrRelease(vm: GunyahVm, parcel: Parcel): Running<void> {
  try {
    yield* give(vm, parcel);
  } catch (error) {
    if (vm.generation.name === 'a15' && !vm.careful) leak(vm, parcel);
    else if (!parcel.isHeld) parcel.release();
    throw error;
  }
}

function leak(vm: GunyahVm, parcel: Parcel): void {
  const [first] = parcel.options.pieces;
  vm.find(vmHazards.pages_pinned, parcel.path, {
    offset: Number(first?.address ?? 0n),
    expected: `unpinned for ${vm.setup.userProcess.name}`,
    actual: parcel.options.pieces.length,
  });
}

function notThere(path: string, { start, size }: AddressRange, errno: 'EINVAL' | 'ENOENT'): HostError {
  const actual = `${hex(start)}, ${size} bytes`;
  return refusal('START', errno, {
    code: 'memory',
    path,
    offset: start,
    expected: 'memory of the VM',
    actual,
  });
}

/** SPI or ESPI of the interrupt controller. */
function isSharedInterrupt(virq: number): boolean {
  return (virq >= 32 && virq <= 1019) || (virq >= 4096 && virq <= 5119);
}
