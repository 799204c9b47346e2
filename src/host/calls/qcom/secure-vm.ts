import {
  authMech,
  authParamType,
  memRights,
  type VmGetHypResourcesReply,
} from '../../../../schemas/index.js';
import { attempt } from '../../attempt.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { firmwareIsLegacy } from './firmware.js';
import type { QcomKernel } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { parcelCalls } from './parcels.js';
import type { SecureVmImage } from './secure-vm-image.js';
import { secureVmUndo } from './secure-vm-undo.js';
import { statusCalls } from './status.js';

export interface SecureVm {
  readonly vmid: number;
  /** Parcel with the image; undefined if there is nothing to reclaim. */
  readonly mem_handle: number | undefined;
}

const { R, W, X } = memRights.bits;

/**
 * The flow of client.md, section 10, in the parts between which the driver waits for RM. Load: `secureVmLoad`, then
 * VM_STATUS with READY, then `secureVmStart`. End: `vmStop`, then VM_EXITED, then `vmReset`, then VM_STATUS with RESET,
 * then `secureVmFree`.
 */
export function secureVmCalls(kernel: QcomKernel) {
  const lifecycle = lifecycleCalls(kernel);
  const parcels = parcelCalls(kernel);
  const { vmGetHypRes } = statusCalls(kernel);

  function* give(vmid: number, { address, size, system_vm }: SecureVmImage): Calling<number> {
    const acl_entries = [{ vmid, rights: R | W | X }];
    const request = { acl_entries, sgl_entries: [{ ipa: address, size }] };
    return yield* system_vm ? parcels.memDonate(request) : parcels.memLend(request);
  }

  return {
    /**
     * Makes the calls from VM_ALLOC_VMID to VM_INIT. Old firmware (q66) has loaded the image itself, so the VM is only
     * allocated. If RM does not take the memory, `careful` frees the VMID. After a later failure the VM stays allocated.
     */
    *secureVmLoad(image: SecureVmImage): Calling<SecureVm> {
      const vmid = yield* lifecycle.vmAllocVmid(image.vmid);
      if (yield* firmwareIsLegacy(kernel)) return { vmid, mem_handle: undefined };
      let mem_handle: number;
      try {
        mem_handle = yield* give(vmid, image);
      } catch (error) {
        if (kernel.careful && error instanceof HostError) yield* attempt(lifecycle.vmDeallocVmid(vmid));
        throw error;
      }
      yield* lifecycle.vmConfigImage({
        ...{ vmid, auth_mech: authMech.values.QCOM_PIL_ELF, mem_handle },
        ...{ image_offset: image.metadata_offset, image_size: image.metadata_size },
        ...{ dtb_offset: 0n, dtb_size: 0n },
      });
      if (image.debug === true) yield* lifecycle.vmSetDebug(vmid);
      const auth_params = [{ auth_param_type: authParamType.values.PAS_ID, auth_param: image.pas_id }];
      yield* lifecycle.vmAuthImage({ vmid, auth_params });
      yield* lifecycle.vmInit(vmid);
      return { vmid, mem_handle: image.system_vm ? undefined : mem_handle };
    },

    /** Undoes what a failure has left; see {@link secureVmUndo}. */
    secureVmUndo,

    /** Sets the VM's clock if there is one (a failure is ignored), gets its resources and starts it. */
    *secureVmStart(
      vmid: number,
      clock?: { readonly time_base: bigint; readonly arch_timer_ref: bigint },
    ): Calling<VmGetHypResourcesReply> {
      if (clock !== undefined) yield* attempt(lifecycle.vmSetTimeBase({ vmid, ...clock }));
      const resources = yield* vmGetHypRes(vmid);
      yield* lifecycle.vmStart(vmid);
      return resources;
    },

    /**
     * Reclaims the memory and frees the VMID, even if the first fails. The driver only warns if RM keeps the memory. `careful`
     * fails then, because the memory must not be used.
     */
    *secureVmFree({ vmid, mem_handle }: SecureVm): Calling<void> {
      const failure = mem_handle === undefined ? undefined : yield* attempt(parcels.memReclaim(mem_handle));
      yield* lifecycle.vmDeallocVmid(vmid);
      if (failure !== undefined && kernel.careful) throw failure;
    },
  };
}
