import { InterruptNumbers } from '../../hypervisor/index.js';
import { Constraint, RmError, VMID_HLOS } from '../codes.js';
import { ConfigRefused, FatalTree, parseConfiguration, type VmConfiguration } from '../config/index.js';
import type { Context } from '../context.js';
import { newAllocator, type Vm, type VmConfig } from '../vm.js';
import { attachController } from './controller.js';
import { makeDevices, makeIomems } from './devices.js';
import { mapTree, treeOf } from './image.js';
import { keepFree } from './paging.js';
import { makeVcpus } from './vcpus.js';

const PAGE_SIZE = 0x1000;
const ADDRESS_SPACE_SIZE = 1n << 36n;
/** Tag of the constraints that all memory of the platform meets: valid and normal. */
const MEMORY_TAG = 9;

/** VM_INIT after its checks (rm-internals.md, section 3). @returns OK or the error of the reply. */
export function initVm(rm: Context, vm: Vm): number {
  const mapped = mapTree(rm, vm);
  const root = mapped === undefined ? undefined : treeOf(mapped);
  const { config } = vm;
  if (root === undefined || config === undefined) return RmError.MEM_INVALID;
  let parsed: VmConfiguration;
  try {
    parsed = parseConfiguration(root);
  } catch (error) {
    if (error instanceof ConfigRefused) return RmError.MEM_INVALID;
    if (error instanceof FatalTree) return rm.panicOrError(error.reason);
    throw error;
  }
  config.parsed = parsed;
  const limits = applyLimits(rm, vm, config, parsed);
  return limits === RmError.OK ? makeResources(rm, vm, config, parsed) : limits;
}

/** Sets address space, memory limits, identity and flags. Any failure here is ARGUMENT_INVALID. */
function applyLimits(rm: Context, vm: Vm, config: VmConfig, parsed: VmConfiguration): number {
  config.addressSpace = {};
  vm.allocator = newAllocator(rm.platform);
  if (config.paging !== undefined && !keepFree(vm.allocator, config.paging)) return RmError.ARGUMENT_INVALID;
  // The page of the VM's info area.
  vm.allocator.allocateAny(PAGE_SIZE, PAGE_SIZE);
  const image = config.paging?.image;
  config.memoryBase = image === undefined ? parsed.memoryBase : BigInt(image.start);
  if (config.memoryBase >= ADDRESS_SPACE_SIZE || parsed.memorySizeMin > parsed.memorySizeMax)
    return RmError.ARGUMENT_INVALID;
  const room = parsed.memoryDirect ? ADDRESS_SPACE_SIZE : ADDRESS_SPACE_SIZE - config.memoryBase;
  config.memorySizeMax = parsed.memorySizeMax < room ? parsed.memorySizeMax : room;
  if (parsed.memoryConstraints !== undefined) {
    const tag = constraintTag(vm, ...parsed.memoryConstraints);
    if (tag === undefined || (tag & MEMORY_TAG) !== tag) return RmError.ARGUMENT_INVALID;
  }
  if (!placeFirmware(vm, config, parsed)) return RmError.ARGUMENT_INVALID;
  vm.hasGuid = parsed.hasGuid;
  vm.guid = parsed.guid;
  if (parsed.sensitive) vm.sensitive = true;
  vm.crashFatal = parsed.crashFatal;
  vm.noShutdown = parsed.noShutdown;
  vm.noReset = parsed.noReset;
  vm.uri = parsed.uri;
  vm.name = parsed.name ?? '';
  return parsed.crashFatal || parsed.memoryDirect ? RmError.ARGUMENT_INVALID : RmError.OK;
}

/** Tag of memory constraints, undefined for unknown ones (rm-internals.md, section 5). */
export function constraintTag(vm: Vm, generic: number, platform: number): number | undefined {
  if (platform !== 0) return undefined;
  if (generic === 0) return 1;
  if (generic === Constraint.BASE_MEMORY_COMPATIBLE) return vm.memoryKnown ? MEMORY_TAG : undefined;
  if ((generic & ~(Constraint.ECC | Constraint.TAGGED | Constraint.NORMAL)) !== 0) return undefined;
  if ((generic & Constraint.NORMAL) === 0) return undefined;
  return (
    MEMORY_TAG + ((generic & Constraint.ECC) !== 0 ? 2 : 0) + ((generic & Constraint.TAGGED) !== 0 ? 4 : 0)
  );
}

/** Decides where the memory of VM_SET_FIRMWARE_MEM goes. @returns false if there is no place for it. */
function placeFirmware(vm: Vm, config: VmConfig, parsed: VmConfiguration): boolean {
  const { firmware } = vm;
  if (firmware === undefined || firmware.size === 0n) return true;
  const shared = firmware.handle === vm.image?.handle;
  if (shared && parsed.firmwareBase !== undefined && parsed.firmwareBase !== parsed.memoryBase) return false;
  const base = parsed.firmwareBase ?? (shared ? parsed.memoryBase : undefined);
  if (base === undefined || base >= ADDRESS_SPACE_SIZE) return false;
  const room = ADDRESS_SPACE_SIZE - base;
  config.firmwareBase = base;
  config.firmwareSizeMax = parsed.firmwareSizeMax < room ? parsed.firmwareSizeMax : room;
  if (shared) return true;
  const firmwareEnd = base + config.firmwareSizeMax - 1n;
  const memoryEnd = config.memoryBase + config.memorySizeMax - 1n;
  return !(config.memoryBase <= firmwareEnd && base <= memoryEnd);
}

/** Makes interrupts, vCPUs and devices in RM's order. Any failure is NORESOURCE, and what was made before stays. */
function makeResources(rm: Context, vm: Vm, config: VmConfig, parsed: VmConfiguration): number {
  if (vm.interrupts !== undefined) return rm.panicOrError('vm_init_interrupt_map_exists');
  vm.interrupts = new InterruptNumbers();
  const owner = rm.vms.get(vm.owner) ?? rm.vms.get(VMID_HLOS);
  const made =
    owner !== undefined &&
    !rm.interrupts.spoilt &&
    !parsed.interruptRanges &&
    makeIomems(config, parsed, rm.careful) &&
    !parsed.iomemRanges &&
    parsed.rtcs === 0 &&
    makeVcpus(rm, vm, owner, config, parsed) &&
    makeDevices(rm, vm, owner, config, parsed) &&
    attachController(rm, vm, config, parsed);
  if (made && config.paging !== undefined)
    config.paging.capabilities = rm.hypervisor.extents.add(vm.vmid, vm.owner);
  return made ? RmError.OK : RmError.NORESOURCE;
}
