import type { MessageShape, MutationSite } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import type { Action } from '../session/action.js';
import { pick } from '../session/known-state.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { requestAction } from './request.js';

const TEXT_MAX = 16;

/** A request of any message, its fields filled by their roles: for messages without an action of their own. */
export function genericAction(shapes: MessageShapes, shape: MessageShape): Action {
  return requestAction(shape, {
    subject: 'none',
    theme: 'questions',
    weight: 1,
    sender: ({ known, random }) => (random.chance(0.7) ? VMID_HLOS : known.anySender(random)),
    fill(session, _subject, draft) {
      if (shape === shapes.unknown) draft.id = pick(session.random, shapes.unknownIds) as number;
      for (const site of shape.sites) {
        const { scalar, list } = site;
        if (scalar === undefined) continue;
        if (list === undefined) draft.numbers[scalar.slot] = usualValue(session, site);
        else draft.filledList(list).set(0, scalar.slot, usualValue(session, site));
      }
      for (; draft.byteCount < session.random.below(TEXT_MAX); draft.byteCount++)
        draft.bytes[draft.byteCount] = 0x61;
      return true;
    },
  });
}

function usualValue({ known, random, pages }: Session, { kind }: MutationSite): number {
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
