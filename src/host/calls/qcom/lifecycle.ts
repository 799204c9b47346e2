import {
  stopReason,
  VM_ALLOC_VMID,
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_INIT,
  VM_RESET,
  VM_SET_DEBUG,
  VM_SET_TIME_BASE,
  VM_START,
  VM_STOP,
} from '../../../../schemas/index.js';
import { viewOf } from '../../../base/bytes.js';
import type { InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { decodeReply } from '../call.js';
import { qcomHazards } from './hazards.js';
import { fail, type QcomKernel, refuse } from './kernel.js';

export interface StopRequest {
  readonly vmid: number;
  /** 0..3: SHUTDOWN, RESTART, CRASH, FORCE_STOP. */
  readonly stop_reason: number;
  /** Bit 0: stop at once, by force. All bits are sent. */
  readonly flags: number;
}

/** The calls that create a VM, run it and end it. EINVAL for a reply with a payload that should have none. */
export function lifecycleCalls(kernel: QcomKernel) {
  return {
    /**
     * Allocates a VM. A reply without payload means the VMID of the request; the real client then follows a pointer that was
     * never set (hazard `unset_reply_pointer`).
     *
     * @param vmid the VMID that the platform defines for the VM; 0: RM chooses one.
     * @returns the VMID: all 32 bits of the reply.
     */
    *vmAllocVmid(vmid: number): Calling<number> {
      const reply = yield* kernel.exchange(VM_ALLOC_VMID, { vmid });
      const { name } = VM_ALLOC_VMID;
      const wrongSize = { code: 'reply_size', expected: 4, actual: reply.length };
      if (reply.length === 4) return viewOf(reply).getUint32(0, true);
      if (reply.length !== 0) return fail(name, 'EINVAL', 'reply', wrongSize);
      const hazard = qcomHazards.unset_reply_pointer;
      if (vmid === 0) kernel.fault(name, 'reply', wrongSize, hazard);
      else kernel.report(hazard);
      return vmid;
    },

    /** Frees the VMID of a VM that was never configured, or has been reset. */
    vmDeallocVmid: kernel.vmidCall(VM_DEALLOC_VMID),

    /** Names the parcel that holds the VM's image and devicetree; offsets and sizes are bytes within it. */
    vmConfigImage: kernel.statusCall(VM_CONFIG_IMAGE),

    /** Authenticates the image. PAS_ID is the only known parameter. */
    vmAuthImage: kernel.statusCall(VM_AUTH_IMAGE),

    /** RM reads the configuration and creates the VM's resources. */
    vmInit: kernel.vmidCall(VM_INIT),

    vmStart: kernel.vmidCall(VM_START),

    /** Stops the VM, or asks it to stop. EINVAL for reasons above 3. */
    *vmStop({ vmid, stop_reason, flags }: StopRequest): Calling<void> {
      const known = Object.values<number>(stopReason.values);
      if (!known.includes(stop_reason)) refuse(VM_STOP.name, 'stop_reason', known.join(', '), stop_reason);
      yield* kernel.call(VM_STOP, { vmid, flags, stop_reason });
    },

    /** RM destroys the VM's resources. VM_STATUS tells when that is done. */
    vmReset: kernel.vmidCall(VM_RESET),

    /** Sets the VM's time, in nanoseconds, at a value of the architectural timer. */
    *vmSetTimeBase(request: InferInput<typeof VM_SET_TIME_BASE.request>): Calling<void> {
      const reply = yield* kernel.exchange(VM_SET_TIME_BASE, request);
      if (reply.length > 0) kernel.report(qcomHazards.lost_reply);
      decodeReply(VM_SET_TIME_BASE, reply, 'EINVAL');
    },

    /** Allows debugging of a VM (q66, q612). */
    *vmSetDebug(vmid: number): Calling<void> {
      yield* kernel.call(VM_SET_DEBUG, { vmid, debug_enabled: 1 });
    },
  };
}
