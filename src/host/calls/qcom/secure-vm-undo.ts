import {
  authParamType,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  memRights,
  memType,
  VM_AUTH_IMAGE,
  VM_DEALLOC_VMID,
  VM_GET_STATE,
  VM_INIT,
  VM_RESET,
  VM_STOP,
  vmStatus,
  vmStopFlags,
} from '../../../../schemas/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { call } from '../call.js';
import type { SecureVmImage } from './secure-vm-image.js';

const { INIT, READY, RUNNING, PAUSED, LOAD, AUTH, INIT_FAILED, EXITED, RESETTING, RESET } = vmStatus.values;
const { R, W, X } = memRights.bits;
const FORCE_STOP = 3;
/** More than any way out takes, with each step tried twice. */
const TURNS = 24;

/** What leads a VM from a state towards its end, as RM allows it (rm-behaviour.md, "VM life cycle"). */
function stepFrom(state: number, image: SecureVmImage): Calling<unknown> | undefined {
  const { vmid } = image;
  switch (state) {
    case RUNNING:
    case PAUSED:
      return call(VM_STOP, { vmid, flags: vmStopFlags.bits.FORCE_STOP, stop_reason: FORCE_STOP });
    case AUTH: {
      const auth_params = [{ auth_param_type: authParamType.values.PAS_ID, auth_param: image.pas_id }];
      return call(VM_AUTH_IMAGE, { vmid, auth_params });
    }
    // Without memory VM_INIT fails, and a VM whose VM_INIT has failed can be reset.
    case INIT:
      return call(VM_INIT, { vmid });
    case READY:
    case EXITED:
    case INIT_FAILED:
      return call(VM_RESET, { vmid });
    case LOAD:
    case RESET:
      return call(VM_DEALLOC_VMID, { vmid });
    default:
      return undefined;
  }
}

/**
 * Undoes what a loader has left of a secure VM after a failure, by the state that RM says the VM is in: it is stopped,
 * reset and deallocated, and its memory reclaimed. No public driver does this; it is what the careful one would do.
 * The memory's handle is looked up by its contents, since a lost reply may have told it.
 *
 * @param image with the platform's VMID, not 0. @returns whether RM has nothing of the VM any more.
 */
export function* secureVmUndo(image: SecureVmImage): Calling<boolean> {
  for (let turn = 0; turn < TURNS; turn++) {
    const state = yield* stateOf(image.vmid);
    if (state === undefined) continue;
    if (state === LOAD || state === RESET || state === 'gone') yield* attempt(reclaim(image));
    if (state === 'gone') return true;
    const step = state === RESETTING ? undefined : stepFrom(state, image);
    if (step !== undefined) yield* attempt(step);
  }
  return false;
}

/** Undefined: RM did not say. */
function* stateOf(vmid: number): Calling<number | 'gone' | undefined> {
  try {
    return (yield* call(VM_GET_STATE, { vmid })).vm_status;
  } catch (error) {
    if (!(error instanceof HostError)) throw error;
    return error.actual === 'NORESOURCE' ? 'gone' : undefined;
  }
}

function* reclaim({ vmid, address, size }: SecureVmImage): Calling<void> {
  const { mem_handle } = yield* call(MEM_QCOM_LOOKUP_SGL, {
    mem_type: memType.values.NORMAL,
    label: 0,
    acl_entries: [{ vmid, rights: R | W | X }],
    sgl_entries: [{ ipa: address, size }],
    attr_entries: [],
  });
  yield* call(MEM_RECLAIM, { mem_handle, flags: 0 });
}
