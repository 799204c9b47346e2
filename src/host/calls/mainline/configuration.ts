import {
  VM_CONFIG_IMAGE,
  VM_SET_ADDRESS_LAYOUT,
  VM_SET_BOOT_CONTEXT,
  VM_SET_DEMAND_PAGING,
  VM_SET_FIRMWARE_MEM,
} from '../../../../schemas/index.js';
import type { MainlineKernel } from './kernel.js';

/** The calls that configure a VM, between VM_ALLOC_VMID and VM_INIT or VM_START (client.md, section 6). */
export function configurationCalls(kernel: MainlineKernel) {
  return {
    /**
     * Names the parcel that holds the VM's image and devicetree; offsets and sizes are bytes within it. RM applies an
     * overlay to the devicetree in place, so `dtb_size` is the room for the devicetree, not the size of the blob; VMMs
     * reserve 2 MiB. The parcel must have been lent or shared, and the caller reclaims it.
     */
    vmConfigure: kernel.statusCall(VM_CONFIG_IMAGE),

    /** Names the parcel into which RM puts the firmware with which the VM starts (a14, a15). */
    vmSetFirmwareMem: kernel.statusCall(VM_SET_FIRMWARE_MEM),

    /** Sets one register of the boot vCPU (v17, a15). */
    vmSetBootContext: kernel.statusCall(VM_SET_BOOT_CONTEXT),

    /** Sets the guest address of the image or the firmware (v17, a15). */
    vmSetAddressLayout: kernel.statusCall(VM_SET_ADDRESS_LAYOUT),

    /** Names the guest address ranges that are paged on demand: at most 898, more is E2BIG (v17, a15). */
    vmSetDemandPaging: kernel.statusCall(VM_SET_DEMAND_PAGING),
  };
}
