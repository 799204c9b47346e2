import { limits, MEM_QCOM_LOOKUP_SGL, memType } from '../../../schemas/index.js';
import { call } from '../calls/call.js';
import { HostError } from '../error.js';
import { attempt } from './attempt.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import { aclOf, type Parcel } from './parcel.js';
import type { GunyahVm } from './vm.js';

/** MEM_RECLAIM as Linux does it. @returns false when RM keeps the memory: its pages stay pinned for ever. */
export function* reclaimOrLeak(vm: GunyahVm, parcel: Parcel): Running<boolean> {
  const { handle, path } = parcel;
  if (handle === undefined) return true;
  const error = yield* attempt(vm.ask(vm.calls.memReclaim(handle)));
  if (error !== undefined) {
    vm.find(vmHazards.pages_pinned, path, { offset: handle, expected: 'reclaimed', actual: error.actual });
    return false;
  }
  parcel.handle = undefined;
  parcel.release();
  return true;
}

/**
 * Gets a parcel's memory back for certain: afterwards RM has nothing of it, and it is the host's again. A handle that
 * no reply told is found by the parcel's contents; a call that was not answered is made again, since RM answers
 * HANDLE_INVALID when it has done it (handles are not given out twice in one boot, rm-internals.md, section 11).
 *
 * @throws HostError when RM does not give it back, or nobody knows.
 */
export function* reclaim(vm: GunyahVm, parcel: Parcel): Running<void> {
  if (parcel.uncertain) yield* findHandle(vm, parcel);
  const { handle } = parcel;
  if (handle !== undefined) {
    let error = yield* attempt(vm.calls.memReclaim(handle));
    if (error?.endedBy === 'reply') error = yield* attempt(vm.calls.memReclaim(handle));
    if (error !== undefined && error.actual !== 'HANDLE_INVALID') throw error;
  }
  parcel.handle = undefined;
  parcel.release();
}

function* findHandle(vm: GunyahVm, parcel: Parcel): Running<void> {
  const request = {
    mem_type: memType.values.NORMAL,
    label: parcel.options.label,
    acl_entries: aclOf(vm.vmid, parcel.options),
    sgl_entries: parcel.entries.slice(0, limits.mem_list_entries),
    attr_entries: [],
  };
  try {
    const { mem_handle } = yield* call(MEM_QCOM_LOOKUP_SGL, request);
    parcel.handle = mem_handle;
  } catch (error) {
    // RM finds only what is complete: of more entries than fit in one message it may have a part.
    const isComplete = parcel.entries.length <= limits.mem_list_entries;
    if (!(error instanceof HostError) || error.actual !== 'LOOKUP_FAILED' || !isComplete) throw error;
  }
  parcel.uncertain = false;
}
