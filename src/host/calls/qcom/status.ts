import {
  VM_GET_HYP_RESOURCES,
  VM_GET_STATE,
  VM_SET_STATUS,
  type VmGetHypResourcesReply,
  type VmGetStateReply,
} from '../../../../schemas/index.js';
import type { InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { decodeReply } from '../call.js';
import { qcomHazards } from './hazards.js';
import { fail, type QcomKernel } from './kernel.js';

type Status = InferInput<typeof VM_SET_STATUS.request>;

export function statusCalls(kernel: QcomKernel) {
  function* vmGetStatus(vmid: number): Calling<VmGetStateReply> {
    const reply = yield* kernel.exchangePeeking(VM_GET_STATE, { vmid });
    return decodeReply(VM_GET_STATE, reply, 'EINVAL');
  }

  const vmSetStatus = kernel.statusCall(VM_SET_STATUS);

  /** Sets one part of this VM's status, and the others to what RM returns for them. */
  const setPart = (part: keyof Status) =>
    function* (value: number): Calling<void> {
      const status = yield* vmGetStatus(0);
      yield* vmSetStatus({ ...status, [part]: value });
    };

  return {
    /** The status of a VM; VMID 0 is this one. */
    vmGetStatus,
    vmSetStatus,
    vmSetVmStatus: setPart('vm_status'),
    vmSetOsStatus: setPart('os_status'),
    vmSetAppStatus: setPart('app_status'),

    /** The capabilities by which the caller runs a VM. EINVAL for a size other than 4 + 44 x count. */
    *vmGetHypRes(vmid: number): Calling<VmGetHypResourcesReply> {
      const reply = yield* kernel.exchange(VM_GET_HYP_RESOURCES, { vmid });
      if (reply.length === 0) {
        const fault = { code: 'reply_size', expected: '4 or more', actual: 0 };
        fail(VM_GET_HYP_RESOURCES.name, 'EINVAL', 'reply', fault, qcomHazards.unset_reply_pointer);
      }
      return decodeReply(VM_GET_HYP_RESOURCES, reply, 'EINVAL');
    },
  };
}
