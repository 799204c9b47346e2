import { vmStatus } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import { hex, isPageAligned, PAGE, wraps } from './addresses.js';
import { attempt } from './attempt.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { hasIoctl } from './ioctls.js';
import { Parcel } from './parcel.js';
import { reclaim, reclaimOrLeak } from './reclaim.js';
import { failureOf, refusal } from './refusal.js';
import { MemoryRegion, regionFlags, type UserMemRegion } from './region.js';
import type { UserProcess } from './user-memory.js';
import type { GunyahVm } from './vm.js';

export type { UserMemRegion } from './region.js';

type RegionIoctl = 'SET_USER_MEM_REGION' | 'LEND_USER_MEM';

const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, LENT } = regionFlags;
const RWX = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;

/**
 * SET_USER_MEM_REGION and LEND_USER_MEM (client.md, section 7): memory of the caller becomes memory of the VM. Under the
 * memory lock, as calls to RM may be made: VM_GET_VMID once per kernel for shared memory (v9, v11, a14), MEM_RECLAIM when
 * a region is removed that RM has.
 *
 * Checks, in this order: EOPNOTSUPP no memory extents; EPERM another process; EINVAL reserved flag bits, size 0 (where it
 * does not remove), size or address not page aligned; EOVERFLOW or EINVAL an end above 2^64; EBUSY after START; EEXIST a
 * label or guest addresses that another region has; EFAULT fewer pages than asked for.
 */
export function addRegion(
  vm: GunyahVm,
  call: RegionIoctl,
  request: UserMemRegion,
  caller: UserProcess,
): Running<void> {
  return vm.memoryLock.with(function* () {
    const rules = vm.setup.regionRules;
    check(vm, call, request, caller);
    if (request.memorySize === 0n && rules.sizeZeroRemoves)
      return yield* removeRegion(vm, call, request.label);
    const lent = call === 'LEND_USER_MEM' || (request.flags & LENT) !== 0;
    const region = new MemoryRegion(request, lent);
    checkPlace(vm, call, region);
    if (vm.generation.memory === 'regions') yield* prepare(vm, call, region);
    vm.regions.add(region);
  });
}

function check(vm: GunyahVm, call: RegionIoctl, request: UserMemRegion, caller: UserProcess): void {
  const rules = vm.setup.regionRules;
  const { label, flags, guestPhysAddr, memorySize, userspaceAddr } = request;
  const path = `region[label ${label}]`;
  const refuse = (
    errno: Parameters<typeof refusal>[1],
    code: string,
    expected: bigint | number | string,
    actual: bigint | number | string,
  ) => refusal(call, errno, { code, path, offset: guestPhysAddr, expected, actual });
  const checkExtents = () => {
    if (!vm.setup.hasMemoryExtents) throw refuse('EOPNOTSUPP', 'feature', 'memory extents', 'none');
  };
  if (!hasIoctl(vm.generation.name, call)) throw refuse('ENOTTY', 'unknown', 'an ioctl', vm.generation.name);
  if (rules.featureCheck === 'first') checkExtents();
  if (rules.ownProcessOnly && caller !== vm.setup.userProcess)
    throw refuse('EPERM', 'process', vm.setup.userProcess.name, caller.name);
  const known = rules.lentFlag ? RWX | LENT : RWX;
  if ((flags & ~known) !== 0) throw refuse('EINVAL', 'flags', known, flags);
  if (memorySize === 0n) {
    if (rules.sizeZeroRemoves) return;
    throw refuse('EINVAL', 'size', 'a page or more', memorySize);
  }
  for (const value of [memorySize, guestPhysAddr, userspaceAddr])
    if (!isPageAligned(value)) throw refuse('EINVAL', 'alignment', PAGE, hex(value));
  if (rules.featureCheck === 'after_alignment') checkExtents();
  if (wraps({ start: guestPhysAddr, size: memorySize })) {
    if (rules.wrap !== 'accepted') throw refuse(rules.wrap, 'wrap', 2n ** 64n - guestPhysAddr, memorySize);
    vm.find(vmHazards.wrap_accepted, path, { expected: 2n ** 64n - guestPhysAddr, actual: memorySize });
  }
}

/** Label and guest addresses must be free. */
function checkPlace(vm: GunyahVm, call: RegionIoctl, region: MemoryRegion): void {
  const rules = vm.setup.regionRules;
  const { path, range, request } = region;
  const refuse = (errno: 'EBUSY' | 'EEXIST', code: string, expected: string, actual: string) =>
    refusal(call, errno, { code, path, offset: range.start, expected, actual });
  const started = vm.status !== vmStatus.values.NO_STATE && vm.generation.memory === 'regions';
  if (started && rules.afterStart === 'EBUSY') throw refuse('EBUSY', 'state', 'before START', vm.path);
  const namesake = vm.regions.withLabel(request.label);
  if (namesake !== undefined) {
    if (rules.label === 'unique')
      throw refuse(
        'EEXIST',
        'label',
        'a label of its own',
        `that of the region at ${hex(namesake.range.start)}`,
      );
    vm.find(vmHazards.label_ignored, path, { expected: 'a label of its own', actual: request.label });
  }
  const other = vm.regions.overlapping(range, rules.wrap === 'accepted');
  if (other !== undefined)
    throw refuse(
      'EEXIST',
      'overlap',
      'guest addresses of its own',
      `${other.path} at ${hex(other.range.start)}`,
    );
  if (started) vm.find(vmHazards.never_sent, path, { expected: 'before START', actual: vm.path });
}

/** Pins the pages of a region that is given to RM as a whole at START, and asks for the host's VMID if it is shared. */
function* prepare(vm: GunyahVm, call: RegionIoctl, region: MemoryRegion): Running<void> {
  const { userProcess } = vm.setup;
  const { path, range, request } = region;
  const count = Number(range.size / PAGE);
  userProcess.account(count);
  const pages = userProcess.pin(request.userspaceAddr, count);
  if (pages.length < count) {
    userProcess.unpin(pages);
    // v11 and a14 take only those pages off the count that were pinned.
    userProcess.account(vm.careful ? -count : -pages.length);
    if (!vm.careful)
      vm.find(vmHazards.locked_vm_counted, path, { expected: 0, actual: count - pages.length });
    throw refusal(call, 'EFAULT', {
      code: 'pages',
      path,
      offset: request.userspaceAddr + BigInt(pages.length) * PAGE,
      expected: `${count} pages of ${userProcess.name}`,
      actual: pages.length,
    });
  }
  region.pages = pages;
  try {
    const sharedWith = region.lent ? undefined : yield* vm.ask(vm.calls.getVmid());
    region.parcel = new Parcel({
      path,
      label: request.label,
      rights: region.rights,
      sharedWith,
      pieces: region.pieces,
    });
  } catch (error) {
    region.unpin(vm.setup.userProcess);
    throw error instanceof HostError ? failureOf(call, error, path) : error;
  }
}

/** Memory size 0: the region found by its label goes; RM gives back what it has of it. */
function* removeRegion(vm: GunyahVm, call: RegionIoctl, label: number): Running<void> {
  const region = vm.regions.withLabel(label);
  const path = `region[label ${label}]`;
  if (region === undefined) {
    if (vm.setup.regionRules.unknownLabel === 'ignored') return;
    throw refusal(call, 'ENODEV', { code: 'unknown', path, expected: 'a region', actual: 'none' });
  }
  if (vm.paged.isUsing(region.range))
    throw refusal(call, 'EBUSY', {
      code: 'state',
      path,
      offset: region.range.start,
      expected: 'memory that the VM does not use',
      actual: vm.path,
    });
  vm.regions.remove(region);
  if (!(yield* takeBack(vm, call, region))) return;
  region.unpin(vm.setup.userProcess);
}

/** What RM has of a region. False: v9 goes on without it when RM does not give it back. */
function* takeBack(vm: GunyahVm, call: RegionIoctl, region: MemoryRegion): Running<boolean> {
  const { parcel, path } = region;
  if (!parcel?.isHeld) return true;
  if (!vm.careful) return yield* reclaimOrLeak(vm, parcel);
  const error = yield* attempt(reclaim(vm, parcel));
  if (error === undefined) return true;
  vm.regions.add(region);
  throw failureOf(call, error, path);
}
