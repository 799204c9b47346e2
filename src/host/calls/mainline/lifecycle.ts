import {
  constants,
  stopReason,
  VM_ALLOC_VMID,
  VM_DEALLOC_VMID,
  VM_GET_HYP_RESOURCES,
  VM_GET_VMID,
  VM_INIT,
  VM_RESET,
  VM_START,
  VM_STOP,
  type VmGetHypResourcesReply,
  vmStopFlags,
} from '../../../../schemas/index.js';
import type { Calling } from '../../effect.js';
import { hazards } from '../../hazards.js';
import { type MainlineKernel, replyHead } from './kernel.js';

/** VM_STOP as Linux sends it, always: forced, and for that reason (GH_RM_VM_STOP_* in the kernel). */
const FORCE_STOP = {
  flags: vmStopFlags.bits.FORCE_STOP,
  stop_reason: stopReason.values.FORCE_STOP,
};

/** The calls that make a VM and end it (client.md, section 4). All take a VMID, 0..65535. */
export function lifecycleCalls(kernel: MainlineKernel) {
  const vmidCall = (message: typeof VM_START | typeof VM_RESET | typeof VM_INIT | typeof VM_DEALLOC_VMID) =>
    function* (vmid: number): Calling<void> {
      yield* kernel.exchange(message, { vmid });
    };

  return {
    /**
     * Allocates a VM, which the caller owns until {@link deallocVmid}.
     *
     * @param vmid 0: RM chooses; else the platform-defined VMID that is wanted.
     * @returns the VMID of the VM; of the reply only its first two bytes count.
     */
    *allocVmid(vmid: number): Calling<number> {
      const reply = yield* kernel.exchange(VM_ALLOC_VMID, { vmid });
      if (vmid === 0) return replyHead(VM_ALLOC_VMID.name, reply, 2).getUint16(0, true);
      if (reply.length > 0) kernel.report(hazards.unread_reply);
      return vmid;
    },

    /** Gives the VMID back: the VM was never configured, or has been reset. */
    deallocVmid: vmidCall(VM_DEALLOC_VMID),

    /** Has RM read the configuration and make the VM's resources. */
    vmInit: vmidCall(VM_INIT),

    /** Lets the VM's vCPUs run. */
    vmStart: vmidCall(VM_START),

    /** Stops the VM by force; that it has stopped is said by VM_EXITED. */
    *vmStop(vmid: number): Calling<void> {
      yield* kernel.exchange(VM_STOP, { vmid, ...FORCE_STOP });
    },

    /** Has RM take the VM's resources apart; that it has done so is said by VM_STATUS. */
    vmReset: vmidCall(VM_RESET),

    /** Capabilities through which the caller drives the VM. A size other than 4 + 44 x count is EBADMSG. */
    *getHypResources(vmid: number): Calling<VmGetHypResourcesReply> {
      return yield* kernel.call(VM_GET_HYP_RESOURCES, { vmid });
    },

    /** VMID of the caller: asked once, then remembered for the life of the kernel. Of the reply the low 16 bits count. */
    *getVmid(): Calling<number> {
      if (kernel.vmid === constants.VMID_PEER_DEFAULT) {
        const reply = yield* kernel.exchange(VM_GET_VMID, {});
        kernel.vmid = replyHead(VM_GET_VMID.name, reply, 4).getUint16(0, true);
      }
      return kernel.vmid;
    },
  };
}
