import { vmStatus } from '../../../schemas/index.js';
import { attempt } from '../attempt.js';
import { HostError } from '../error.js';
import { failureOf, refuser } from '../refusal.js';
import { hex, isPageAligned, PAGE, wraps } from './addresses.js';
import type { VmContext } from './context.js';
import { hostVmid } from './distrust.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { checkHasIoctl } from './ioctls.js';
import { Parcel } from './parcel.js';
import { reclaim, reclaimOrLeak } from './parcel-calls.js';
import { MemoryRegion, regionFlags, type UserMemRegion } from './region.js';
import type { RegionIoctl } from './region-argument.js';
import type { UserProcess } from './user-memory.js';

const { ALLOW_READ, ALLOW_WRITE, ALLOW_EXEC, LENT } = regionFlags;
const RWX = ALLOW_READ | ALLOW_WRITE | ALLOW_EXEC;

/**
 * SET_USER_MEM_REGION and LEND_USER_MEM (client.md, section 7): memory of the caller becomes memory of the VM. It may
 * call RM, so the caller holds the memory lock: VM_GET_VMID once per kernel for shared memory (v9, v11, a14), and
 * MEM_RECLAIM to remove a region that RM has.
 *
 * Checks, in this order: EOPNOTSUPP no memory extents; EPERM another process; EINVAL reserved flag bits, size 0 (where it
 * does not remove), size or address not page aligned; EOVERFLOW or EINVAL an end above 2^64; EBUSY after START; EEXIST a
 * label or guest addresses that another region has; ENOMEM no memory for the kernel's own tables, after the check of the
 * label and then before and after the pages are pinned; EFAULT fewer pages than asked for.
 */
export function* addRegion(
  vm: VmContext,
  call: RegionIoctl,
  request: UserMemRegion,
  caller: UserProcess,
): Running<void> {
  check(vm, call, request, caller);
  if (request.memorySize === 0n && vm.setup.regionRules.sizeZeroRemoves)
    return yield* removeRegion(vm, call, request.label);
  const lent = call === 'LEND_USER_MEM' || (request.flags & LENT) !== 0;
  const region = new MemoryRegion(request, lent);
  checkPlace(vm, call, region);
  if (vm.rules.memory === 'regions') yield* prepare(vm, call, region);
  vm.regions.add(region);
}

function check(vm: VmContext, call: RegionIoctl, request: UserMemRegion, caller: UserProcess): void {
  const { regionRules: rules, hasMemoryExtents, userProcess } = vm.setup;
  const { label, flags, guestPhysAddr, memorySize, userspaceAddr } = request;
  const path = `region[label ${label}]`;
  const refuse = refuser(call, path, guestPhysAddr);
  const checkExtents = () => {
    if (!hasMemoryExtents) throw refuse('EOPNOTSUPP', 'feature', 'memory extents', 'none');
  };
  checkHasIoctl(vm.rules.name, call, path);
  if (rules.featureCheck === 'first') checkExtents();
  if (rules.ownProcessOnly && caller !== userProcess)
    throw refuse('EPERM', 'process', userProcess.name, caller.name);
  const known = rules.lentFlag ? RWX | LENT : RWX;
  if ((flags & ~known) !== 0) throw refuse('EINVAL', 'flags', known, flags);
  if (memorySize === 0n) {
    if (rules.sizeZeroRemoves) return;
    throw refuse('EINVAL', 'size', 'a page or more', memorySize);
  }
  const aligned = [memorySize, userspaceAddr, ...(rules.guestAligned ? [guestPhysAddr] : [])];
  for (const value of aligned)
    if (!isPageAligned(value)) throw refuse('EINVAL', 'alignment', PAGE, hex(value));
  if (rules.featureCheck === 'after_alignment') checkExtents();
  if (!wraps({ start: guestPhysAddr, size: memorySize })) return;
  const expected = 2n ** 64n - guestPhysAddr;
  if (rules.wrap !== 'accepted') throw refuse(rules.wrap, 'wrap', expected, memorySize);
  vm.hazards.report(vmHazards.wrap_accepted, path, { expected, actual: memorySize });
}

/** Label and guest addresses must be free. */
function checkPlace(vm: VmContext, call: RegionIoctl, region: MemoryRegion): void {
  const rules = vm.setup.regionRules;
  const { path, range, request } = region;
  const refuse = refuser(call, path, range.start);
  const started = vm.status !== vmStatus.values.NO_STATE && vm.rules.memory === 'regions';
  if (started && rules.afterStart === 'EBUSY') throw refuse('EBUSY', 'state', 'before START', vm.path);
  const namesake = vm.regions.withLabel(request.label);
  if (namesake !== undefined) {
    const holder = `that of the region at ${hex(namesake.range.start)}`;
    if (rules.label === 'unique') throw refuse('EEXIST', 'label', 'a label of its own', holder);
    const evidence = { expected: 'a label of its own', actual: request.label };
    vm.hazards.report(vmHazards.label_ignored, path, evidence);
  }
  allocate(vm, call, path);
  const other = vm.regions.overlapping(range, rules.wrap === 'accepted');
  if (other !== undefined) {
    const holder = `${other.path} at ${hex(other.range.start)}`;
    throw refuse('EEXIST', 'overlap', 'guest addresses of its own', holder);
  }
  if (started) vm.hazards.report(vmHazards.never_sent, path, { expected: 'before START', actual: vm.path });
}

/** The kernel allocates something for a region. @throws HostError (ENOMEM) */
function allocate(vm: VmContext, call: RegionIoctl, path: string): void {
  if (!vm.setup.hasKernelMemory())
    throw refuser(call, path)('ENOMEM', 'memory', 'kernel memory', 'none free');
}

/** Pins the pages of a region that START will give to RM, and asks for the host's VMID if the region is shared. */
function* prepare(vm: VmContext, call: RegionIoctl, region: MemoryRegion): Running<void> {
  const { userProcess } = vm.setup;
  const { path, range, request, rights } = region;
  const { label, userspaceAddr } = request;
  const count = Number(range.size / PAGE);
  allocate(vm, call, path);
  userProcess.account(count);
  const pages = userProcess.pin(userspaceAddr, count);
  if (pages.length < count) {
    userProcess.unpin(pages);
    // v11 and a14 subtract only the pages that were pinned.
    userProcess.account(vm.careful ? -count : -pages.length);
    const evidence = { expected: 0, actual: count - pages.length };
    if (!vm.careful) vm.hazards.report(vmHazards.locked_vm_counted, path, evidence);
    const refuse = refuser(call, path, userspaceAddr + BigInt(pages.length) * PAGE);
    throw refuse('EFAULT', 'pages', `${count} pages of ${userProcess.name}`, pages.length);
  }
  region.pages = pages;
  try {
    allocate(vm, call, path);
    const sharedWith = region.lent ? undefined : yield* hostVmid(vm);
    region.parcel = new Parcel({ path, label, rights, sharedWith, pieces: region.pieces });
  } catch (error) {
    region.unpin(userProcess);
    throw error instanceof HostError && error.call !== call ? failureOf(call, error, path) : error;
  }
}

/** Memory size 0 removes the region with the label, and reclaims it if RM has it. */
function* removeRegion(vm: VmContext, call: RegionIoctl, label: number): Running<void> {
  const region = vm.regions.withLabel(label);
  const path = `region[label ${label}]`;
  if (region === undefined) {
    if (vm.setup.regionRules.unknownLabel === 'ignored') return;
    throw refuser(call, path)('ENODEV', 'unknown', 'a region', 'none');
  }
  const { range, parcel } = region;
  if (vm.paged.isUsing(range))
    throw refuser(call, path, range.start)('EBUSY', 'state', 'memory that the VM does not use', vm.path);
  vm.regions.remove(region);
  if (parcel?.isHeld) {
    if (vm.careful) {
      const error = yield* attempt(reclaim(vm, parcel));
      if (error !== undefined) {
        vm.regions.add(region);
        throw failureOf(call, error, path);
      }
    } else if (!(yield* reclaimOrLeak(vm, parcel))) return;
  }
  region.unpin(vm.setup.userProcess);
}
