import type { SglEntry } from '../../../schemas/index.js';
import { cell, child, type DtNode, hasProperty, nodeAt, numberAt, property } from '../../devicetree/index.js';
import { AuthMech, RmError, TransType } from '../codes.js';
import { declaredCells } from '../config/reader.js';
import type { Context, MemoryContext } from '../context.js';
import type { Device } from '../devices/device.js';
import { acceptOwn, autoAccept, sanitizes } from '../parcels/auto-accept.js';
import { processLabelled } from '../parcels/labelled.js';
import type { Parcel } from '../parcels/parcel.js';
import type { Vm, VmConfig } from '../vm.js';
import { writeGuestTree } from './guest-tree.js';
import { guestTreeFits } from './guest-tree-size.js';
import { mapTree, treeOf } from './image.js';
import { handOverImage } from './paging.js';

/**
 * VM_START behind its checks (rm-internals.md, section 4): accepts the image and everything else that targets the
 * VM, then writes the guest's tree. Whatever was accepted stays accepted when a later step fails.
 */
export function startVm(rm: MemoryContext & Pick<Context, 'firmware'>, vm: Vm): number {
  if (vm.config === undefined || !new Preparation(rm, vm, vm.config).succeeds()) return RmError.NORESOURCE;
  const { milestoneReached, size } = rm.firmware;
  const android = vm.authentication === AuthMech.QCOM_ANDROID_PVM;
  if (android) {
    if (!milestoneReached) return RmError.DENIED;
    if (size === undefined) return RmError.NORESOURCE;
    if (BigInt(size) > (vm.firmware?.size ?? 0n)) return RmError.MEM_INVALID;
  }
  // RM flushes as many bytes as the VM has memory, private parcels included, but of the image parcel alone.
  const image = vm.image === undefined ? undefined : rm.parcels.get(vm.image.handle);
  if (vm.authentication !== AuthMech.QCOM_PIL_ELF && vm.memorySize > (image?.totalSize ?? 0))
    return RmError.DENIED;
  const booting = vm.config.parsed?.vcpus?.booting ?? 0;
  if (android && booting > 1) return RmError.DENIED;
  return vm.config.paging?.image === undefined || handOverImage(rm, vm) ? RmError.OK : RmError.NORESOURCE;
}

/** Steps 1 to 8 of VM_START: each may fail, which ends all with NORESOURCE. */
class Preparation {
  readonly #rm: MemoryContext;
  readonly #vm: Vm;
  readonly #config: VmConfig;

  constructor(rm: MemoryContext, vm: Vm, config: VmConfig) {
    this.#rm = rm;
    this.#vm = vm;
    this.#config = config;
  }

  succeeds(): boolean {
    return (
      this.#acceptImage() &&
      this.#acceptFirmware() &&
      this.#named().every((parcel) => processLabelled(this.#rm, this.#vm, parcel)) &&
      this.#acceptPrivate() &&
      this.#processTree()
    );
  }

  /** Parcels whose ACL names the VM, oldest first. */
  #named(): readonly Parcel[] {
    return this.#rm.parcels.namedFor(this.#vm.vmid);
  }

  /** A debug build takes the image as it was given; others want it lent to the VM alone. */
  #acceptOwn(parcel: Parcel, wanted: SglEntry): boolean {
    const { debugBuild } = this.#rm;
    const transType = debugBuild ? parcel.transType : TransType.LEND;
    if (transType === TransType.DONATE) return false;
    return acceptOwn(this.#rm, this.#vm, parcel.handle, transType, wanted, !debugBuild, sanitizes(this.#vm));
  }

  #acceptImage(): boolean {
    const { image, memorySize, vmid } = this.#vm;
    const parcel = image === undefined ? undefined : this.#rm.parcels.get(image.handle);
    if (parcel?.participant(vmid) === undefined) return false;
    return this.#acceptOwn(parcel, { ipa: this.#config.memoryBase, size: BigInt(memorySize) });
  }

  #acceptFirmware(): boolean {
    const { firmware, image, memorySize } = this.#vm;
    const { firmwareBase: base, firmwareSizeMax, memoryBase } = this.#config;
    if (firmware === undefined || firmware.size === 0n) return true;
    if (base === undefined || firmware.offset + firmware.size > firmwareSizeMax) return false;
    if (firmware.handle === image?.handle)
      return base >= memoryBase && base + firmwareSizeMax <= memoryBase + BigInt(memorySize);
    const wanted = { ipa: base, size: firmware.size };
    return acceptOwn(this.#rm, this.#vm, firmware.handle, TransType.LEND, wanted, true, true);
  }

  /** Accepts private parcels directly behind the memory so far. One that does not fit is left for the last step. */
  #acceptPrivate(): boolean {
    const vm = this.#vm;
    const { memoryBase, memorySizeMax } = this.#config;
    for (const parcel of this.#named()) {
      const { totalSize } = parcel;
      const isNew = parcel.participant(vm.vmid)?.shared === false;
      if (!isNew || !parcel.isPrivateOf(vm.vmid, this.#rm.debugBuild)) continue;
      if (BigInt(totalSize + vm.memorySize) > memorySizeMax) continue;
      const wanted = { ipa: memoryBase + BigInt(vm.memorySize), size: BigInt(totalSize) };
      if (this.#acceptOwn(parcel, wanted)) vm.memorySize += totalSize;
    }
    return true;
  }

  /** Reads the tree as it is in memory now. Accepts reserved memory, then everything that still targets the VM. */
  #processTree(): boolean {
    const mapped = mapTree(this.#rm, this.#vm);
    const root = mapped === undefined ? undefined : treeOf(mapped);
    if (mapped === undefined || root === undefined || nodeAt(root, '/hypervisor') !== undefined) return false;
    for (const parcel of this.#named()) {
      const participant = parcel.participant(this.#vm.vmid);
      if (participant !== undefined) participant.hasNode = false;
    }
    const reserved = child(root, 'reserved-memory');
    const complete =
      (reserved?.children.every((node) => this.#placeReserved(reserved, node)) ?? true) &&
      this.#acceptRemaining() &&
      this.#config.devices.every((device) => this.#hasMemory(device)) &&
      this.#config.parsed?.controller !== undefined &&
      guestTreeFits(this.#rm, this.#vm, this.#config, mapped.blob.byteLength);
    if (complete) writeGuestTree(this.#rm, this.#vm, mapped);
    return complete;
  }

  /** A node of reserved memory with a fixed range needs a parcel that is mapped exactly there. */
  #placeReserved(reserved: DtNode, node: DtNode): boolean {
    const label = cell(node, 'qcom,label');
    if (label === undefined && hasProperty(node, 'size') && !hasProperty(node, 'reg')) return true;
    const range = reservedRange(reserved, node);
    if (range === undefined) return false;
    const named = this.#named();
    const parcel =
      label === undefined
        ? findMapped(this.#vm, named, range)
        : this.#acceptReserved(
            named.find((entry) => entry.label === label),
            range,
          );
    const participant = parcel?.participant(this.#vm.vmid);
    if (parcel === undefined || participant === undefined) return false;
    const exclusive = parcel.transType !== TransType.SHARE && parcel.participants.length === 1;
    if (!exclusive && hasProperty(node, 'reusable')) return false;
    participant.hasNode = true;
    return true;
  }

  #acceptReserved(parcel: Parcel | undefined, range: SglEntry): Parcel | undefined {
    if (parcel?.participant(this.#vm.vmid)?.shared === true) return findMapped(this.#vm, [parcel], range);
    return parcel !== undefined && autoAccept(this.#rm, this.#vm, parcel, [range], 0) ? parcel : undefined;
  }

  /** Accepts everything that still targets the VM, at addresses that RM chooses. Only the last outcome counts. */
  #acceptRemaining(): boolean {
    let fine = true;
    const { firmware, vmid } = this.#vm;
    for (const parcel of this.#named()) {
      const participant = parcel.participant(vmid);
      if (participant === undefined || parcel.handle === firmware?.handle) continue;
      if (!participant.shared) {
        fine = autoAccept(this.#rm, this.#vm, parcel, [], 0);
        if (!fine) continue;
      }
      if (this.#config.devices.some(({ kind, label }) => kind === 'iomem' && label === parcel.label))
        continue;
      if (parcel.isPrivateOf(vmid, this.#rm.debugBuild) || participant.hasNode) continue;
      participant.hasNode = true;
      fine = true;
    }
    return fine || (firmware !== undefined && firmware.size !== 0n);
  }

  /** A shm or virtio device needs the oldest parcel with its label to have a node of reserved memory. */
  #hasMemory(device: Device): boolean {
    if (device.kind !== 'virtio' && (device.kind !== 'shm' || device.config.optional)) return true;
    const parcel = this.#named().find(({ label }) => label === device.label);
    return parcel?.participant(this.#vm.vmid)?.hasNode === true;
  }
}

function reservedRange(reserved: DtNode, node: DtNode): SglEntry | undefined {
  const reg = property(node, 'reg');
  const { address, size: cells } = declaredCells(reserved);
  if (reg === undefined || address > 2 || cells > 2 || reg.byteLength !== (address + cells) * 4)
    return undefined;
  const ipa = address === 0 ? 0n : numberAt(reg, 0, address);
  const size = cells === 0 ? 0n : numberAt(reg, address, cells);
  return size === 0n ? undefined : { ipa, size };
}

/** The first accepted parcel that is mapped as one range and exactly there. */
function findMapped(vm: Vm, parcels: readonly Parcel[], { ipa, size }: SglEntry): Parcel | undefined {
  for (const parcel of parcels) {
    if (parcel.participant(vm.vmid)?.shared !== true) continue;
    const mapping = soleMapping(vm, parcel);
    if (mapping === undefined) return undefined;
    if (mapping.ipa === ipa && mapping.size === size) return parcel;
  }
  return undefined;
}

/** Where a parcel is mapped, if that is one range. */
function soleMapping(vm: Vm, parcel: Parcel): SglEntry | undefined {
  const participant = parcel.participant(vm.vmid);
  const address = participant?.addresses?.[0];
  if (participant === undefined || address === undefined) return undefined;
  if (!participant.contiguous && parcel.regions.length !== 1) return undefined;
  const size = participant.contiguous ? parcel.totalSize : (parcel.regions[0]?.size ?? 0);
  return { ipa: BigInt(address), size: BigInt(size) };
}
