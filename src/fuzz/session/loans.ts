import {
  constants,
  irqNotifyFlags,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_IRQ_NOTIFY,
  VM_IRQ_RECLAIM,
  VM_IRQ_RELEASE,
} from '../../../schemas/index.js';
import type { Forms } from '../generate/forms.js';
import { ANY, type Edge, statesMask } from './edge.js';
import { Loan } from './known.js';
import { REPLY_START, VMID_HLOS, wordAt } from './session.js';

const LOANS_MAX = 8;

/** What can be done with interrupts (rm-behaviour.md, "Interrupts"). */
export function interruptEdges(forms: Forms): Edge[] {
  return [
    lending(forms),
    accepting(forms),
    handing(forms, VM_IRQ_RELEASE.id),
    handing(forms, VM_IRQ_RECLAIM.id),
    notifying(forms),
  ] as Edge[];
}

function lending(forms: Forms): Edge<'vm'> {
  const form = forms.of(VM_IRQ_LEND.id);
  const slots = { borrower: form.slot('borrower'), virq: form.slot('virq'), label: form.slot('label') };
  return {
    subject: 'vm',
    theme: 'interrupts',
    form,
    from: ANY,
    weight: 6,
    make(session, vm) {
      const { known, random, machine } = session;
      const virq = machine.interrupts[random.below(machine.interrupts.length)];
      if (virq === undefined || known.loans.length >= LOANS_MAX) return false;
      const { numbers } = session.request(form, VMID_HLOS);
      numbers[slots.borrower] = vm.vmid;
      numbers[slots.virq] = virq;
      numbers[slots.label] = random.below(4);
      session.note = virq;
      return true;
    },
    done({ known }, { vm, note }, reply) {
      if (vm === undefined) return;
      known.loans.push({
        handle: wordAt(reply, REPLY_START),
        virq: note,
        borrower: vm.vmid,
        stage: Loan.OFFERED,
      });
    },
  };
}

function accepting(forms: Forms): Edge<'loan'> {
  const form = forms.of(VM_IRQ_ACCEPT.id);
  const handle = form.slot('virq_handle');
  const virq = form.slot('virq');
  return {
    subject: 'loan',
    theme: 'interrupts',
    form,
    from: statesMask(Loan.OFFERED),
    weight: 10,
    make(session, loan) {
      if (!session.known.speaks(loan.borrower)) return false;
      const { numbers } = session.request(form, loan.borrower);
      numbers[handle] = loan.handle;
      numbers[virq] = session.any(constants.VIRQ_ANY, loan.virq);
      return true;
    },
    done(_session, { loan }) {
      if (loan !== undefined) loan.stage = Loan.BOUND;
    },
  };
}

/** VM_IRQ_RELEASE by the borrower, VM_IRQ_RECLAIM by HLOS. */
function handing(forms: Forms, id: number): Edge<'loan'> {
  const form = forms.of(id);
  const handle = form.slot('virq_handle');
  const release = id === VM_IRQ_RELEASE.id;
  return {
    subject: 'loan',
    theme: 'interrupts',
    form,
    from: statesMask(release ? Loan.BOUND : Loan.OFFERED),
    weight: 3,
    make(session, loan) {
      const by = release ? loan.borrower : VMID_HLOS;
      if (!session.known.speaks(by)) return false;
      session.request(form, by).numbers[handle] = loan.handle;
      return true;
    },
    done({ known }, { loan }) {
      if (loan === undefined) return;
      if (release) loan.stage = Loan.OFFERED;
      else known.forgetLoan(loan);
    },
  };
}

function notifying(forms: Forms): Edge<'loan'> {
  const form = forms.of(VM_IRQ_NOTIFY.id);
  const handle = form.slot('virq_handle');
  const flags = form.slot('flags');
  const { LENT, ACCEPTED, RELEASED } = irqNotifyFlags.bits;
  return {
    subject: 'loan',
    theme: 'interrupts',
    form,
    from: ANY,
    weight: 4,
    make(session, loan) {
      if (!session.known.speaks(loan.borrower)) return false;
      const offered = loan.stage === Loan.OFFERED;
      const flag = session.any(offered ? LENT : ACCEPTED, offered ? RELEASED : ACCEPTED);
      const draft = session.request(form, flag === LENT ? VMID_HLOS : loan.borrower);
      draft.numbers[handle] = loan.handle;
      draft.numbers[flags] = flag;
      if (flag === LENT && session.random.chance(0.5)) draft.list(0).add(loan.borrower);
      return true;
    },
  };
}
