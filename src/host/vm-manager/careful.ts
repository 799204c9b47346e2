import { constants, VM_GET_PEERS, VM_GET_STATE, vmStatus } from '../../../schemas/index.js';
import { call } from '../calls/call.js';
import { HostError } from '../error.js';
import { hex, PAGE } from './addresses.js';
import { attempt } from './attempt.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import type { Parcel } from './parcel.js';
import { reclaim } from './reclaim.js';
import { failureOf } from './refusal.js';
import { findBacking, findRegion } from './start.js';
import { dropBindings, dropFunctions, dropResources, takePagesBack, untilReset } from './teardown.js';
import type { GunyahVm } from './vm.js';

const { NO_STATE, INIT, READY, RUNNING, PAUSED, LOAD, INIT_FAILED, EXITED, RESETTING, RESET } =
  vmStatus.values;

/** START of the careful manager: what cannot work is refused before RM is asked, and what fails is undone. */
export function* startCarefully(vm: GunyahVm): Running<void> {
  const find = vm.generation.memory === 'regions' ? findRegion : findBacking;
  find(vm, 'dtb', vm.devicetree);
  if (vm.firmware !== undefined) find(vm, 'firmware', vm.firmware);
  const error = yield* attempt(vm.followStart());
  if (error === undefined) return;
  // Before the VMID goes.
  const failure = error.call === 'START' ? error : failureOf('START', error, vm.path);
  dropResources(vm);
  if (vm.vmidUncertain) yield* findVmid(vm);
  yield* letGo(vm, yield* stateOf(vm));
  throw failure;
}

/** The last descriptor was closed: what the generation does, as long as nothing fails. */
export function* releaseCarefully(vm: GunyahVm): Running<void> {
  const isOpen = (state: number) => state === RUNNING || state === PAUSED;
  // What RM has kept of an earlier START may have changed since.
  if (vm.vmidUncertain) yield* findVmid(vm);
  const before = vm.leftBehind ? yield* stateOf(vm) : vm.status;
  const state = yield* settle(vm, before, isOpen);
  yield* vm.follow([dropFunctions, dropBindings, takePagesBack, dropResources]);
  yield* letGo(vm, state);
  for (const region of vm.regions.all) if (!region.parcel?.isHeld) region.unpin(vm.setup.userProcess);
}

/**
 * Gets back from RM all it lets go of, from whatever state the VM is in, and says what it keeps. A VM that leaves
 * nothing behind is as it was before START.
 */
function* letGo(vm: GunyahVm, from: number): Running<void> {
  vm.forgetLeftovers();
  const state = yield* settle(vm, from, (at) => at !== NO_STATE);
  yield* reclaimAll(vm);
  if (state !== NO_STATE || vm.vmidUncertain)
    vm.leave(vmHazards.vmid_lost, vm.path, {
      offset: vm.vmid,
      expected: 'deallocated',
      actual: vm.vmidUncertain ? 'a VMID that no reply told' : nameOf(state),
    });
  for (const parcel of heldParcels(vm)) vm.leave(vmHazards.handle_lost, parcel.path, keptOf(vm, parcel));
  if (vm.leftBehind) vm.status = state === NO_STATE ? RESET : state;
  else vm.beAsNew();
}

/** Does something about a state, and returns the next one; undefined: it has failed, or nobody knows. */
type Action = (vm: GunyahVm) => Running<number | undefined>;

/** What leads from each state of a VM to none, as RM allows it (rm-behaviour.md, "VM life cycle"). */
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

/** Acts as long as it should and gets anywhere: nothing is tried more than twice. @returns the state in the end. */
function* settle(vm: GunyahVm, from: number, goOn: (state: number) => boolean): Running<number> {
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

/** State of the VM as RM says, or if it does not say, as it should be. */
function* stateOf(vm: GunyahVm): Running<number> {
  if (!vm.hasVmid) return NO_STATE;
  try {
    return (yield* call(VM_GET_STATE, { vmid: vm.vmid })).vm_status;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    // RM's answer about a VMID that nobody has.
    if (error.actual === 'NORESOURCE') return NO_STATE;
  }
  return vm.status === LOAD && vm.configured ? INIT : vm.status;
}

function* stop(vm: GunyahVm): Running<number | undefined> {
  const isOver = () => vm.status === EXITED;
  const failure =
    (yield* attempt(vm.calls.vmStop(vm.vmid))) ??
    (yield* attempt(vm.waitFor(`status exited(${EXITED})`, isOver)));
  return failure === undefined ? EXITED : undefined;
}

/**
 * RM takes neither VM_RESET nor VM_DEALLOC_VMID from INIT, only VM_INIT. Without its memory that fails, before RM makes
 * anything of the devicetree; and a VM whose VM_INIT has failed can be reset.
 */
function* endInit(vm: GunyahVm): Running<number | undefined> {
  yield* reclaimAll(vm);
  const failure = yield* attempt(vm.calls.vmInit(vm.vmid));
  vm.status = failure === undefined ? READY : INIT_FAILED;
  return failure === undefined ? READY : undefined;
}

function* reset(vm: GunyahVm): Running<number | undefined> {
  const failure = yield* attempt(vm.calls.vmReset(vm.vmid));
  return failure === undefined ? yield* awaitReset(vm) : undefined;
}

function* awaitReset(vm: GunyahVm): Running<number | undefined> {
  return (yield* attempt(untilReset(vm))) === undefined ? RESET : undefined;
}

/** VM_RESET of a VM that RM has not configured kills RM (rm-behaviour.md, "Where the real manager dies"). */
function* resetIfConfigured(vm: GunyahVm): Running<number | undefined> {
  if (vm.configured === undefined) {
    const failure = yield* attempt(vm.calls.getHypResources(vm.vmid));
    if (failure?.endedBy !== 'reply') vm.configured = failure === undefined;
  }
  return vm.configured ? yield* reset(vm) : undefined;
}

function* deallocate(vm: GunyahVm): Running<number | undefined> {
  yield* reclaimAll(vm);
  const failure = yield* attempt(vm.calls.deallocVmid(vm.vmid));
  return failure === undefined ? NO_STATE : undefined;
}

/** Regions newest first, as they were given. */
function heldParcels(vm: GunyahVm): Parcel[] {
  const parcels = [...vm.regions.all.map(({ parcel }) => parcel), vm.devicetreeParcel, vm.firmwareParcel];
  return parcels.filter((parcel) => parcel?.isHeld === true) as Parcel[];
}

function* reclaimAll(vm: GunyahVm): Running<void> {
  for (const parcel of heldParcels(vm)) yield* attempt(reclaim(vm, parcel));
}

/** What a parcel keeps from its process. */
function keptOf(vm: GunyahVm, { handle, range, options }: Parcel) {
  const [first] = options.pieces;
  return {
    offset: handle ?? constants.MEM_HANDLE_INVALID,
    expected: `${range.size / PAGE} pages of ${vm.setup.userProcess.name}, from ${hex(first?.address ?? 0n)}`,
    actual: handle === undefined ? 'with a handle that no reply told' : `with handle ${handle}`,
  };
}

/**
 * Looks for the VMID that RM may have allocated without anybody being told: a peer of the host's, new and of none of the
 * manager's VMs. Whatever else allocates VMIDs on the host must be known to the manager.
 */
function* findVmid(vm: GunyahVm): Running<void> {
  const found: number[] = [];
  const search = function* (): Running<void> {
    const { peers } = yield* call(VM_GET_PEERS, {});
    for (const vmid of peers) {
      if (vm.setup.isKnown(vmid)) continue;
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
