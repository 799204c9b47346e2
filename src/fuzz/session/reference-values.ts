import { constants } from '../../../schemas/index.js';
import type { Draft } from '../message/draft.js';
import type { Referents } from '../mutation/breaks.js';
import { pick } from './known-state.js';
import type { Session } from './session.js';
import { VMID_HLOS } from './session.js';

const { VMID_RM, VMID_ANY, VMID_PEER_DEFAULT, VMID_DYNAMIC_LAST } = constants;
/** VMIDs that RM never gives out. */
const UNLISTED: readonly number[] = [1, 2, 40, 77, 127, VMID_DYNAMIC_LAST + 1, 254, 256, 0x7fff];
const SECONDARY_FIRST = 4;
const SECONDARY_COUNT = 28;

/** What a session can name instead of what is right. */
export function referentsOf(session: Session): Referents {
  const { known, machine } = session;
  const gone = (list: readonly number[], fallback: number) => pick(session.random, list) ?? fallback;
  return {
    vmid(name, draft: Draft) {
      switch (name) {
        case 'zero':
          return 0;
        case 'hlos':
          return VMID_HLOS;
        case 'manager':
          return VMID_RM;
        case 'sender':
          return draft.sender;
        case 'other':
          return pick(session.random, known.vms)?.vmid ?? VMID_RM;
        case 'stale':
          return gone(known.goneVmids, known.lastVmid + 1);
        case 'future':
          return known.lastVmid + 1;
        case 'secondary':
          return SECONDARY_FIRST + session.random.below(SECONDARY_COUNT);
        case 'any':
          return session.any(VMID_ANY, VMID_PEER_DEFAULT);
        default:
          return session.any(...UNLISTED);
      }
    },
    memHandle(name, current) {
      if (name === 'stale') return gone(known.goneHandles, known.lastHandle + 1);
      if (name === 'future') return known.lastHandle + 1 + session.random.below(3);
      return pick(session.random, known.parcels)?.handle ?? current + 1;
    },
    virqHandle(name, current) {
      if (name === 'stale') return gone(known.goneInterrupts, current + 1);
      if (name === 'future') return current + 1;
      return pick(session.random, known.interrupts)?.handle ?? current + 1;
    },
    virq(current) {
      const lent = pick(session.random, known.interrupts)?.virq;
      if (lent !== undefined && session.random.chance(0.7)) return lent;
      return machine.interrupts[session.random.below(machine.interrupts.length)] ?? current;
    },
    address() {
      const parcel = pick(session.random, known.parcels);
      return parcel?.ranges[0]?.address ?? 0;
    },
    spare: () => session.pages.range(session.random, 'blocks').address,
  };
}
