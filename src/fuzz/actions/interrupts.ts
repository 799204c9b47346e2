import {
  constants,
  irqNotifyFlags,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
} from '../../../schemas/index.js';
import { REPLY_FIELDS, wordAt } from '../../target/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, statesMask } from '../session/action.js';
import { InterruptState, type KnownInterrupt, pick } from '../session/known-state.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { type RequestRow, requestAction } from './request.js';

const INTERRUPTS_MAX = 8;
/** Share of acceptances that name the number of another interrupt, which RM takes, 0..1. */
const OTHER_NUMBER_PROBABILITY = 0.08;
const { LENT, ACCEPTED, RELEASED } = irqNotifyFlags.bits;

type InterruptRow = RequestRow<'interrupt'>;

const virq_handle = (_session: unknown, { handle }: KnownInterrupt): number => handle;

const borrower = ({ known }: Session, interrupt: KnownInterrupt): number | undefined =>
  known.canSend(interrupt.borrower) ? interrupt.borrower : undefined;

/** Lending interrupts of HLOS (rm-behaviour.md, "Interrupts"). */
export function interruptActions(shapes: MessageShapes): Action[] {
  const interruptAction = (
    { id }: { readonly id: number },
    row: Omit<InterruptRow, 'subject' | 'theme'>,
  ): Action => requestAction(shapes.of(id), { subject: 'interrupt', theme: 'interrupts', ...row });
  return [
    requestAction(shapes.of(VM_IRQ_LEND.id), {
      subject: 'vm',
      theme: 'interrupts',
      weight: 6,
      when(session) {
        const { known, random, machine } = session;
        const virq = machine.interrupts[random.below(machine.interrupts.length)];
        session.note = virq ?? 0;
        return virq !== undefined && known.interrupts.length < INTERRUPTS_MAX;
      },
      fields: {
        borrower: (_session, vm) => vm.vmid,
        virq: ({ note }) => note,
        label: ({ random }) => random.below(4),
      },
      done({ known }, { vm, note: virq }, reply) {
        const handle = wordAt(reply, REPLY_FIELDS);
        if (vm !== undefined)
          known.interrupts.push({ handle, virq, borrower: vm.vmid, state: InterruptState.OFFERED });
      },
    }),
    interruptAction(VM_IRQ_ACCEPT, {
      from: statesMask(InterruptState.OFFERED),
      weight: 10,
      sender: borrower,
      fields: {
        virq_handle,
        virq: (session, { virq }) =>
          session.random.chance(OTHER_NUMBER_PROBABILITY)
            ? (pick(session.random, session.known.interrupts)?.virq ?? virq)
            : session.any(constants.VIRQ_ANY, virq),
      },
      done(_session, { interrupt }) {
        if (interrupt !== undefined) interrupt.state = InterruptState.BOUND;
      },
    }),
    interruptAction(VM_IRQ_RELEASE, {
      from: statesMask(InterruptState.BOUND),
      weight: 3,
      sender: borrower,
      fields: { virq_handle },
      done(_session, { interrupt }) {
        if (interrupt !== undefined) interrupt.state = InterruptState.OFFERED;
      },
    }),
    interruptAction(VM_IRQ_RECLAIM, {
      from: statesMask(InterruptState.OFFERED),
      weight: 3,
      fields: { virq_handle },
      done({ known }, { interrupt }) {
        if (interrupt !== undefined) known.forgetInterrupt(interrupt);
      },
    }),
    interruptAction(VM_IRQ_NOTIFY, {
      weight: 4,
      when(session, interrupt) {
        if (!session.known.canSend(interrupt.borrower)) return false;
        const offered = interrupt.state === InterruptState.OFFERED;
        session.note = session.any(offered ? LENT : ACCEPTED, offered ? RELEASED : ACCEPTED);
        return true;
      },
      sender: ({ note }, interrupt) => (note === LENT ? VMID_HLOS : interrupt.borrower),
      fill({ note, random }, interrupt, draft) {
        if (note === LENT && random.chance(0.5)) draft.list(0).add(interrupt.borrower);
        return true;
      },
      fields: { virq_handle, flags: ({ note }) => note },
    }),
  ];
}
