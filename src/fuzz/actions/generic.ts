import type { MessageShape, MutationSite } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY } from '../session/action.js';
import { pick } from '../session/known-state.js';
import type { Session } from '../session/session.js';
import { VMID_HLOS } from '../session/session.js';

const TEXT_MAX = 16;

/** A request of any message, filled in by what its fields mean: for those that no other action makes. */
export function genericEdge(shapes: MessageShapes, shape: MessageShape): Action {
  const action: Action<'none'> = {
    subject: 'none',
    theme: 'questions',
    shape,
    from: ANY,
    weight: 1,
    make(session) {
      const { known, random } = session;
      const draft = session.request(shape, random.chance(0.7) ? VMID_HLOS : known.speaker(random));
      if (shape === shapes.unknown) draft.id = session.any(...shapes.unknownIds);
      for (const site of shape.sites) {
        const { scalar, list } = site;
        if (scalar === undefined) continue;
        if (list === undefined) draft.numbers[scalar.slot] = usual(session, site);
        else {
          const entries = draft.list(list.index);
          if (entries.count === 0) entries.add(0);
          entries.set(0, scalar.slot, usual(session, site));
        }
      }
      for (; draft.byteCount < random.below(TEXT_MAX); draft.byteCount++) draft.bytes[draft.byteCount] = 0x61;
      return true;
    },
  };
  return action as Action;
}

function usual({ known, random, pages }: Session, { kind }: MutationSite): number {
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
