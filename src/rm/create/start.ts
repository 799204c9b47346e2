import { cell, child, type DtNode, hasProperty, nodeAt, numberAt, property } from '../../devicetree/index.js';
import { AuthMech, RmError, TransType } from '../codes.js';
import { declaredCells } from '../config/reader.js';
import type { Context } from '../context.js';
import type { Parcel } from '../parcels/parcel.js';
import type { Vm, VmConfig } from '../vm.js';
import { acceptOwn, autoAccept, sanitizes } from './accept.js';
import { writeGuestTree } from './guest-tree.js';
import { guestTreeFits } from './guest-tree-size.js';
import { mapTree, treeOf } from './image.js';
import { processLabelled } from './labelled.js';

/**
 * VM_START behind its checks (rm-internals.md, section 4): accepts the image and everything else that targets the
 * VM, then writes the guest's tree. Whatever was accepted stays accepted when a later step fails.
 */
export function startVm(rm: Context, vm: Vm): number {
  const { config } = vm;
  if (config === undefined) return RmError.NORESOURCE;
  const prepared =
    acceptImage(rm, vm, config) &&
    acceptFirmware(rm, vm, config) &&
    rm.parcels.namedFor(vm.vmid).every((parcel) => processLabelled(rm, vm, parcel)) &&
    acceptPrivate(rm, vm, config) &&
    processTree(rm, vm, config);
  if (!prepared) return RmError.NORESOURCE;
  return startFirmware(rm, vm, config);
}

function acceptImage(rm: Context, vm: Vm, config: VmConfig): boolean {
  const { image } = vm;
  if (image === undefined) return false;
  const transType = rm.debugBuild ? rm.parcels.get(image.handle)?.transType : TransType.LEND;
  if (rm.debugBuild && rm.parcels.get(image.handle)?.participant(vm.vmid) === undefined) return false;
  if (transType === undefined || transType === TransType.DONATE) return false;
  const wanted = { ipa: config.memoryBase, size: BigInt(vm.memorySize) };
  return acceptOwn(rm, vm, image.handle, transType, wanted, !rm.debugBuild, sanitizes(vm));
}

function acceptFirmware(rm: Context, vm: Vm, config: VmConfig): boolean {
  const { firmware, image } = vm;
  if (firmware === undefined || firmware.size === 0n) return true;
  const base = config.firmwareBase;
  if (base === undefined || firmware.offset + firmware.size > config.firmwareSizeMax) return false;
  if (firmware.handle === image?.handle)
    return (
      base >= config.memoryBase && base + config.firmwareSizeMax <= config.memoryBase + BigInt(vm.memorySize)
    );
  return acceptOwn(rm, vm, firmware.handle, TransType.LEND, { ipa: base, size: firmware.size }, true, true);
}

/** Private parcels go right behind the memory so far; what does not fit is left for the last step. */
function acceptPrivate(rm: Context, vm: Vm, config: VmConfig): boolean {
  for (const parcel of rm.parcels.namedFor(vm.vmid)) {
    if (parcel.participant(vm.vmid)?.shared !== false || !parcel.isPrivateOf(vm.vmid, rm.debugBuild))
      continue;
    if (BigInt(parcel.totalSize + vm.memorySize) > config.memorySizeMax) continue;
    const transType = rm.debugBuild ? parcel.transType : TransType.LEND;
    if (transType === TransType.DONATE) continue;
    const wanted = { ipa: config.memoryBase + BigInt(vm.memorySize), size: BigInt(parcel.totalSize) };
    if (acceptOwn(rm, vm, parcel.handle, transType, wanted, !rm.debugBuild, sanitizes(vm)))
      vm.memorySize += parcel.totalSize;
  }
  return true;
}

/** The tree as it is in memory now: reserved memory, then everything that still targets the VM. */
function processTree(rm: Context, vm: Vm, config: VmConfig): boolean {
  const mapped = mapTree(rm, vm);
  const root = mapped === undefined ? undefined : treeOf(mapped);
  if (mapped === undefined || root === undefined || nodeAt(root, '/hypervisor') !== undefined) return false;
  const named = rm.parcels.namedFor(vm.vmid);
  for (const parcel of named) {
    const participant = parcel.participant(vm.vmid);
    if (participant !== undefined) participant.hasNode = false;
  }
  const reserved = child(root, 'reserved-memory');
  if (reserved !== undefined && !reserved.children.every((node) => placeReserved(rm, vm, reserved, node)))
    return false;
  const complete =
    acceptRemaining(rm, vm, config) &&
    config.devices.every((device) =>
      deviceHasMemory(rm, vm, device.kind, device.label, isOptional(device)),
    ) &&
    config.parsed?.controller !== undefined &&
    guestTreeFits(rm, vm, config, mapped.blob.byteLength);
  if (complete) writeGuestTree(rm, vm, mapped);
  return complete;
}

function isOptional(device: VmConfig['devices'][number]): boolean {
  return device.kind === 'shm' && device.config.optional;
}

/** A static node of reserved memory needs a parcel mapped exactly there. */
function placeReserved(rm: Context, vm: Vm, reserved: DtNode, node: DtNode): boolean {
  const label = cell(node, 'qcom,label');
  if (label === undefined && hasProperty(node, 'size') && !hasProperty(node, 'reg')) return true;
  const range = reservedRange(reserved, node);
  if (range === undefined) return false;
  const parcels = rm.parcels.namedFor(vm.vmid);
  const parcel =
    label === undefined
      ? findMapped(vm, parcels, range)
      : acceptReserved(
          rm,
          vm,
          parcels.find((entry) => entry.label === label),
          range,
        );
  const participant = parcel?.participant(vm.vmid);
  if (parcel === undefined || participant === undefined) return false;
  const exclusive = parcel.transType !== TransType.SHARE && parcel.participants.length === 1;
  if (!exclusive && hasProperty(node, 'reusable')) return false;
  participant.hasNode = true;
  return true;
}

interface ReservedRange {
  readonly base: bigint;
  readonly size: bigint;
}

function reservedRange(reserved: DtNode, node: DtNode): ReservedRange | undefined {
  const reg = property(node, 'reg');
  const { address, size } = declaredCells(reserved);
  if (reg === undefined || address > 2 || size > 2 || reg.byteLength !== (address + size) * 4)
    return undefined;
  const range = {
    base: address === 0 ? 0n : numberAt(reg, 0, address),
    size: size === 0 ? 0n : numberAt(reg, address, size),
  };
  return range.size === 0n ? undefined : range;
}

/** The first parcel, of those accepted as one range each, that is mapped exactly there. */
function findMapped(vm: Vm, parcels: readonly Parcel[], range: ReservedRange): Parcel | undefined {
  for (const parcel of parcels) {
    if (parcel.participant(vm.vmid)?.shared !== true) continue;
    const mapping = soleMapping(vm, parcel);
    if (mapping === undefined) return undefined;
    if (mapping.base === range.base && mapping.size === range.size) return parcel;
  }
  return undefined;
}

/** Where a parcel is mapped, if that is one range. */
function soleMapping(vm: Vm, parcel: Parcel): ReservedRange | undefined {
  const participant = parcel.participant(vm.vmid);
  const address = participant?.addresses?.[0];
  if (participant === undefined || address === undefined) return undefined;
  if (!participant.contiguous && parcel.regions.length !== 1) return undefined;
  const size = participant.contiguous ? parcel.totalSize : (parcel.regions[0]?.size ?? 0);
  return { base: BigInt(address), size: BigInt(size) };
}

function acceptReserved(
  rm: Context,
  vm: Vm,
  parcel: Parcel | undefined,
  range: ReservedRange,
): Parcel | undefined {
  if (parcel === undefined) return undefined;
  if (parcel.participant(vm.vmid)?.shared === true) return findMapped(vm, [parcel], range);
  return autoAccept(rm, vm, parcel, [{ ipa: range.base, size: range.size }], 0) ? parcel : undefined;
}

/** Everything that still targets the VM is accepted where RM likes; only the last outcome counts. */
function acceptRemaining(rm: Context, vm: Vm, config: VmConfig): boolean {
  let fine = true;
  const firmwareHandle = vm.firmware?.handle;
  for (const parcel of rm.parcels.namedFor(vm.vmid)) {
    const participant = parcel.participant(vm.vmid);
    if (participant === undefined || parcel.handle === firmwareHandle) continue;
    if (!participant.shared) {
      fine = autoAccept(rm, vm, parcel, [], 0);
      if (!fine) continue;
    }
    if (config.devices.some((device) => device.kind === 'iomem' && device.label === parcel.label)) continue;
    if (parcel.isPrivateOf(vm.vmid, rm.debugBuild) || participant.hasNode) continue;
    participant.hasNode = true;
    fine = true;
  }
  return fine || (vm.firmware !== undefined && vm.firmware.size !== 0n);
}

/** Shared memory and virtio devices need the oldest parcel with their label to have a node of reserved memory. */
function deviceHasMemory(rm: Context, vm: Vm, kind: string, label: number, optional: boolean): boolean {
  if ((kind !== 'shm' && kind !== 'virtio') || optional) return true;
  const parcel = rm.parcels.namedFor(vm.vmid).find((entry) => entry.label === label);
  return parcel?.participant(vm.vmid)?.hasNode === true;
}

/** Steps 9 to 11: firmware for Android VMs, and the image's cache flush. */
function startFirmware(rm: Context, vm: Vm, config: VmConfig): number {
  const android = vm.authentication === AuthMech.QCOM_ANDROID_PVM;
  if (android) {
    if (!rm.firmware.milestoneReached) return RmError.DENIED;
    if (rm.firmware.size === undefined) return RmError.NORESOURCE;
    if (BigInt(rm.firmware.size) > (vm.firmware?.size ?? 0n)) return RmError.MEM_INVALID;
  }
  // The memory size grew with every private parcel, but the flush wants that much of the image parcel alone.
  const image = vm.image === undefined ? undefined : rm.parcels.get(vm.image.handle);
  if (vm.authentication !== AuthMech.QCOM_PIL_ELF && vm.memorySize > (image?.totalSize ?? 0))
    return RmError.DENIED;
  const booting = config.parsed?.vcpus?.cpus.filter((cpu) => cpu.boot).length ?? 0;
  return android && booting > 1 ? RmError.DENIED : RmError.OK;
}
