import {
  VM_GET_HYP_RESOURCES,
  VM_GET_STATE,
  VM_SET_STATUS,
  type VmGetHypResourcesReply,
  type VmGetStateReply,
} from '../../../../schemas/index.js';
import type { InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { qcomHazards } from './hazards.js';
import { decodeReply, fail, type QcomKernel } from './kernel.js';

type Status = InferInput<typeof VM_SET_STATUS.request>;

/** The calls that tell the state of VMs and what they consist of. */
export function statusCalls(kernel: QcomKernel) {
  function* vmGetStatus(vmid: number): Calling<VmGetStateReply> {
    return yield* kernel.call(VM_GET_STATE, { vmid });
  }

  function* vmSetStatus(status: Status): Calling<void> {
    yield* kernel.call(VM_SET_STATUS, status);
  }

  /** Sets one part of this VM's status, the others as RM says that they are. */
  const setPart = (part: keyof Status) =>
    function* (value: number): Calling<void> {
      const status = yield* vmGetStatus(0);
      yield* vmSetStatus({ ...status, [part]: value });
    };

  return {
    /** The status of a VM; 0: of this one. */
    vmGetStatus,
    /** Sets this VM's status. */
    vmSetStatus,
    vmSetVmStatus: setPart('vm_status'),
    vmSetOsStatus: setPart('os_status'),
    vmSetAppStatus: setPart('app_status'),

    /** Capabilities through which the caller drives a VM. A size other than 4 + 44 x count is EINVAL. */
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
