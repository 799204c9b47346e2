import {
  VM_CONFIG_IMAGE,
  VM_SET_ADDRESS_LAYOUT,
  VM_SET_BOOT_CONTEXT,
  VM_SET_DEMAND_PAGING,
  VM_SET_FIRMWARE_MEM,
} from '../../../../schemas/index.js';
import type { Call, InferInput, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import type { MainlineKernel } from './kernel.js';

/** The calls that say what a VM is made of, between VM_ALLOC_VMID and VM_START (client.md, section 6). */
export function configurationCalls(kernel: MainlineKernel) {
  const statusCall = <Q extends Payload>(message: Call<Q>) =>
    function* (request: InferInput<Q>): Calling<void> {
      yield* kernel.exchange(message, request);
    };

  return {
    /**
     * Names the parcel with the VM's image and devicetree; offsets and sizes are bytes within the parcel. RM applies an
     * overlay to the devicetree in place, so `dtb_size` is not the size of the blob but all the room there is for it:
     * 2 MiB is what VMMs keep free. The parcel must have been lent or shared before, and stays the caller's to reclaim.
     */
    vmConfigure: statusCall(VM_CONFIG_IMAGE),

    /** Names the parcel into which RM puts the firmware that the VM starts with (a14, a15). */
    vmSetFirmwareMem: statusCall(VM_SET_FIRMWARE_MEM),

    /** Sets one register of the boot vCPU (v17, a15). */
    vmSetBootContext: statusCall(VM_SET_BOOT_CONTEXT),

    /** Says where the image or the firmware lies for the guest (v17, a15). */
    vmSetAddressLayout: statusCall(VM_SET_ADDRESS_LAYOUT),

    /** Names the guest address ranges whose pages come on demand: at most 898, more is E2BIG (v17, a15). */
    vmSetDemandPaging: statusCall(VM_SET_DEMAND_PAGING),
  };
}
