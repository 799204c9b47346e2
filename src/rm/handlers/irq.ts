import {
  constants,
  VM_IRQ_ACCEPT,
  VM_IRQ_ACCEPTED,
  VM_IRQ_LEND,
  VM_IRQ_LENT,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
  VM_IRQ_RELEASED,
} from '../../../schemas/index.js';
import { VIRQ_MAX } from '../../hypervisor/index.js';
import { IrqNotifyFlag, RmError, VMID_HLOS } from '../codes.js';
import { hasInterruptMap, hasRecord } from './conditions.js';
import { type HandlerRow, handler, handlerOfHead, usualChecks } from './row.js';

/** Interrupts below this number belong to a core. */
const FIRST_SHARED = 32;
/** The public manager dies of an empty payload to any message of this family. */
const emptyPayload = { emptyPayload: 'irq_empty_payload' } as const;
/** It needs the sender's VM before it looks at the payload, and for some messages the VM's interrupt map, too. */
const ofVm = { ...emptyPayload, checks: [hasRecord, ...usualChecks] };
const ofMap = { ...emptyPayload, checks: [hasRecord, hasInterruptMap, ...usualChecks] };

const lend = handler(
  VM_IRQ_LEND,
  (rm, sender, { borrower, virq: number, label }) => {
    if (sender.vmid !== VMID_HLOS || !rm.hypervisor.hasInterrupt(number)) return RmError.IRQ_INVALID;
    if (rm.interrupts.get(number) !== undefined) return RmError.IRQ_INUSE;
    rm.hypervisor.unbindInterrupt(number);
    rm.interrupts.lend({ number, borrower, label, owner: sender.vmid, virq: undefined });
    return { virq_handle: rm.interrupts.handleOf(number) };
  },
  ofMap,
);

const accept = handler(
  VM_IRQ_ACCEPT,
  (rm, sender, { virq_handle, virq }) => {
    const lending = rm.interrupts.byHandle(virq_handle);
    if (lending === undefined || lending.borrower !== sender.vmid) return RmError.HANDLE_INVALID;
    if (lending.virq !== undefined) return RmError.IN_USE;
    const { number } = lending;
    // RM23 binds the hardware interrupt with the number that the borrower asked for, whether it was lent that one or
    // not.
    const chosen = virq === constants.VIRQ_ANY ? number : virq;
    if (rm.careful && chosen !== number) return RmError.ARGUMENT_INVALID;
    if (chosen > VIRQ_MAX) return RmError.ARGUMENT_INVALID;
    if (sender.interrupts === undefined) return rm.panicOrError('irq_no_map');
    if (!rm.hypervisor.hasInterrupt(chosen)) return RmError.ARGUMENT_INVALID;
    if (!sender.interrupts.take(chosen, true)) {
      if (chosen < FIRST_SHARED && rm.platform.privateVirqSpoils) rm.interrupts.spoilt = true;
      return RmError.DENIED;
    }
    if (!rm.hypervisor.bindInterrupt(chosen)) {
      sender.interrupts.release(chosen);
      return RmError.ARGUMENT_INVALID;
    }
    lending.virq = chosen;
    return { virq: chosen };
  },
  ofVm,
);

const release = handler(
  VM_IRQ_RELEASE,
  (rm, sender, { virq_handle }) => {
    const lending = rm.interrupts.byHandle(virq_handle);
    if (lending === undefined || lending.borrower !== sender.vmid) return RmError.HANDLE_INVALID;
    const { virq } = lending;
    if (virq === undefined) return RmError.IN_USE;
    if (sender.interrupts === undefined) return rm.panicOrError('irq_no_map');
    // Accepted in an earlier life: the number means nothing, or something else, in the present one.
    if (!sender.interrupts.isAccepted(virq)) return RmError.ARGUMENT_INVALID;
    sender.interrupts.release(virq);
    rm.hypervisor.unbindInterrupt(virq);
    lending.virq = undefined;
    return RmError.OK;
  },
  ofVm,
);

const reclaim = handler(
  VM_IRQ_RECLAIM,
  (rm, sender, { virq_handle }) => {
    const lending = rm.interrupts.byHandle(virq_handle);
    if (lending === undefined || lending.borrower === sender.vmid) return RmError.HANDLE_INVALID;
    if (lending.virq !== undefined) return RmError.IN_USE;
    if (lending.owner !== sender.vmid) return RmError.IRQ_INVALID;
    if (!rm.hypervisor.bindInterrupt(lending.number)) return rm.panicOrError('irq_reclaim_bound');
    rm.interrupts.reclaim(lending);
    return RmError.OK;
  },
  ofMap,
);

const notify = handlerOfHead(
  VM_IRQ_NOTIFY,
  (rm, sender, { virq_handle, flags }, rest) => {
    if (flags !== IrqNotifyFlag.LENT && rest.size > 0) return RmError.MSG_INVALID;
    const lending = rm.interrupts.byHandle(virq_handle);
    if (lending === undefined) return RmError.HANDLE_INVALID;
    const { owner, borrower, label, virq } = lending;
    switch (flags) {
      case IrqNotifyFlag.LENT: {
        const request = rest.read();
        if (typeof request === 'number') return request;
        if (owner !== sender.vmid) return RmError.HANDLE_INVALID;
        if (virq !== undefined) return RmError.IRQ_INUSE;
        const { vmid_entries = [] } = request;
        if (vmid_entries.length > 1 || vmid_entries.some(({ vmid }) => vmid !== borrower))
          return RmError.ARGUMENT_INVALID;
        rm.links.notify(borrower, VM_IRQ_LENT, { owner_vmid: owner, virq_handle, label });
        return RmError.OK;
      }
      case IrqNotifyFlag.RELEASED:
        if (borrower !== sender.vmid) return RmError.HANDLE_INVALID;
        if (virq !== undefined) return RmError.IRQ_INUSE;
        rm.links.notify(owner, VM_IRQ_RELEASED, { virq_handle });
        return RmError.OK;
      case IrqNotifyFlag.ACCEPTED:
        if (borrower !== sender.vmid) return RmError.HANDLE_INVALID;
        if (virq === undefined) return RmError.IRQ_RELEASED;
        rm.links.notify(owner, VM_IRQ_ACCEPTED, { virq_handle });
        return RmError.OK;
      default:
        return RmError.ARGUMENT_INVALID;
    }
  },
  ofMap,
);

export const irqRows: readonly HandlerRow[] = [accept, lend, release, reclaim, notify];
