import type { Form, Place } from '../generate/form.js';
import type { Forms } from '../generate/forms.js';
import { ANY, type Edge } from './edge.js';
import { pick } from './known.js';
import type { Session } from './session.js';
import { VMID_HLOS } from './session.js';

const TEXT_MAX = 16;

/** A request of any message, filled in by what its fields mean: for those that no other edge makes. */
export function genericEdge(forms: Forms, form: Form): Edge {
  const edge: Edge<'none'> = {
    subject: 'none',
    theme: 'questions',
    form,
    from: ANY,
    weight: 1,
    make(session) {
      const { known, random } = session;
      const draft = session.request(form, random.chance(0.7) ? VMID_HLOS : known.speaker(random));
      if (form === forms.unknown) draft.id = session.any(...forms.unknownIds);
      for (const place of form.places) {
        const { scalar, list } = place;
        if (scalar === undefined) continue;
        if (list === undefined) draft.numbers[scalar.slot] = usual(session, place);
        else {
          const entries = draft.list(list.index);
          if (entries.count === 0) entries.add(0);
          entries.set(0, scalar.slot, usual(session, place));
        }
      }
      for (; draft.byteCount < random.below(TEXT_MAX); draft.byteCount++) draft.bytes[draft.byteCount] = 0x61;
      return true;
    },
  };
  return edge as Edge;
}

function usual({ known, random, pages }: Session, { kind }: Place): number {
  switch (kind) {
    case 'reserved':
      return 0;
    case 'vmid':
      return pick(random, known.vms)?.vmid ?? VMID_HLOS;
    case 'mem_handle':
      return pick(random, known.parcels)?.handle ?? 0;
    case 'address':
      return pages.range(random, 'apart').address;
    case 'size':
      return 0x1000;
    default:
      return random.below(3);
  }
}
