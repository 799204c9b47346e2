import {
  authMech,
  authParamType,
  memRights,
  type VmGetHypResourcesReply,
} from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { HostError } from '../../error.js';
import { firmwareIsLegacy } from './firmware.js';
import type { QcomKernel } from './kernel.js';
import { lifecycleCalls } from './lifecycle.js';
import { ignoringFailure, parcelCalls } from './parcels.js';
import { statusCalls } from './status.js';

/** A VM whose image the platform authenticates, as its loader has laid it out in memory. */
export interface SecureVmImage {
  /** The platform's VMID for it, or 0. */
  readonly vmid: number;
  /** Guest address and size of the memory with the image, bytes. */
  readonly address: bigint;
  readonly size: bigint;
  /** The memory stays the VM's for good: donated, not lent. */
  readonly system_vm: boolean;
  /** Where the image's metadata lies in that memory, bytes. */
  readonly metadata_offset: bigint;
  readonly metadata_size: bigint;
  /** By which the platform knows the image. */
  readonly pas_id: number;
  /** Allow debugging (q66, q612). */
  readonly debug?: boolean;
}

/** A secure VM that was loaded. */
export interface SecureVm {
  readonly vmid: number;
  /** Parcel with the image; undefined when there is nothing to reclaim. */
  readonly mem_handle: number | undefined;
}

const { R, W, X } = memRights.bits;

/**
 * The flow of client.md, section 10, cut where the driver waits for RM: {@link secureVmCalls.secureVmLoad}, then
 * VM_STATUS with READY; `secureVmStart`; to end it `vmStop`, then VM_EXITED; `vmReset`, then VM_STATUS with RESET;
 * `secureVmFree`.
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
     * From VM_ALLOC_VMID to VM_INIT. Old firmware (q66) has loaded the image itself: then the VM is only allocated. When
     * giving the memory fails, `careful` gives the VMID back; behind that RM keeps the VM, and so does the driver.
     */
    *secureVmLoad(image: SecureVmImage): Calling<SecureVm> {
      const vmid = yield* lifecycle.vmAllocVmid(image.vmid);
      if (yield* firmwareIsLegacy(kernel)) return { vmid, mem_handle: undefined };
      let mem_handle: number;
      try {
        mem_handle = yield* give(vmid, image);
      } catch (error) {
        if (kernel.careful && error instanceof HostError)
          yield* ignoringFailure(lifecycle.vmDeallocVmid(vmid));
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

    /** Sets the VM's clock if told to, which may fail, fetches its resources and lets it run. */
    *secureVmStart(
      vmid: number,
      clock?: { readonly time_base: bigint; readonly arch_timer_ref: bigint },
    ): Calling<VmGetHypResourcesReply> {
      if (clock !== undefined) yield* ignoringFailure(lifecycle.vmSetTimeBase({ vmid, ...clock }));
      const resources = yield* vmGetHypRes(vmid);
      yield* lifecycle.vmStart(vmid);
      return resources;
    },

    /**
     * Takes the memory back and frees the VMID, whichever of the two fails. The driver only warns of memory that stays
     * away; `careful` ends with that failure then, for the memory must not be used.
     */
    *secureVmFree({ vmid, mem_handle }: SecureVm): Calling<void> {
      let failure: HostError | undefined;
      try {
        if (mem_handle !== undefined) yield* parcels.memReclaim(mem_handle);
      } catch (error) {
        if (!(error instanceof HostError)) throw error;
        failure = error;
      }
      yield* lifecycle.vmDeallocVmid(vmid);
      if (failure !== undefined && kernel.careful) throw failure;
    },
  };
}
