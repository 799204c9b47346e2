import type { VmConfiguration } from '../config/index.js';
import type { Context } from '../context.js';
import type { Vm, VmConfig } from '../vm.js';

const DISTRIBUTOR_SIZE = 0x10000n;
const BASE_ALIGNMENT = 0x10000n;
const STRIDE_DEFAULT = 0x20000n;
const U64_LIMIT = 1n << 64n;
const ADDRESS_LIMIT = 1n << 44n;

/**
 * Takes the interrupt controller's ranges out of the VM's address space. @returns false if VM_INIT ends with
 * NORESOURCE.
 */
export function attachController(rm: Context, vm: Vm, config: VmConfig, parsed: VmConfiguration): boolean {
  const stride = parsed.controller?.stride ?? STRIDE_DEFAULT;
  const [distributor, redistributors] = parsed.controller?.bases ?? [];
  const total = stride * BigInt(config.vcpus.length);
  return (
    total < U64_LIMIT &&
    takeRange(rm, vm, distributor, DISTRIBUTOR_SIZE, DISTRIBUTOR_SIZE) &&
    takeRange(rm, vm, redistributors, total, stride)
  );
}

function takeRange(rm: Context, vm: Vm, base: bigint | undefined, size: bigint, alignment: bigint): boolean {
  const device = rm.platform.deviceRange;
  if (base !== undefined) {
    if (base + size > U64_LIMIT || base % BASE_ALIGNMENT !== 0n) return false;
    // Inside the device range a virtual device may overlap real devices and other virtual ones.
    if (base >= BigInt(device.start) && base + size <= BigInt(device.start + device.size)) return true;
  }
  if ((alignment & (alignment - 1n)) !== 0n) {
    rm.panicOrError('vm_init_controller_stride');
    return false;
  }
  if (size >= ADDRESS_LIMIT) return false;
  if (base === undefined) return vm.allocator?.allocateAny(Number(size), Number(alignment)) !== undefined;
  if (base >= ADDRESS_LIMIT || base % alignment !== 0n) return false;
  return vm.allocator?.allocateAt(Number(base), Number(size)) !== undefined;
}
