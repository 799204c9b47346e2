import type { VmConfiguration } from '../config/index.js';
import type { Context } from '../context.js';
import { NO_VIRQ, type Vcpu, type Vm, type VmConfig } from '../vm.js';

/** Priority of the primary VM, of 0..63; a VM's own must be lower. */
const OWNER_PRIORITY = 32;
const TIMESLICE_US_MIN = 100;
const TIMESLICE_US_MAX = 100000;

/** Makes the vCPUs (rm-internals.md, section 1, "vcpus"). @returns false if VM_INIT ends with NORESOURCE. */
export function makeVcpus(
  rm: Context,
  vm: Vm,
  owner: Vm,
  config: VmConfig,
  parsed: VmConfiguration,
): boolean {
  const { vcpus } = parsed;
  if (vcpus === undefined) return false;
  if (!vcpus.proxy) {
    const priority = OWNER_PRIORITY + vcpus.priority;
    if (priority < 0 || priority >= OWNER_PRIORITY) return false;
    if (vcpus.timesliceUs < TIMESLICE_US_MIN || vcpus.timesliceUs > TIMESLICE_US_MAX) return false;
  }
  const { count } = vcpus;
  if (count > rm.platform.cores) return false;
  if (rm.platform.missingCoreDies && vcpus.affinityMap.some((core) => core >= rm.platform.cores)) {
    rm.panicOrError('vm_init_missing_core');
    return false;
  }
  if (parsed.rasErrorHandler && (count < rm.platform.cores || rm.rasHandler !== undefined)) return false;
  const made: Vcpu[] = [];
  for (let index = 0; index < count; index++) {
    const virq = vcpus.proxy ? owner.interrupts?.choose() : NO_VIRQ;
    if (virq === undefined) {
      rm.panicOrError('vm_init_interrupts_exhausted');
      for (const vcpu of made) owner.interrupts?.release(vcpu.virq);
      return false;
    }
    const label = vcpus.proxy ? index : (vcpus.affinityMap[index] ?? 0);
    made.push({ label, virq, capability: rm.hypervisor.newCapability() });
  }
  config.vcpus = made;
  if (parsed.rasErrorHandler) rm.rasHandler = vm;
  return true;
}
