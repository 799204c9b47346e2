import { vmStatus } from '../../../schemas/index.js';
import { attempt } from '../attempt.js';
import type { VmContext } from './context.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { RESET_FAILED } from './notifications.js';
import { reclaimOrLeak } from './parcel-calls.js';

/*
 * The steps of closing the last descriptor as Linux takes them (client.md, section 6, "Teardown" and "Bad endings").
 * Linux only warns of failures, so a failed step may leave something with RM.
 */

const { NO_STATE, LOAD, READY, RUNNING, INIT_FAILED, EXITED, RESET } = vmStatus.values;

/** Waits even if RM has refused to stop the VM, since it may end by itself (v9, v11, a14). */
export function* stopUntilExited(vm: VmContext): Running<void> {
  if (vm.status !== RUNNING) return;
  yield* attempt(vm.ask(vm.calls.vmStop(vm.vmid)));
  yield* vm.waitFor(`status exited(${EXITED})`, () => vm.status === EXITED);
}

export function* stopUntilNotRunning(vm: VmContext): Running<void> {
  if (vm.status !== RUNNING) return;
  yield* attempt(vm.ask(vm.calls.vmStop(vm.vmid)));
  yield* vm.waitFor(`status to leave running(${RUNNING})`, () => vm.status !== RUNNING);
}

export function dropFunctions(vm: VmContext): void {
  vm.functions.removeAll();
}

export function dropBindings(vm: VmContext): void {
  for (const binding of vm.bindings) vm.setup.fileBindings.remove(binding);
  vm.bindings = [];
}

export function dropResources(vm: VmContext): void {
  vm.resources.clear();
}

/** Reclaims the devicetree's parcel of a VM that never ran before any reset, accepted or not (v17, a15). */
export function* reclaimUnusedDevicetree(vm: VmContext): Running<void> {
  const parcel = vm.devicetreeParcel;
  if (parcel?.isHeld && [LOAD, READY, INIT_FAILED].includes(vm.status as never))
    yield* reclaimOrLeak(vm, parcel);
}

export function* takePagesBack(vm: VmContext): Running<void> {
  yield* vm.paged.takeBack();
}

/** Waits for the reset even if RM has refused it (v9, v11, a14). */
export function* resetAndWaitAnyway(vm: VmContext): Running<void> {
  if ([NO_STATE, LOAD, RESET].includes(vm.status as never)) return;
  yield* attempt(vm.ask(vm.calls.vmReset(vm.vmid)));
  yield* untilReset(vm);
}

export function* resetAndWait(vm: VmContext): Running<void> {
  if (![EXITED, READY, INIT_FAILED].includes(vm.status as never)) return;
  if ((yield* attempt(vm.ask(vm.calls.vmReset(vm.vmid)))) === undefined) yield* untilReset(vm);
}

export function* untilReset(vm: VmContext): Running<void> {
  const isOver = () => vm.status === RESET || vm.status === RESET_FAILED;
  yield* vm.waitFor(`status reset(${RESET})`, isOver);
}

export function* reclaimRegions(vm: VmContext): Running<void> {
  for (const region of vm.regions.all) {
    const { parcel } = region;
    if (!parcel?.isHeld || (yield* reclaimOrLeak(vm, parcel))) region.unpin(vm.setup.userProcess);
    vm.regions.remove(region);
  }
}

export function* reclaimFirmware(vm: VmContext): Running<void> {
  if (vm.firmware === undefined) return;
  const parcel = vm.firmwareParcel;
  if (parcel?.isHeld) yield* reclaimOrLeak(vm, parcel);
  if (parcel !== undefined) return;
  vm.hazards.report(vmHazards.reclaims_handle_0, 'firmware', { expected: 'no parcel', actual: 0 });
  yield* attempt(vm.ask(vm.calls.memReclaim(0)));
}

export function* deallocateVmid(vm: VmContext): Running<void> {
  if (vm.status === NO_STATE) return;
  const error = yield* attempt(vm.ask(vm.calls.deallocVmid(vm.vmid)));
  if (error === undefined) return;
  const evidence = { offset: vm.vmid, expected: 'deallocated', actual: error.actual };
  vm.hazards.report(vmHazards.vmid_lost, vm.path, evidence);
}
