import type { SglEntry } from '../../../schemas/index.js';
import { AuthMech, RmError, TransType } from '../codes.js';
import type { Context, MemoryContext } from '../context.js';
import { acceptOwn, sanitizes } from '../parcels/auto-accept.js';
import { processLabelled } from '../parcels/labelled.js';
import type { Parcel } from '../parcels/parcel.js';
import type { Vm, VmConfig } from '../vm.js';
import { handOverImage } from './paging.js';
import { processTree } from './start-tree.js';

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
      processTree(this.#rm, this.#vm, this.#config)
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
}
