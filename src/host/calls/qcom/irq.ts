import {
  constants,
  irqNotifyFlags,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
} from '../../../../schemas/index.js';
import type { InferInput } from '../../../schema/index.js';
import type { Calling } from '../../effect.js';
import { decodeReply } from '../call.js';
import { qcomHazards } from './hazards.js';
import { type QcomKernel, refuse } from './kernel.js';

const { LENT, RELEASED, ACCEPTED } = irqNotifyFlags.bits;
/** Interrupt numbers are signed in the drivers. */
const VIRQ_MAX = 0x7fffffff;

/** The calls that lend interrupts. Handles are those of `vmIrqLend`, 32 bits. */
export function irqCalls(kernel: QcomKernel) {
  const [release, reclaim, notify] = [
    kernel.statusCall(VM_IRQ_RELEASE),
    kernel.statusCall(VM_IRQ_RECLAIM),
    kernel.statusCall(VM_IRQ_NOTIFY),
  ];

  return {
    /** Lends an interrupt of this VM. @returns the handle of the loan. */
    *vmIrqLend(request: InferInput<typeof VM_IRQ_LEND.request>): Calling<number> {
      return (yield* kernel.call(VM_IRQ_LEND, request)).virq_handle;
    },

    vmIrqLendNotify: (vmid: number, virq_handle: number) =>
      notify({ virq_handle, flags: LENT, vmid_entries: [{ vmid }] }),

    /**
     * Takes a lent interrupt.
     *
     * @param virq wanted number, 0..0x7FFFFFFF, or VIRQ_ANY (0xFFFFFFFF); EINVAL for others.
     * @returns the number. Only with VIRQ_ANY is it taken from the reply, whose size is checked then.
     */
    *vmIrqAccept(virq_handle: number, virq: number): Calling<number> {
      const { name } = VM_IRQ_ACCEPT;
      const any = virq === constants.VIRQ_ANY;
      if (virq > VIRQ_MAX && !any) refuse(name, 'virq', `0..${VIRQ_MAX} or VIRQ_ANY`, virq);
      const reply = yield* kernel.exchange(VM_IRQ_ACCEPT, { virq_handle, virq });
      if (any) return decodeReply(VM_IRQ_ACCEPT, reply, 'EINVAL').virq;
      if (reply.length === 0) {
        const fault = { code: 'reply_size', expected: 4, actual: 0 };
        kernel.fault(name, 'reply', fault, qcomHazards.unset_reply_pointer);
      }
      return virq;
    },

    vmIrqAcceptNotify: (virq_handle: number) => notify({ virq_handle, flags: ACCEPTED }),

    vmIrqRelease: (virq_handle: number) => release({ virq_handle }),

    vmIrqReleaseNotify: (virq_handle: number) => notify({ virq_handle, flags: RELEASED }),

    vmIrqReclaim: (virq_handle: number) => reclaim({ virq_handle }),
  };
}
