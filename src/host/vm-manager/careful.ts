import { constants, VM_GET_PEERS, VM_GET_STATE, vmStatus } from '../../../schemas/index.js';
import { attempt } from '../attempt.js';
import { call } from '../calls/call.js';
import { HostError } from '../error.js';
import { failureOf } from '../refusal.js';
import { hex, PAGE } from './addresses.js';
import { follow, type VmContext } from './context.js';
import { isAllocatable } from './distrust.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import type { Parcel } from './parcel.js';
import { reclaim } from './parcel-calls.js';
import { findBacking, findRegion } from './start-memory.js';
import { dropBindings, dropFunctions, dropResources, takePagesBack, untilReset } from './teardown.js';

const { NO_STATE, INIT, READY, RUNNING, PAUSED, LOAD, INIT_FAILED, EXITED, RESETTING, RESET } =
  vmStatus.values;

/**
 * START of the careful manager. What cannot work is refused before RM is called, and a failed START is undone.
 *
 * @param steps runs the steps of the generation.
 */
export function* startCarefully(vm: VmContext, steps: Running<void>): Running<void> {
  const find = vm.rules.memory === 'regions' ? findRegion : findBacking;
  find(vm, 'dtb', vm.devicetree);
  if (vm.firmware !== undefined) find(vm, 'firmware', vm.firmware);
  const error = yield* attempt(steps);
  if (error === undefined) return;
  // The path names the VMID, which the lines below may take away.
  const failure = error.call === 'START' ? error : failureOf('START', error, vm.path);
  if (vm.vmidUncertain) yield* findVmid(vm);
  let state = yield* stateOf(vm);
  if (isOpen(state) || state === EXITED) state = yield* takeImageBack(vm, state);
  dropResources(vm);
  yield* letGo(vm, state);
  throw failure;
}

const isOpen = (state: number) => state === RUNNING || state === PAUSED;

/** The VM has started although no reply said so. Then RM has forgotten the parcel of its devicetree (v17, a15). */
function* takeImageBack(vm: VmContext, from: number): Running<number> {
  const state = yield* settle(vm, from, isOpen);
  const { devicetreeParcel } = vm;
  if (devicetreeParcel === undefined || isOpen(state)) return state;
  vm.paged.convert(devicetreeParcel);
  vm.devicetreeParcel = undefined;
  yield* takePagesBack(vm);
  return state;
}

/** Closing the last descriptor: as the generation does it, but failures are handled. */
export function* releaseCarefully(vm: VmContext): Running<void> {
  // The state of a VM that an earlier START has left behind may have changed.
  if (vm.vmidUncertain) yield* findVmid(vm);
  const before = vm.hazards.leftBehind ? yield* stateOf(vm) : vm.status;
  const state = yield* settle(vm, before, isOpen);
  yield* follow([dropFunctions, dropBindings, takePagesBack, dropResources], vm);
  yield* letGo(vm, state);
  for (const region of vm.regions.all) if (!region.parcel?.isHeld) region.unpin(vm.setup.userProcess);
}

/**
 * Takes back from RM all that it gives back, whatever state the VM is in, and reports what it keeps. If it keeps
 * nothing, the VM is as it was before START.
 */
function* letGo(vm: VmContext, from: number): Running<void> {
  vm.hazards.forgetLeftovers();
  const state = yield* settle(vm, from, (at) => at !== NO_STATE);
  yield* reclaimAll(vm);
  if (state !== NO_STATE || vm.vmidUncertain)
    vm.hazards.leave(vmHazards.vmid_lost, vm.path, {
      offset: vm.vmid,
      expected: 'deallocated',
      actual: vm.vmidUncertain ? 'a VMID that no reply told' : nameOf(state),
    });
  for (const parcel of heldParcels(vm))
    vm.hazards.leave(vmHazards.handle_lost, parcel.path, keptOf(vm, parcel));
  if (vm.hazards.leftBehind) vm.status = state === NO_STATE ? RESET : state;
  else vm.reset();
}

/** Leads out of one state, and returns the next one; undefined when that failed or the next state is unknown. */
type Action = (vm: VmContext) => Running<number | undefined>;

/** The action that leads from each state towards NO_STATE, as RM allows it (rm-behaviour.md, "VM life cycle"). */
const actions: ReadonlyMap<number, Action> = new Map([
  [RUNNING, stop],
  [PAUSED, stop],
  [INIT, endInit],
  [READY, reset],
  [EXITED, reset],
  [INIT_FAILED, resetIfConfigured],
  [RESETTING, awaitReset],
  [LOAD, deallocate],
  [RESET, deallocate],
]);

/** Acts while `goOn` holds for the state, but tries no action more than twice. @returns the last state. */
function* settle(vm: VmContext, from: number, goOn: (state: number) => boolean): Running<number> {
  const failed = new Set<number>();
  let state = from;
  while (goOn(state)) {
    const action = actions.get(state);
    const next = action === undefined ? undefined : yield* action(vm);
    if (next === undefined && failed.has(state)) break;
    if (next === undefined) failed.add(state);
    state = next ?? (yield* stateOf(vm));
  }
  return state;
}

/** State of the VM as RM says; if RM does not answer, the state that it should have. */
function* stateOf(vm: VmContext): Running<number> {
  if (!vm.hasVmid) return NO_STATE;
  try {
    return (yield* call(VM_GET_STATE, { vmid: vm.vmid })).vm_status;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    // RM answers so for a VMID that is not allocated.
    if (error.actual === 'NORESOURCE') return NO_STATE;
  }
  return vm.status === LOAD && vm.configured ? INIT : vm.status;
}

function* stop(vm: VmContext): Running<number | undefined> {
  const isOver = () => vm.status === EXITED;
  const failure =
    (yield* attempt(vm.calls.vmStop(vm.vmid))) ??
    (yield* attempt(vm.waitFor(`status exited(${EXITED})`, isOver)));
  return failure === undefined ? EXITED : undefined;
}

/**
 * In INIT, RM accepts neither VM_RESET nor VM_DEALLOC_VMID, only VM_INIT. That call fails once the memory is reclaimed,
 * before RM uses the devicetree, and then the VM can be reset.
 */
function* endInit(vm: VmContext): Running<number | undefined> {
  yield* reclaimAll(vm);
  const failure = yield* attempt(vm.calls.vmInit(vm.vmid));
  vm.status = failure === undefined ? READY : INIT_FAILED;
  return failure === undefined ? READY : undefined;
}

function* reset(vm: VmContext): Running<number | undefined> {
  const failure = yield* attempt(vm.calls.vmReset(vm.vmid));
  return failure === undefined ? yield* awaitReset(vm) : undefined;
}

function* awaitReset(vm: VmContext): Running<number | undefined> {
  return (yield* attempt(untilReset(vm))) === undefined && vm.status === RESET ? RESET : undefined;
}

/** RM dies of a VM_RESET for a VM that is not configured (rm-behaviour.md, "Where the real manager dies"). */
function* resetIfConfigured(vm: VmContext): Running<number | undefined> {
  if (vm.configured === undefined) {
    const failure = yield* attempt(vm.calls.getHypResources(vm.vmid));
    if (failure?.endedBy !== 'reply') vm.configured = failure === undefined;
  }
  return vm.configured ? yield* reset(vm) : undefined;
}

function* deallocate(vm: VmContext): Running<number | undefined> {
  yield* reclaimAll(vm);
  const failure = yield* attempt(vm.calls.deallocVmid(vm.vmid));
  return failure === undefined ? NO_STATE : undefined;
}

function heldParcels(vm: VmContext): Parcel[] {
  return vm.parcels.filter(({ isHeld }) => isHeld);
}

function* reclaimAll(vm: VmContext): Running<void> {
  for (const parcel of heldParcels(vm)) yield* attempt(reclaim(vm, parcel));
}

/** The memory that a parcel keeps from its process. */
function keptOf(vm: VmContext, { handle, range, options }: Parcel) {
  const [first] = options.pieces;
  return {
    offset: handle ?? constants.MEM_HANDLE_INVALID,
    expected: `${range.size / PAGE} pages of ${vm.setup.userProcess.name}, from ${hex(first?.address ?? 0n)}`,
    actual: handle === undefined ? 'with a handle that no reply told' : `with handle ${handle}`,
  };
}

/**
 * Looks for the VMID that RM may have allocated although no reply told it: a peer of the host's in state LOAD that is none
 * of the manager's VMs. So nothing else on the host may allocate VMIDs without the manager knowing.
 */
function* findVmid(vm: VmContext): Running<void> {
  const found: number[] = [];
  const search = function* (): Running<void> {
    const { peers } = yield* call(VM_GET_PEERS, {});
    for (const vmid of new Set(peers)) {
      if (vm.setup.isKnown(vmid) || !isAllocatable(vm, vmid)) continue;
      if ((yield* call(VM_GET_STATE, { vmid })).vm_status === LOAD) found.push(vmid);
    }
  };
  const error = yield* attempt(search());
  vm.vmidUncertain = error !== undefined || found.length > 1;
  if (vm.vmidUncertain || found[0] === undefined) return;
  vm.vmid = found[0];
  vm.status = LOAD;
}

function nameOf(state: number): string {
  const found = Object.entries(vmStatus.values).find(([, value]) => value === state);
  return found?.[0] ?? `${state}`;
}
