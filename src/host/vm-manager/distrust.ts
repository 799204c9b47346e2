import { constants } from '../../../schemas/index.js';
import { HostError } from '../error.js';
import type { Hazard } from '../hazard.js';
import type { VmContext } from './context.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import type { Parcel } from './parcel.js';

/*
 * Numbers that RM answers with and that Linux takes without a look. The careful manager refuses those that cannot be
 * right: it would then act on another VM, or on another parcel. A faithful manager goes on, and the hazard is reported.
 */

const { VMID_HYP, VMID_HLOS, VMID_RM, VMID_ANY, VMID_PEER_DEFAULT, MEM_HANDLE_INVALID } = constants;

/** VMIDs that mean something else than a VM that was allocated. */
const reserved: readonly number[] = [VMID_HYP, VMID_RM, VMID_ANY, VMID_PEER_DEFAULT];

/** The reply that told a number, and where it is in it. */
interface Told {
  readonly call: string;
  readonly path: string;
}

function doubt(
  vm: VmContext,
  { call, path }: Told,
  hazard: Hazard,
  expected: string,
  actual: number,
): HostError | undefined {
  const fault = { code: hazard.name, path, expected, actual };
  if (vm.careful) return new HostError(call, 'EBADMSG', 'reply', fault, hazard);
  vm.hazards.report(hazard, `${vm.path}.${call}.${path}`, fault);
  return undefined;
}

/** Whether RM may have allocated this VMID for a new VM: it is no reserved one, not the host's, and no open VM has it. */
export function isAllocatable(vm: VmContext, vmid: number): boolean {
  const own = vm.calls.knownVmid() ?? VMID_HLOS;
  return !reserved.includes(vmid) && vmid !== own && !vm.setup.isOpenVm(vmid);
}

/** @throws HostError (EBADMSG) when careful, for a VMID that is not {@link isAllocatable}. */
export function checkVmid(vm: VmContext, vmid: number): void {
  if (isAllocatable(vm, vmid)) return;
  const told = { call: 'VM_ALLOC_VMID', path: 'vmid' };
  const error = doubt(vm, told, vmHazards.vmid_unchecked, 'a VMID that nobody has', vmid);
  if (error !== undefined) throw error;
}

/**
 * VMID of the host, which goes into the ACL of shared memory.
 *
 * @throws HostError (EBADMSG) when careful, for a reserved VMID or one that a VM of the manager has.
 */
export function* hostVmid(vm: VmContext): Running<number> {
  const vmid = yield* vm.ask(vm.calls.getVmid());
  if (!reserved.includes(vmid) && vmid !== vm.vmid && !vm.setup.isOpenVm(vmid)) return vmid;
  const told = { call: 'VM_GET_VMID', path: 'vmid' };
  const error = doubt(vm, told, vmHazards.vmid_unchecked, 'the VMID of the host', vmid);
  if (error !== undefined) throw error;
  return vmid;
}

/**
 * Checks the handle of a new parcel, or one that RM has found by a parcel's contents. When two parcels of a VM are told
 * the same handle, one of the two replies is wrong and nobody knows which, so both count as unknown.
 *
 * @throws HostError (EBADMSG) when careful, for no handle or one that another parcel has.
 */
export function checkHandle(vm: VmContext, parcel: Parcel, call: string, handle: number): void {
  const twin = vm.parcels.find((other) => other !== parcel && other.handle === handle);
  if (handle !== MEM_HANDLE_INVALID && twin === undefined && !vm.setup.isHandleTaken(handle, vm)) return;
  const told = { call, path: 'mem_handle' };
  const error = doubt(vm, told, vmHazards.handle_unchecked, 'a handle that no parcel has', handle);
  if (error === undefined) return;
  twin?.forgetHandle();
  throw error;
}
