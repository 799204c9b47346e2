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
import { RmError, VMID_HLOS } from '../codes.js';
import type { Lending } from '../interrupt-table.js';
import type { ResourceManager } from '../manager.js';
import type { Vm } from '../vm.js';
import {
  decode,
  errorReply,
  notificationBytes,
  okReply,
  type Payload,
  type Reply,
  replyWith,
  sizeOf,
} from '../wire.js';
import type { Handler, Handlers } from './handler.js';

const LEND_SIZE = 12;
const NOTIFY_SIZE = 8;
const NOTIFY_LIST_SIZE = 4;
const VMID_ENTRY_SIZE = 4;
const ACCEPT_SIZE = 8;
const HANDLE_SIZE = 4;
/** Interrupts below belong to a core. */
const FIRST_SHARED = 32;
const NotifyFlag = { LENT: 1, RELEASED: 2, ACCEPTED: 4 } as const;

/** A lent interrupt by its handle: handles count from a base, by hardware interrupt. */
function lookUp(rm: ResourceManager, handle: number): { number: number; lending: Lending } | undefined {
  const number = (handle - rm.irqHandleBase) >>> 0;
  const lending = rm.interrupts.get(number);
  return lending === undefined ? undefined : { number, lending };
}

/** Every handler of this family dies of an empty payload. */
function guarded(handler: Handler): Handler {
  return (rm, sender, payload) =>
    sizeOf(payload) === 0 ? errorReply(rm.die('irq_empty_payload')) : handler(rm, sender, payload);
}

function lend(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== LEND_SIZE) return errorReply(RmError.MSG_INVALID);
  const { borrower, virq, label } = decode(VM_IRQ_LEND.request, payload);
  if (sender.vmid !== VMID_HLOS || !rm.hypervisor.hasInterrupt(virq)) return errorReply(RmError.IRQ_INVALID);
  if (rm.interrupts.get(virq) !== undefined) return errorReply(RmError.IRQ_INUSE);
  rm.hypervisor.unbindInterrupt(virq);
  rm.interrupts.lend(virq, { borrower, label, owner: sender.vmid, virq: undefined });
  return replyWith(VM_IRQ_LEND.reply, { virq_handle: (rm.irqHandleBase + virq) >>> 0 });
}

function accept(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== ACCEPT_SIZE) return errorReply(RmError.MSG_INVALID);
  const { virq_handle, virq } = decode(VM_IRQ_ACCEPT.request, payload);
  const found = lookUp(rm, virq_handle);
  if (found === undefined || found.lending.borrower !== sender.vmid)
    return errorReply(RmError.HANDLE_INVALID);
  const { number, lending } = found;
  if (lending.virq !== undefined) return errorReply(RmError.IN_USE);
  // The number given is also the hardware interrupt that is bound, lent to this VM or not.
  const chosen = virq === constants.VIRQ_ANY ? number : virq;
  if (rm.careful && chosen !== number) return errorReply(RmError.ARGUMENT_INVALID);
  if (!rm.hypervisor.hasInterrupt(chosen)) return errorReply(RmError.ARGUMENT_INVALID);
  if (sender.interrupts?.take(chosen) !== true) {
    if (chosen < FIRST_SHARED && rm.platform.privateVirqSpoils) rm.interruptsSpoilt = true;
    return errorReply(RmError.DENIED);
  }
  if (!rm.hypervisor.bindInterrupt(chosen)) {
    sender.interrupts.release(chosen);
    return errorReply(RmError.ARGUMENT_INVALID);
  }
  rm.interrupts.bind(chosen, sender.vmid);
  lending.virq = chosen;
  return replyWith(VM_IRQ_ACCEPT.reply, { virq: chosen });
}

function release(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== HANDLE_SIZE) return errorReply(RmError.MSG_INVALID);
  const found = lookUp(rm, decode(VM_IRQ_RELEASE.request, payload).virq_handle);
  if (found === undefined || found.lending.borrower !== sender.vmid)
    return errorReply(RmError.HANDLE_INVALID);
  const { virq } = found.lending;
  if (virq === undefined) return errorReply(RmError.IN_USE);
  sender.interrupts?.release(virq);
  rm.hypervisor.unbindInterrupt(virq);
  rm.interrupts.unbind(virq);
  found.lending.virq = undefined;
  return okReply;
}

function reclaim(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  if (sizeOf(payload) !== HANDLE_SIZE) return errorReply(RmError.MSG_INVALID);
  const found = lookUp(rm, decode(VM_IRQ_RECLAIM.request, payload).virq_handle);
  if (found === undefined || found.lending.borrower === sender.vmid)
    return errorReply(RmError.HANDLE_INVALID);
  if (found.lending.virq !== undefined) return errorReply(RmError.IN_USE);
  if (found.lending.owner !== sender.vmid) return errorReply(RmError.IRQ_INVALID);
  if (!rm.hypervisor.bindInterrupt(found.number)) return errorReply(rm.die('irq_reclaim_bound'));
  rm.interrupts.reclaim(found.number);
  return okReply;
}

function notify(rm: ResourceManager, sender: Vm, payload: Payload): Reply {
  const size = sizeOf(payload);
  if (size < NOTIFY_SIZE) return errorReply(RmError.MSG_INVALID);
  const handle = payload.view.getUint32(payload.start, true);
  const flags = payload.view.getUint32(payload.start + 4, true);
  if (flags !== NotifyFlag.LENT && size !== NOTIFY_SIZE) return errorReply(RmError.MSG_INVALID);
  const found = lookUp(rm, handle);
  if (found === undefined) return errorReply(RmError.HANDLE_INVALID);
  const { lending } = found;
  if (flags === NotifyFlag.LENT) return errorReply(notifyLent(rm, sender, payload, lending));
  if (flags !== NotifyFlag.RELEASED && flags !== NotifyFlag.ACCEPTED)
    return errorReply(RmError.ARGUMENT_INVALID);
  if (lending.borrower !== sender.vmid) return errorReply(RmError.HANDLE_INVALID);
  const accepted = flags === NotifyFlag.ACCEPTED;
  if (accepted !== (lending.virq !== undefined))
    return errorReply(accepted ? RmError.IRQ_RELEASED : RmError.IRQ_INUSE);
  const message = accepted ? VM_IRQ_ACCEPTED : VM_IRQ_RELEASED;
  rm.notify(lending.owner, message.id, notificationBytes(message.payload, { virq_handle: handle }));
  return okReply;
}

/** Tells the borrower; a list of whom to tell may say so, and nothing else. */
function notifyLent(rm: ResourceManager, sender: Vm, payload: Payload, lending: Lending): number {
  const listSize = sizeOf(payload) - NOTIFY_SIZE;
  let count = 0;
  if (listSize > 0) {
    if (listSize < NOTIFY_LIST_SIZE) return RmError.MSG_INVALID;
    count = payload.view.getUint16(payload.start + NOTIFY_SIZE, true);
    if (listSize !== NOTIFY_LIST_SIZE + count * VMID_ENTRY_SIZE) return RmError.MSG_INVALID;
  }
  if (lending.owner !== sender.vmid) return RmError.HANDLE_INVALID;
  if (lending.virq !== undefined) return RmError.IRQ_INUSE;
  const { virq_handle, vmid_entries } = decode(VM_IRQ_NOTIFY.request, payload);
  if (count > 1 || (count === 1 && vmid_entries?.[0]?.vmid !== lending.borrower))
    return RmError.ARGUMENT_INVALID;
  const value = { owner_vmid: lending.owner, virq_handle, label: lending.label };
  rm.notify(lending.borrower, VM_IRQ_LENT.id, notificationBytes(VM_IRQ_LENT.payload, value));
  return RmError.OK;
}

export const irqHandlers: Handlers = [
  [VM_IRQ_ACCEPT.id, guarded(accept)],
  [VM_IRQ_LEND.id, guarded(lend)],
  [VM_IRQ_RELEASE.id, guarded(release)],
  [VM_IRQ_RECLAIM.id, guarded(reclaim)],
  [VM_IRQ_NOTIFY.id, guarded(notify)],
];
