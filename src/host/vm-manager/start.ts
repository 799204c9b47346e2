import { constants, rangeId, vmStatus } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import { refuser } from '../refusal.js';
import type { AddressRange } from './addresses.js';
import { registersOf } from './boot-context.js';
import type { VmContext } from './context.js';
import { checkVmid } from './distrust.js';
import type { Running } from './effects.js';
import type { Parcel } from './parcel.js';
import { offsetIn } from './region.js';
import { findRegion, give, giveOrRelease, parcelOf } from './start-memory.js';

/*
 * The steps of START in the order of the table in client.md, section 6. Each does what Linux does. Where Linux leaves
 * something behind on failure, the step also handles the careful manager.
 */

const { LOAD, READY, INIT_FAILED, RUNNING } = vmStatus.values;

export function* allocateVmid(vm: VmContext): Running<void> {
  try {
    const vmid = yield* vm.ask(vm.calls.allocVmid(0));
    checkVmid(vm, vmid);
    vm.vmid = vmid;
  } catch (error) {
    vm.vmidUncertain = error instanceof HostError && error.endedBy === 'reply';
    throw error;
  }
  vm.status = LOAD;
}

/** Gives all regions to RM, newest first (v9, v11, a14). */
export function* giveRegions(vm: VmContext): Running<void> {
  for (const { parcel } of vm.regions.all) if (parcel !== undefined) yield* give(vm, parcel);
}

export function* configureFromRegion(vm: VmContext): Running<void> {
  const { start, size } = vm.devicetree;
  const region = findRegion(vm, 'dtb', vm.devicetree);
  yield* configure(vm, region.parcel, { start: offsetIn(region, start), size });
}

export function* setFirmwareFromRegion(vm: VmContext): Running<void> {
  if (vm.firmware === undefined) return;
  const { start, size } = vm.firmware;
  const region = findRegion(vm, 'firmware', vm.firmware);
  yield* setFirmware(vm, region.parcel, { start: offsetIn(region, start), size });
}

/** Gives the devicetree to RM in a parcel of its own. The VM's other memory never becomes a parcel (v17, a15). */
export function* giveDevicetree(vm: VmContext): Running<void> {
  const parcel = yield* parcelOf(vm, 'dtb', vm.devicetree);
  vm.devicetreeParcel = parcel;
  yield* giveOrRelease(vm, parcel);
}

export function* giveFirmware(vm: VmContext): Running<void> {
  if (vm.firmware === undefined) return;
  const parcel = yield* parcelOf(vm, 'firmware', vm.firmware);
  vm.firmwareParcel = parcel;
  yield* giveOrRelease(vm, parcel);
}

export function* configureFromParcel(vm: VmContext): Running<void> {
  const { start, size } = vm.devicetree;
  const parcel = vm.devicetreeParcel as Parcel;
  yield* configure(vm, parcel, { start: start - parcel.range.start, size });
}

export function* setFirmwareFromParcel(vm: VmContext): Running<void> {
  if (vm.firmware === undefined) return;
  const { start, size } = vm.firmware;
  const parcel = vm.firmwareParcel as Parcel;
  yield* setFirmware(vm, parcel, { start: start - parcel.range.start, size });
}

/** Names all lent ranges, except that of the firmware, as paged on demand, in the order of their addresses. */
export function* setDemandPaging(vm: VmContext): Running<void> {
  // Without firmware, Linux leaves out a range at address 0.
  const withheld = vm.firmware?.start ?? (vm.careful ? undefined : 0n);
  const ranges = vm.backings
    .filter(({ lent, range }) => lent && range.start !== withheld)
    .map(({ range: { start: ipa, size } }) => ({ ipa, size }));
  if (ranges.length > 0) yield* vm.ask(vm.calls.vmSetDemandPaging({ vmid: vm.vmid, ranges }));
}

export function* setAddressLayout(vm: VmContext): Running<void> {
  const { start, size } = (vm.devicetreeParcel as Parcel).range;
  const range = { range_id: rangeId.values.IMAGE, range_base: start, range_size: size };
  yield* vm.ask(vm.calls.vmSetAddressLayout({ vmid: vm.vmid, ...range }));
}

export function* initialise(vm: VmContext): Running<void> {
  try {
    yield* vm.ask(vm.calls.vmInit(vm.vmid));
  } catch (error) {
    vm.status = INIT_FAILED;
    throw error;
  }
  vm.status = READY;
}

/** Sets the registers of the boot vCPU. Firmware sets its own. */
export function* setBootContext(vm: VmContext): Running<void> {
  if (vm.firmware !== undefined) return;
  for (const register of registersOf(vm.bootContext))
    yield* vm.ask(vm.calls.vmSetBootContext({ vmid: vm.vmid, ...register }));
}

export function* takeResources(vm: VmContext): Running<void> {
  const { noVirq, checksVirqs } = vm.rules;
  const { entries } = yield* vm.ask(vm.calls.getHypResources(vm.vmid));
  for (const resource of entries) {
    const { type, resource_label, virq } = resource;
    if ((checksVirqs || vm.careful) && !noVirq.includes(virq) && !isSharedInterrupt(virq)) {
      const refuse = refuser('START', `resource[type ${type}, label ${resource_label}]`);
      throw refuse('ENOMEM', 'virq', 'none, or a shared interrupt', virq);
    }
    vm.resources.add(resource);
  }
}

export function* run(vm: VmContext): Running<void> {
  yield* vm.ask(vm.calls.vmStart(vm.vmid));
  vm.status = RUNNING;
  if (vm.devicetreeParcel === undefined) return;
  vm.paged.convert(vm.devicetreeParcel);
  vm.devicetreeParcel = undefined;
}

/** @param dtb range within the parcel, in bytes. */
function* configure(vm: VmContext, parcel: Parcel | undefined, dtb: AddressRange): Running<void> {
  vm.configured = undefined;
  const request = {
    vmid: vm.vmid,
    auth_mech: vm.authentication,
    mem_handle: parcel?.handle ?? constants.MEM_HANDLE_INVALID,
    image_offset: 0n,
    image_size: 0n,
    dtb_offset: dtb.start,
    dtb_size: dtb.size,
  };
  yield* vm.ask(vm.calls.vmConfigure(request));
  vm.configured = true;
}

/** @param firmware range within the parcel, in bytes. */
function* setFirmware(vm: VmContext, parcel: Parcel | undefined, firmware: AddressRange): Running<void> {
  const mem_handle = parcel?.handle ?? constants.MEM_HANDLE_INVALID;
  const { start: fw_offset, size: fw_size } = firmware;
  yield* vm.ask(vm.calls.vmSetFirmwareMem({ vmid: vm.vmid, mem_handle, fw_offset, fw_size }));
}

/** SPI or extended SPI of the GIC: INTIDs 32..1019 and 4096..5119. */
function isSharedInterrupt(virq: number): boolean {
  return (virq >= 32 && virq <= 1019) || (virq >= 4096 && virq <= 5119);
}
