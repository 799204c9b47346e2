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
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY, type Sent, statesMask } from '../session/action.js';
import { type KnownParcel, ParcelState, pick } from '../session/known-state.js';
import { longAt, REPLY_START, type Session, VMID_HLOS } from '../session/session.js';
import { writeLists } from './parcel-creation.js';

const { DONATE } = transType.values;
/** Where in their address space VMs have nothing unless they ask for it. */
const FREE_BASE = 0x200000000;
const FREE_BLOCKS = 1024;
const BLOCK = 0x200000;
const LIST_HEAD = 4;
const ENTRY_SIZE = 16;

/** What is done with parcels that are there (rm-behaviour.md, "Memory parcels"). */
export function parcelEdges(shapes: MessageShapes): Action[] {
  return [
    accepting(shapes),
    giving(shapes, MEM_RELEASE.id),
    giving(shapes, MEM_RECLAIM.id),
    notifying(shapes),
    lookingUp(shapes),
  ] as Action[];
}

function accepting(shapes: MessageShapes): Action<'parcel'> {
  const shape = shapes.of(MEM_ACCEPT.id);
  const slots = {
    handle: shape.slot('mem_handle'),
    memType: shape.slot('mem_type'),
    transType: shape.slot('trans_type'),
    flags: shape.slot('flags'),
    label: shape.slot('label'),
  };
  const { bits } = memAcceptFlags;
  return {
    subject: 'parcel',
    theme: 'memory',
    shape,
    from: ANY,
    weight: 10,
    make(session, parcel) {
      const { known, random } = session;
      const by = pick(random, parcel.targets);
      if (by === undefined || by === parcel.owner || !known.speaks(by) || isNeeded(session, parcel))
        return false;
      // What is mapped already is refused.
      if (parcel.acceptors.includes(by) && random.chance(0.7)) return false;
      const draft = session.request(shape, by);
      const { numbers } = draft;
      let flags = random.chance(0.75) ? bits.DONE : 0;
      if (by !== VMID_HLOS && random.chance(0.3)) flags |= bits.MAP_CONTIGUOUS;
      if (random.chance(0.15)) flags |= bits.VALIDATE_LABEL;
      if (random.chance(0.05)) flags |= bits.SANITIZE;
      if (random.chance(0.15)) {
        flags |= bits.VALIDATE_ACL_ATTR;
        for (let index = 0; index < parcel.targets.length; index++)
          draft.list(0).add(parcel.targets[index] as number, parcel.rights[index]);
      }
      numbers[slots.handle] = parcel.handle;
      numbers[slots.memType] = parcel.memType;
      numbers[slots.transType] = parcel.transType;
      numbers[slots.flags] = flags;
      numbers[slots.label] = parcel.label;
      if (random.chance(0.15)) askForAddresses(session, parcel, by, (flags & bits.MAP_CONTIGUOUS) !== 0);
      session.vm = known.vm(by);
      session.note = flags;
      return true;
    },
    done: accepted,
  };
}

/** Addresses where the acceptor wants the memory: HLOS only where it is, others behind everything else that they have. */
function askForAddresses(
  { draft, known, random }: Session,
  parcel: KnownParcel,
  by: number,
  contiguous: boolean,
): void {
  const list = draft.list(1);
  if (by === VMID_HLOS) {
    for (const { address, size } of parcel.ranges) list.add(address, size);
    return;
  }
  // Addresses that were reserved are there to be asked for.
  const reserved = random.chance(0.5) ? pick(random, known.vm(by)?.reserved ?? []) : undefined;
  const base = reserved?.address ?? FREE_BASE + random.below(FREE_BLOCKS) * BLOCK;
  if (contiguous)
    list.add(
      base,
      parcel.ranges.reduce((sum, { size }) => sum + size, 0),
    );
  else for (const [index, { size }] of parcel.ranges.entries()) list.add(base + index * 0x100000, size);
}

/** Whether a VM is to boot from a parcel, which is then left alone but for the odd time. */
function isNeeded({ known, random }: Session, parcel: KnownParcel): boolean {
  return known.vms.some(({ image }) => image === parcel) && !random.chance(0.03);
}

function accepted({ known }: Session, { from, parcel, vm, note }: Sent, reply: Uint8Array): void {
  if (parcel === undefined) return;
  if (parcel.transType !== DONATE || (note & memAcceptFlags.bits.DONE) === 0) {
    if (!parcel.acceptors.includes(from)) parcel.acceptors.push(from);
    parcel.stage = ParcelState.ACCEPTED;
    return;
  }
  known.forgetParcel(parcel);
  if (vm === undefined) return;
  for (let at = REPLY_START + LIST_HEAD; at + ENTRY_SIZE <= reply.length; at += ENTRY_SIZE)
    vm.owned.push({ address: longAt(reply, at), size: longAt(reply, at + 8) });
}

/** MEM_RELEASE by those who have accepted, MEM_RECLAIM by the owner. */
function giving(shapes: MessageShapes, id: number): Action<'parcel'> {
  const shape = shapes.of(id);
  const handle = shape.slot('mem_handle');
  const flags = shape.slot('flags');
  const release = id === MEM_RELEASE.id;
  return {
    subject: 'parcel',
    theme: 'memory',
    shape,
    from: release ? statesMask(ParcelState.ACCEPTED) : statesMask(ParcelState.OPEN, ParcelState.OFFERED),
    weight: release ? 4 : 3,
    make(session, parcel) {
      const { known, random } = session;
      const by = release ? pick(random, parcel.acceptors) : parcel.owner;
      if (by === undefined || !known.speaks(by) || isNeeded(session, parcel)) return false;
      const { numbers } = session.request(shape, by);
      numbers[handle] = parcel.handle;
      numbers[flags] = random.chance(0.1) ? 1 : 0;
      return true;
    },
    done({ known }, { parcel, from }) {
      if (parcel === undefined) return;
      if (release) known.left(parcel, from);
      else known.forgetParcel(parcel);
    },
  };
}

function notifying(shapes: MessageShapes): Action<'parcel'> {
  const shape = shapes.of(MEM_NOTIFY.id);
  const slots = {
    handle: shape.slot('mem_handle'),
    flags: shape.slot('flags'),
    tag: shape.slot('mem_info_tag'),
  };
  const { bits } = memNotifyFlags;
  return {
    subject: 'parcel',
    theme: 'memory',
    shape,
    from: ANY,
    weight: 6,
    make(session, parcel) {
      const { known, random } = session;
      const flag = session.any(bits.SHARED, bits.SHARED, bits.RECALL, bits.ACCEPTED, bits.RELEASED);
      const byOwner = flag === bits.SHARED || flag === bits.RECALL;
      const by = byOwner
        ? parcel.owner
        : pick(random, flag === bits.ACCEPTED ? parcel.acceptors : parcel.targets);
      // Whoever is told must have a queue.
      if (by === undefined || !known.speaks(by) || (!byOwner && !known.speaks(parcel.owner))) return false;
      const draft = session.request(shape, by);
      for (const vmid of byOwner ? parcel.targets : [])
        if (vmid !== parcel.owner && known.speaks(vmid)) draft.list(0).add(vmid);
      if (byOwner && draft.list(0).count === 0) return false;
      if (parcel.tag === 0) parcel.tag = 1 + random.below(5);
      draft.numbers[slots.handle] = parcel.handle;
      draft.numbers[slots.flags] = flag;
      draft.numbers[slots.tag] = parcel.tag;
      return true;
    },
  };
}

function lookingUp(shapes: MessageShapes): Action<'parcel'> {
  const shape = shapes.of(MEM_QCOM_LOOKUP_SGL.id);
  const memType = shape.slot('mem_type');
  const label = shape.slot('label');
  return {
    subject: 'parcel',
    theme: 'questions',
    shape,
    from: ANY,
    weight: 3,
    make(session, parcel) {
      if (!session.known.speaks(parcel.owner)) return false;
      const { numbers } = session.request(shape, parcel.owner);
      numbers[memType] = parcel.memType;
      numbers[label] = parcel.label;
      writeLists(session, parcel);
      return true;
    },
  };
}
