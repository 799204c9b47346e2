import {
  MEM_ACCEPT,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  MEM_RELEASE,
  memAcceptFlags,
  memNotifyFlags,
  transType,
} from '../../../schemas/index.js';
import { longAt, REPLY_FIELDS } from '../../target/index.js';
import type { Draft } from '../message/draft.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, type PendingRequest, statesMask } from '../session/action.js';
import { type KnownParcel, ParcelState, pick } from '../session/known-state.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { parcelSize, writeLists } from './parcel-creation.js';
import { type RequestRow, requestAction } from './request.js';

type ParcelRow = RequestRow<'parcel'>;

const { DONE, MAP_CONTIGUOUS, VALIDATE_LABEL, VALIDATE_ACL_ATTR, SANITIZE } = memAcceptFlags.bits;
const { SHARED, RECALL, ACCEPTED, RELEASED } = memNotifyFlags.bits;
/** Guest addresses where a VM has nothing unless it asks for them. */
const FREE_BASE = 0x200000000;
const FREE_BLOCKS = 1024;
const BLOCK = 0x200000;
const COUNT_SIZE = 4;
const ENTRY_SIZE = 16;

const mem_handle = (_session: Session, { handle }: KnownParcel): number => handle;
const mem_type = (_session: Session, { memType }: KnownParcel): number => memType;
const label = (_session: Session, parcel: KnownParcel): number => parcel.label;

/** Requests about existing parcels (rm-behaviour.md, "Memory parcels"). */
export function parcelActions(shapes: MessageShapes): Action[] {
  return [
    requestAction(shapes.of(MEM_ACCEPT.id), accept),
    requestAction(shapes.of(MEM_RELEASE.id), release),
    requestAction(shapes.of(MEM_RECLAIM.id), reclaim),
    requestAction(shapes.of(MEM_NOTIFY.id), notify),
    requestAction(shapes.of(MEM_QCOM_LOOKUP_SGL.id), lookUp),
  ];
}

const accept: ParcelRow = {
  subject: 'parcel',
  theme: 'memory',
  weight: 10,
  sender(session, parcel) {
    const { known, random } = session;
    const by = pick(random, parcel.targets);
    if (by === undefined || by === parcel.owner || !known.canSend(by) || isImage(session, parcel))
      return undefined;
    // RM refuses to map the same memory twice.
    return parcel.acceptors.includes(by) && random.chance(0.7) ? undefined : by;
  },
  fill(session, parcel, draft) {
    const { random, known } = session;
    const by = draft.sender;
    // A parcel that is only begun outlives a reset that cleans nothing up.
    let flags = random.chance(session.manyLives ? 0.5 : 0.75) ? DONE : 0;
    if (by !== VMID_HLOS && random.chance(0.3)) flags |= MAP_CONTIGUOUS;
    if (random.chance(0.15)) flags |= VALIDATE_LABEL;
    if (random.chance(0.05)) flags |= SANITIZE;
    if (random.chance(0.15)) {
      flags |= VALIDATE_ACL_ATTR;
      for (let index = 0; index < parcel.targets.length; index++)
        draft.list(0).add(parcel.targets[index] as number, parcel.rights[index]);
    }
    if (random.chance(0.15)) askForAddresses(session, parcel, draft, (flags & MAP_CONTIGUOUS) !== 0);
    session.vm = known.vm(by);
    session.note = flags;
    return true;
  },
  fields: {
    mem_handle,
    mem_type,
    trans_type: (_session, parcel) => parcel.transType,
    flags: ({ note }) => note,
    label,
  },
  done: accepted,
};

/** Addresses at which the sender wants the memory. HLOS can only have it at its own addresses. */
function askForAddresses(session: Session, parcel: KnownParcel, draft: Draft, contiguous: boolean): void {
  const { known, random } = session;
  const list = draft.list(1);
  if (draft.sender === VMID_HLOS) {
    for (const { address, size } of parcel.ranges) list.add(address, size);
    return;
  }
  const reserved = random.chance(0.5) ? pick(random, known.vm(draft.sender)?.reserved ?? []) : undefined;
  const base = reserved?.address ?? FREE_BASE + random.below(FREE_BLOCKS) * BLOCK;
  if (contiguous) list.add(base, parcelSize(parcel));
  else for (const [index, { size }] of parcel.ranges.entries()) list.add(base + index * 0x100000, size);
}

/** Whether a VM boots from a parcel. Such a parcel is left alone, except in 3 of 100 draws. */
function isImage({ known, random }: Session, parcel: KnownParcel): boolean {
  return known.vms.some(({ image }) => image === parcel) && !random.chance(0.03);
}

/** Memory that was donated belongs to the acceptor from then on, and the parcel is gone. */
function accepted({ known }: Session, { from, parcel, vm, note }: PendingRequest, reply: Uint8Array): void {
  if (parcel === undefined) return;
  if (parcel.transType !== transType.values.DONATE || (note & DONE) === 0) {
    known.parcelAccepted(parcel, from);
    return;
  }
  known.forgetParcel(parcel);
  if (vm === undefined) return;
  for (let at = REPLY_FIELDS + COUNT_SIZE; at + ENTRY_SIZE <= reply.length; at += ENTRY_SIZE)
    vm.owned.push({ address: longAt(reply, at), size: longAt(reply, at + 8) });
}

/** Flag SANITIZE of both MEM_RELEASE and MEM_RECLAIM. */
const sanitizeFlag = ({ random }: Session): number => (random.chance(0.1) ? 1 : 0);

function senderUnlessImage(session: Session, parcel: KnownParcel, vmid: number | undefined) {
  return vmid === undefined || !session.known.canSend(vmid) || isImage(session, parcel) ? undefined : vmid;
}

const release: ParcelRow = {
  subject: 'parcel',
  theme: 'memory',
  from: statesMask(ParcelState.ACCEPTED),
  weight: 4,
  sender: (session, parcel) => senderUnlessImage(session, parcel, pick(session.random, parcel.acceptors)),
  fields: { mem_handle, flags: sanitizeFlag },
  done({ known }, { parcel, from }) {
    if (parcel !== undefined) known.parcelReleased(parcel, from);
  },
};

const reclaim: ParcelRow = {
  subject: 'parcel',
  theme: 'memory',
  from: statesMask(ParcelState.OPEN, ParcelState.OFFERED),
  weight: 3,
  sender: (session, parcel) => senderUnlessImage(session, parcel, parcel.owner),
  fields: { mem_handle, flags: sanitizeFlag },
  done({ known }, { parcel }) {
    if (parcel !== undefined) known.forgetParcel(parcel);
  },
};

function isOwnersFlag(flag: number): boolean {
  return flag === SHARED || flag === RECALL;
}

const notify: ParcelRow = {
  subject: 'parcel',
  theme: 'memory',
  weight: 6,
  sender(session, { owner, targets, acceptors }) {
    const { known, random } = session;
    const flag = session.any(SHARED, SHARED, RECALL, ACCEPTED, RELEASED);
    session.note = flag;
    if (isOwnersFlag(flag)) return known.canSend(owner) ? owner : undefined;
    const by = pick(random, flag === ACCEPTED ? acceptors : targets);
    return by !== undefined && known.canSend(by) && known.canSend(owner) ? by : undefined;
  },
  /** RM can only notify VMs that have a queue. */
  fill({ known, note }, parcel, draft) {
    if (!isOwnersFlag(note)) return true;
    for (const vmid of parcel.targets)
      if (vmid !== parcel.owner && known.canSend(vmid)) draft.list(0).add(vmid);
    return draft.list(0).count > 0;
  },
  fields: {
    mem_handle,
    flags: ({ note }) => note,
    mem_info_tag({ random }, parcel) {
      if (parcel.tag === 0) parcel.tag = 1 + random.below(5);
      return parcel.tag;
    },
  },
};

const lookUp: ParcelRow = {
  subject: 'parcel',
  theme: 'questions',
  weight: 3,
  sender: ({ known }, { owner }) => (known.canSend(owner) ? owner : undefined),
  fill(session, parcel) {
    writeLists(session, parcel);
    return true;
  },
  fields: { mem_type, label },
};
