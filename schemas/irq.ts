import {
  call,
  empty,
  field,
  type Infer,
  list,
  notification,
  reserved,
  struct,
  u32,
  unknownCall,
} from '../src/schema/index.js';
import { label, virqHandle, vmid } from './fields.js';
import { irqNotifyFlags } from './flags.js';
import { qualcomm, rmAndQualcomm } from './sources.js';
import { vmidEntry } from './structs.js';

const noReplyPayload = [{ sources: qualcomm, text: 'a reply with payload is an error' }];

const virq = (doc: string) => field(u32, doc, { role: 'virq', aliases: ['virq_num'], info: 'what' });

/** A payload that only names a loan: two requests and two notifications. */
const loan = struct(4, { virq_handle: virqHandle('handle from VM_IRQ_LEND') });

export const VM_IRQ_ACCEPT = call('VM_IRQ_ACCEPT', {
  id: 0x56000050,
  doc: 'Binds an interrupt that was lent to the sender to one of its own interrupt numbers.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 8, emptyPayload: 'PANIC' } },
  dialects: [
    {
      sources: qualcomm,
      text: 'virq is signed in the clients; reply size checked (EINVAL) only when RM was asked to choose',
    },
  ],
  request: struct(8, {
    virq_handle: virqHandle('handle from VM_IRQ_LEND'),
    virq: virq('number wanted, 0xFFFFFFFF = RM chooses'),
  }),
  reply: struct(4, { virq: virq('number it got') }),
  example: { request: { virq_handle: 0x10000083, virq: 0xffffffff }, reply: { virq: 131 } },
});
export type VmIrqAcceptRequest = Infer<typeof VM_IRQ_ACCEPT.request>;
export type VmIrqAcceptReply = Infer<typeof VM_IRQ_ACCEPT.reply>;

export const VM_IRQ_LEND = call('VM_IRQ_LEND', {
  id: 0x56000051,
  doc: 'Offers a hardware interrupt of the sender to another VM, which may then accept it.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 12, emptyPayload: 'PANIC' } },
  dialects: [{ sources: qualcomm, text: 'a reply of another size is an error' }],
  request: struct(12, {
    borrower: vmid('VM that may accept it', { aliases: ['vmid'], info: 'to' }),
    reserved: reserved(2),
    virq: virq('interrupt of the sender'),
    label: label('free value for the borrower'),
  }),
  reply: struct(4, { virq_handle: virqHandle('handle of the loan') }),
  example: { request: { borrower: 9, virq: 131, label: 7 }, reply: { virq_handle: 0x10000083 } },
});
export type VmIrqLendRequest = Infer<typeof VM_IRQ_LEND.request>;
export type VmIrqLendReply = Infer<typeof VM_IRQ_LEND.reply>;

export const VM_IRQ_RELEASE = call('VM_IRQ_RELEASE', {
  id: 0x56000052,
  doc: 'Ends the use of a borrowed interrupt; its lender can then reclaim it.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4, emptyPayload: 'PANIC' } },
  dialects: noReplyPayload,
  request: loan,
  reply: empty,
  example: { request: { virq_handle: 0x10000083 }, reply: {} },
});
export type VmIrqReleaseRequest = Infer<typeof VM_IRQ_RELEASE.request>;

export const VM_IRQ_RECLAIM = call('VM_IRQ_RECLAIM', {
  id: 0x56000053,
  doc: 'Takes a lent interrupt back while nobody has accepted it, and ends the loan.',
  sources: rmAndQualcomm,
  rm23: { length: { exact: 4, emptyPayload: 'PANIC' } },
  dialects: noReplyPayload,
  request: loan,
  reply: empty,
  example: { request: { virq_handle: 0x10000083 }, reply: {} },
});
export type VmIrqReclaimRequest = Infer<typeof VM_IRQ_RECLAIM.request>;

export const VM_IRQ_NOTIFY = call('VM_IRQ_NOTIFY', {
  id: 0x56000054,
  doc: 'Lets RM tell the other side of a loan that the interrupt was lent, accepted or released.',
  sources: rmAndQualcomm,
  rm23: { length: { min: 8, excess: 'MSG_INVALID', emptyPayload: 'PANIC' } },
  triggers: ['VM_IRQ_LENT', 'VM_IRQ_RELEASED', 'VM_IRQ_ACCEPTED'],
  dialects: [
    {
      sources: qualcomm,
      text: 'flags is one byte and three reserved ones: the same bytes; RM23 compares the whole word',
    },
  ],
  notes: [
    'Only LENT may have the list, and may leave it out. RM23 accepts no list, an empty list, or a list of exactly the borrower.',
  ],
  request: struct(8, {
    virq_handle: virqHandle('handle from VM_IRQ_LEND'),
    flags: field(irqNotifyFlags, 'exactly one bit', { info: 'what' }),
    vmid_entries: field(list(vmidEntry), 'who to tell', {
      aliases: ['notify_vmids'],
      info: 'to',
      when: { field: 'flags', any: ['LENT'] },
      trailing: true,
      means: 'the borrower',
    }),
  }),
  reply: empty,
  example: { request: { virq_handle: 0x10000083, flags: 1, vmid_entries: [{ vmid: 9 }] }, reply: {} },
});
export type VmIrqNotifyRequest = Infer<typeof VM_IRQ_NOTIFY.request>;

export const VM_IRQ_UNMAP = unknownCall('VM_IRQ_UNMAP', {
  id: 0x56000055,
  doc: 'Presumably unbinds interrupt numbers of the sender.',
  sources: rmAndQualcomm,
  idOnlyIn: rmAndQualcomm,
  notes: [
    "RM23's header declares a struct (an 8-byte count, then u32 interrupt numbers) that nothing reads: logged, then UNIMPLEMENTED. No client calls it.",
  ],
});

export const VM_IRQ_LENT = notification('VM_IRQ_LENT', {
  id: 0x56100011,
  doc: 'An interrupt is offered to the receiver, who can take it with VM_IRQ_ACCEPT.',
  aliases: ['NOTIFY_VM_IRQ_LENT'],
  sources: rmAndQualcomm,
  rm23: { to: 'the borrower' },
  dialects: [{ sources: ['q515'], text: 'must have 12 bytes' }],
  payload: struct(12, {
    owner_vmid: vmid('lender', { aliases: ['owner'], info: 'from' }),
    reserved: reserved(2),
    virq_handle: virqHandle('handle from VM_IRQ_LEND'),
    label: label('from VM_IRQ_LEND', { aliases: ['virq_label'] }),
  }),
  example: { payload: { owner_vmid: 3, virq_handle: 0x10000083, label: 7 } },
});
export type VmIrqLentPayload = Infer<typeof VM_IRQ_LENT.payload>;

export const VM_IRQ_RELEASED = notification('VM_IRQ_RELEASED', {
  id: 0x56100012,
  doc: 'The borrower says that it has released an interrupt; the lender can reclaim it.',
  aliases: ['NOTIFY_VM_IRQ_RELEASED'],
  sources: rmAndQualcomm,
  rm23: { to: 'the lender' },
  dialects: [{ sources: ['q515'], text: 'must have 4 bytes' }],
  payload: loan,
  example: { payload: { virq_handle: 0x10000083 } },
});
export type VmIrqReleasedPayload = Infer<typeof VM_IRQ_RELEASED.payload>;

export const VM_IRQ_ACCEPTED = notification('VM_IRQ_ACCEPTED', {
  id: 0x56100013,
  doc: 'The borrower says that it has accepted an interrupt.',
  aliases: ['NOTIFY_VM_IRQ_ACCEPTED'],
  sources: rmAndQualcomm,
  rm23: { to: 'the lender' },
  dialects: [{ sources: ['q515'], text: 'must have 4 bytes' }],
  payload: loan,
  example: { payload: { virq_handle: 0x10000083 } },
});
export type VmIrqAcceptedPayload = Infer<typeof VM_IRQ_ACCEPTED.payload>;
