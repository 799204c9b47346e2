import type { SiteKind } from '../message/message-shape.js';
import { namedVmid, pick } from '../session/known-state.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { frameMutations } from './frame-mutations.js';
import { listMutations } from './list-mutations.js';
import type { Mutation } from './mutation.js';
import { bytesMutations, lengthMutations, optionalMutations, payloadMutations } from './payload-mutations.js';
import { valueMutations } from './value-mutations.js';

function otherSender(name: string, vmidOf: (session: Session) => number): Mutation {
  return {
    name,
    rule: 'sender',
    draft(draft, _site, session) {
      draft.sender = vmidOf(session);
    },
  };
}

/** The mutations of each kind of site. Case numbers depend on their order. */
export const mutations: Readonly<Record<SiteKind, readonly Mutation[]>> = {
  ...valueMutations,
  length: lengthMutations,
  list: listMutations,
  bytes: bytesMutations,
  optional: optionalMutations,
  message: payloadMutations,
  sender: [
    otherSender('hlos', () => VMID_HLOS),
    otherSender('other', ({ random, known }) => pick(random, known.vms)?.vmid ?? VMID_HLOS),
    otherSender('any', ({ random }) => namedVmid(random)),
  ],
  // The request itself stays valid: it is sent in a state in which RM refuses it.
  state: [
    { name: 'any', rule: 'state' },
    { name: 'again', rule: 'state', repeated: true },
  ],
  frames: Object.entries(frameMutations).map(([name, frames]) => ({ name, rule: 'framing', frames })),
};
