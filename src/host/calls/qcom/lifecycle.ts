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
import type { Call, InferInput, Payload } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { qcomHazards } from './hazards.js';
import { decodeReply, fail, type QcomKernel, refuse, viewOf } from './kernel.js';

/** Why a VM is to stop, and whether it is asked to or made to. */
export interface StopRequest {
  readonly vmid: number;
  /** 0..3: SHUTDOWN, RESTART, CRASH, FORCE_STOP. */
  readonly stop_reason: number;
  /** Bit 0: at once; other bits are passed on. */
  readonly flags: number;
}

/** The calls that make a VM, run it and end it. A reply with payload where none belongs is EINVAL. */
export function lifecycleCalls(kernel: QcomKernel) {
  const statusCall = <Q extends Payload>(message: Call<Q>) =>
    function* (request: InferInput<Q>): Calling<void> {
      yield* kernel.call(message, request);
    };
  const vmidCall = (message: typeof VM_START | typeof VM_RESET | typeof VM_INIT | typeof VM_DEALLOC_VMID) =>
    function* (vmid: number): Calling<void> {
      yield* kernel.call(message, { vmid });
    };

  return {
    /**
     * Allocates a VM; 0: RM chooses the VMID. No payload stands for the VMID that was asked for, and with 0 for nothing
     * sensible; the real client then looks at a pointer that nobody has set (hazard `unset_reply_pointer`).
     *
     * @returns the VMID; of the reply all 32 bits count.
     */
    *vmAllocVmid(vmid: number): Calling<number> {
      const reply = yield* kernel.exchange(VM_ALLOC_VMID, { vmid });
      const { name } = VM_ALLOC_VMID;
      const wrongSize = { code: 'reply_size', expected: 4, actual: reply.length };
      if (reply.length === 4) return viewOf(reply).getUint32(0, true);
      if (reply.length !== 0) return fail(name, 'EINVAL', 'reply', wrongSize);
      const hazard = qcomHazards.unset_reply_pointer;
      if (vmid === 0) kernel.fault(name, 'EINVAL', 'reply', wrongSize, hazard);
      else kernel.report(hazard);
      return vmid;
    },

    /** Gives a VMID back: the VM was never configured, or has been reset. */
    vmDeallocVmid: vmidCall(VM_DEALLOC_VMID),

    /** Names the parcel with the VM's image and devicetree; offsets and sizes are bytes within the parcel. */
    vmConfigImage: statusCall(VM_CONFIG_IMAGE),

    /** Authenticates the image, with any number of parameters (PAS_ID is the one that there is). */
    vmAuthImage: statusCall(VM_AUTH_IMAGE),

    /** Has RM read the configuration and make the VM's resources. */
    vmInit: vmidCall(VM_INIT),

    /** Lets the VM's vCPUs run. */
    vmStart: vmidCall(VM_START),

    /** Stops the VM, or asks it to stop. Refused (EINVAL): reasons above 3. */
    *vmStop({ vmid, stop_reason, flags }: StopRequest): Calling<void> {
      const known = Object.values<number>(stopReason.values);
      if (!known.includes(stop_reason)) refuse(VM_STOP.name, 'stop_reason', known.join(', '), stop_reason);
      yield* kernel.call(VM_STOP, { vmid, flags, stop_reason });
    },

    /** Has RM take the VM's resources apart; that it has done so is said by VM_STATUS. */
    vmReset: vmidCall(VM_RESET),

    /** Tells RM the time, in nanoseconds, and the timer value that goes with it. */
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
