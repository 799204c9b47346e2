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
import { qcomHazards } from './hazards.js';
import { decodeReply, type QcomKernel, refuse } from './kernel.js';

const { LENT, RELEASED, ACCEPTED } = irqNotifyFlags.bits;
/** Interrupt numbers are signed in the drivers. */
const VIRQ_MAX = 0x7fffffff;

/** The calls that lend interrupts. Handles are those of {@link irqLend}, 32 bits. */
export function irqCalls(kernel: QcomKernel) {
  const handleCall = (message: typeof VM_IRQ_RELEASE | typeof VM_IRQ_RECLAIM) =>
    function* (virq_handle: number): Calling<void> {
      yield* kernel.call(message, { virq_handle });
    };
  const notifyCall = (flags: number) =>
    function* (virq_handle: number): Calling<void> {
      yield* kernel.call(VM_IRQ_NOTIFY, { virq_handle, flags });
    };

  return {
    /** Lends an interrupt of this VM. @returns the handle of the loan. */
    *vmIrqLend(request: InferInput<typeof VM_IRQ_LEND.request>): Calling<number> {
      return (yield* kernel.call(VM_IRQ_LEND, request)).virq_handle;
    },

    /** Has RM tell one VM that an interrupt was lent to it. */
    *vmIrqLendNotify(vmid: number, virq_handle: number): Calling<void> {
      yield* kernel.call(VM_IRQ_NOTIFY, { virq_handle, flags: LENT, vmid_entries: [{ vmid }] });
    },

    /**
     * Takes a lent interrupt.
     *
     * @param virq number wanted, 0..0x7FFFFFFF, or VIRQ_ANY (0xFFFFFFFF); others are refused.
     * @returns the number; from the reply only with VIRQ_ANY, which is also when its size is checked.
     */
    *vmIrqAccept(virq_handle: number, virq: number): Calling<number> {
      const { name } = VM_IRQ_ACCEPT;
      const any = virq === constants.VIRQ_ANY;
      if (virq > VIRQ_MAX && !any) refuse(name, 'virq', `0..${VIRQ_MAX} or VIRQ_ANY`, virq);
      const reply = yield* kernel.exchange(VM_IRQ_ACCEPT, { virq_handle, virq });
      if (any) return decodeReply(VM_IRQ_ACCEPT, reply, 'EINVAL').virq;
      if (reply.length === 0) {
        const fault = { code: 'reply_size', expected: 4, actual: 0 };
        kernel.fault(name, 'EINVAL', 'reply', fault, qcomHazards.unset_reply_pointer);
      }
      return virq;
    },

    /** Has RM tell the lender that the interrupt was taken. */
    vmIrqAcceptNotify: notifyCall(ACCEPTED),

    /** Gives a lent interrupt back. */
    vmIrqRelease: handleCall(VM_IRQ_RELEASE),

    /** Has RM tell the lender that the interrupt is free again. */
    vmIrqReleaseNotify: notifyCall(RELEASED),

    /** Ends a loan. */
    vmIrqReclaim: handleCall(VM_IRQ_RECLAIM),
  };
}
