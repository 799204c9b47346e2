import {
  constants,
  irqNotifyFlags,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
} from '../../../schemas/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY, statesMask } from '../session/action.js';
import { InterruptState } from '../session/known-state.js';
import { REPLY_START, VMID_HLOS, wordAt } from '../session/session.js';

const LOANS_MAX = 8;

/** What can be done with interrupts (rm-behaviour.md, "Interrupts"). */
export function interruptEdges(shapes: MessageShapes): Action[] {
  return [
    lending(shapes),
    accepting(shapes),
    handing(shapes, VM_IRQ_RELEASE.id),
    handing(shapes, VM_IRQ_RECLAIM.id),
    notifying(shapes),
  ] as Action[];
}

function lending(shapes: MessageShapes): Action<'vm'> {
  const shape = shapes.of(VM_IRQ_LEND.id);
  const slots = { borrower: shape.slot('borrower'), virq: shape.slot('virq'), label: shape.slot('label') };
  return {
    subject: 'vm',
    theme: 'interrupts',
    shape,
    from: ANY,
    weight: 6,
    make(session, vm) {
      const { known, random, machine } = session;
      const virq = machine.interrupts[random.below(machine.interrupts.length)];
      if (virq === undefined || known.interrupts.length >= LOANS_MAX) return false;
      const { numbers } = session.request(shape, VMID_HLOS);
      numbers[slots.borrower] = vm.vmid;
      numbers[slots.virq] = virq;
      numbers[slots.label] = random.below(4);
      session.note = virq;
      return true;
    },
    done({ known }, { vm, note }, reply) {
      if (vm === undefined) return;
      known.interrupts.push({
        handle: wordAt(reply, REPLY_START),
        virq: note,
        borrower: vm.vmid,
        stage: InterruptState.OFFERED,
      });
    },
  };
}

function accepting(shapes: MessageShapes): Action<'interrupt'> {
  const shape = shapes.of(VM_IRQ_ACCEPT.id);
  const handle = shape.slot('virq_handle');
  const virq = shape.slot('virq');
  return {
    subject: 'interrupt',
    theme: 'interrupts',
    shape,
    from: statesMask(InterruptState.OFFERED),
    weight: 10,
    make(session, interrupt) {
      if (!session.known.speaks(interrupt.borrower)) return false;
      const { numbers } = session.request(shape, interrupt.borrower);
      numbers[handle] = interrupt.handle;
      numbers[virq] = session.any(constants.VIRQ_ANY, interrupt.virq);
      return true;
    },
    done(_session, { interrupt }) {
      if (interrupt !== undefined) interrupt.stage = InterruptState.BOUND;
    },
  };
}

/** VM_IRQ_RELEASE by the borrower, VM_IRQ_RECLAIM by HLOS. */
function handing(shapes: MessageShapes, id: number): Action<'interrupt'> {
  const shape = shapes.of(id);
  const handle = shape.slot('virq_handle');
  const release = id === VM_IRQ_RELEASE.id;
  return {
    subject: 'interrupt',
    theme: 'interrupts',
    shape,
    from: statesMask(release ? InterruptState.BOUND : InterruptState.OFFERED),
    weight: 3,
    make(session, interrupt) {
      const by = release ? interrupt.borrower : VMID_HLOS;
      if (!session.known.speaks(by)) return false;
      session.request(shape, by).numbers[handle] = interrupt.handle;
      return true;
    },
    done({ known }, { interrupt }) {
      if (interrupt === undefined) return;
      if (release) interrupt.stage = InterruptState.OFFERED;
      else known.forgetInterrupt(interrupt);
    },
  };
}

function notifying(shapes: MessageShapes): Action<'interrupt'> {
  const shape = shapes.of(VM_IRQ_NOTIFY.id);
  const handle = shape.slot('virq_handle');
  const flags = shape.slot('flags');
  const { LENT, ACCEPTED, RELEASED } = irqNotifyFlags.bits;
  return {
    subject: 'interrupt',
    theme: 'interrupts',
    shape,
    from: ANY,
    weight: 4,
    make(session, interrupt) {
      if (!session.known.speaks(interrupt.borrower)) return false;
      const offered = interrupt.stage === InterruptState.OFFERED;
      const flag = session.any(offered ? LENT : ACCEPTED, offered ? RELEASED : ACCEPTED);
      const draft = session.request(shape, flag === LENT ? VMID_HLOS : interrupt.borrower);
      draft.numbers[handle] = interrupt.handle;
      draft.numbers[flags] = flag;
      if (flag === LENT && session.random.chance(0.5)) draft.list(0).add(interrupt.borrower);
      return true;
    },
  };
}
