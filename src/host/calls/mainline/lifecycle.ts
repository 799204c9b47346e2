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

/** Linux always stops a VM by force (GH_RM_VM_STOP_* in the kernel). */
const FORCE_STOP = { flags: vmStopFlags.bits.FORCE_STOP, stop_reason: stopReason.values.FORCE_STOP };

/** The calls that create a VM and end it (client.md, section 4). VMIDs are 0..65535. */
export function lifecycleCalls(kernel: MainlineKernel) {
  const vmidCall = (message: typeof VM_START | typeof VM_RESET | typeof VM_INIT | typeof VM_DEALLOC_VMID) => {
    const send = kernel.statusCall(message);
    return (vmid: number) => send({ vmid });
  };

  return {
    /**
     * Allocates a VM, which the caller owns until {@link deallocVmid}.
     *
     * @param vmid the VMID that the platform defines for the VM; 0: RM chooses one.
     * @returns the VMID, from the first two bytes of the reply.
     */
    *allocVmid(vmid: number): Calling<number> {
      const reply = yield* kernel.exchange(VM_ALLOC_VMID, { vmid });
      if (vmid === 0) return replyHead(VM_ALLOC_VMID.name, reply, 2).getUint16(0, true);
      if (reply.length > 0) kernel.report(hazards.unread_reply);
      return vmid;
    },

    /** Frees the VMID of a VM that was never configured, or has been reset. */
    deallocVmid: vmidCall(VM_DEALLOC_VMID),

    /** RM reads the configuration and creates the VM's resources. */
    vmInit: vmidCall(VM_INIT),

    vmStart: vmidCall(VM_START),

    /** Stops the VM by force. VM_EXITED tells when it has stopped. */
    *vmStop(vmid: number): Calling<void> {
      yield* kernel.exchange(VM_STOP, { vmid, ...FORCE_STOP });
    },

    /** RM destroys the VM's resources. VM_STATUS tells when that is done. */
    vmReset: vmidCall(VM_RESET),

    /** The capabilities by which the caller runs the VM. EBADMSG for a size other than 4 + 44 x count. */
    *getHypResources(vmid: number): Calling<VmGetHypResourcesReply> {
      return yield* kernel.call(VM_GET_HYP_RESOURCES, { vmid });
    },

    /** VMID of the caller, from the low 16 bits of the reply. Asked once per kernel. */
    *getVmid(): Calling<number> {
      if (kernel.vmid === constants.VMID_PEER_DEFAULT) {
        const reply = yield* kernel.exchange(VM_GET_VMID, {});
        kernel.vmid = replyHead(VM_GET_VMID.name, reply, 4).getUint16(0, true);
      }
      return kernel.vmid;
    },

    /** What {@link getVmid} has returned; undefined as long as nobody has asked. */
    knownVmid: (): number | undefined =>
      kernel.vmid === constants.VMID_PEER_DEFAULT ? undefined : kernel.vmid,
  };
}
