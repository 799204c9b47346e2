import {
  authMech,
  constants,
  FW_SET_VM_FIRMWARE,
  MEM_APPEND,
  MEM_DONATE,
  MEM_LEND,
  MEM_SHARE,
  memAppendFlags,
  memShareFlags,
  transType,
} from '../../../schemas/index.js';
import type { MessageShape } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY, type Sent, statesMask } from '../session/action.js';
import {
  type KnownParcel,
  type KnownVm,
  ParcelState,
  pick,
  type Range,
  State,
} from '../session/known-state.js';
import type { Layout } from '../session/page-allocator.js';
import { REPLY_START, type Session, VMID_HLOS, wordAt } from '../session/session.js';

const { DONATE, LEND, SHARE } = transType.values;
const RWX = 7;
const RIGHTS: readonly number[] = [4, 5, 6, 7];
/** Labels of parcels that no device asks for. */
const LABELS = 6;
const SECONDARY_LAST = 31;
const TARGETS_MAX = 3;
const RANGES_MAX = 4;
const PARCELS_MAX = 24;
/** As many as RM takes for one owner. */
const PARCELS_CROWDED = 70;

/** Giving memory to others, and to RM itself (rm-behaviour.md, "Memory parcels"). */
export function newParcelEdges(shapes: MessageShapes): Action[] {
  return [
    creation(shapes.of(MEM_DONATE.id), DONATE),
    creation(shapes.of(MEM_LEND.id), LEND),
    creation(shapes.of(MEM_SHARE.id), SHARE),
    appending(shapes),
    gift(shapes),
    firmware(shapes),
  ] as Action[];
}

/** New parcels for a VM. */
function creation(shape: MessageShape, kind: number): Action<'vm'> {
  const flags = shape.slot('flags');
  const label = shape.slot('label');
  return {
    subject: 'vm',
    theme: 'memory',
    shape,
    // What is given for good is to be accepted by the VM itself.
    from: kind === DONATE ? statesMask(State.RUNNING, State.EXITED) : ANY,
    weight: 8,
    make(session, vm) {
      const { known, random } = session;
      if (known.parcels.length >= (random.chance(0.01) ? PARCELS_CROWDED : PARCELS_MAX)) return false;
      const owner = ownerOf(session, vm);
      const draft = session.request(shape, owner?.vmid ?? VMID_HLOS);
      const parcel = newParcel(session, kind, owner, vm);
      if (parcel.ranges.length === 0) return false;
      const open = random.chance(0.12);
      if (open) parcel.stage = ParcelState.OPEN;
      draft.numbers[flags] =
        (random.chance(0.15) ? memShareFlags.bits.SANITIZE : 0) | (open ? memShareFlags.bits.APPEND : 0);
      draft.numbers[label] = parcel.label;
      writeLists(session, parcel);
      // Naming the attribute that memory has anyway changes nothing, but counts where lists are compared.
      if (random.chance(0.1)) draft.list(2).add(0, parcel.targets[0]);
      session.parcel = parcel;
      return true;
    },
    done: created,
  };
}

/** Who gives memory away: HLOS, or a VM other than the receiver that has memory of its own. */
function ownerOf({ known, random }: Session, receiver: KnownVm): KnownVm | undefined {
  if (random.chance(0.5)) return undefined;
  const vm = pick(random, known.vms);
  return vm !== undefined && vm !== receiver && vm.linked && vm.owned.length > 0 ? vm : undefined;
}

function newParcel(session: Session, kind: number, owner: KnownVm | undefined, vm: KnownVm): KnownParcel {
  const { known, random } = session;
  const by = owner?.vmid ?? VMID_HLOS;
  const targets = [
    random.chance(0.95) ? vm.vmid : session.any(constants.VMID_RM, random.below(SECONDARY_LAST - 3) + 4),
  ];
  if (kind !== DONATE) {
    for (let more = random.chance(0.25) ? random.below(TARGETS_MAX) : 0; more > 0; more--) {
      const other = random.chance(0.8) ? pick(random, known.vms)?.vmid : 4 + random.below(4);
      if (other !== undefined && other !== by && !targets.includes(other)) targets.push(other);
    }
    // A VM lends to HLOS as well as to others.
    if (by !== VMID_HLOS && random.chance(0.2)) targets[0] = VMID_HLOS;
  }
  if (kind === SHARE) targets.splice(random.below(2) * targets.length, 0, by);
  const unique = targets.filter((vmid, index) => targets.indexOf(vmid) === index);
  return {
    handle: -1,
    owner: by,
    transType: kind,
    memType: 0,
    label: labelFor(session, vm),
    targets: unique,
    rights: unique.map(() => (kind === DONATE || random.chance(0.7) ? RWX : session.any(...RIGHTS))),
    ranges: rangesFrom(session, owner),
    acceptors: [],
    stage: ParcelState.OFFERED,
    tag: 0,
  };
}

/** A label that a device of the VM asks for, or another; memory beside the image that has none keeps a VM from starting. */
function labelFor({ random }: Session, vm: KnownVm): number {
  const wanted = vm.tree?.labels ?? [];
  if (wanted.length > 0 && random.chance(0.6)) return pick(random, wanted) ?? 0;
  return vm.state === State.RUNNING || random.chance(0.05) ? random.below(LABELS) : 1 + random.below(LABELS);
}

function rangesFrom(session: Session, owner: KnownVm | undefined): Range[] {
  const { random, pages } = session;
  if (owner !== undefined) {
    const range = pick(random, owner.owned);
    return range === undefined ? [] : [range];
  }
  const layout = session.any<Layout>('together', 'apart', 'apart', 'blocks');
  const ranges: Range[] = [];
  for (let left = random.chance(0.5) ? 1 : 1 + random.below(RANGES_MAX); left > 0; left--)
    ranges.push(pages.range(random, layout));
  return ranges;
}

/** Whom a parcel is for and what is in it, as the first two lists of several requests have it. */
export function writeLists({ draft }: Session, { targets, rights, ranges }: KnownParcel): void {
  for (let index = 0; index < targets.length; index++)
    draft.list(0).add(targets[index] as number, rights[index]);
  for (const { address, size } of ranges) draft.list(1).add(address, size);
}

function appending(shapes: MessageShapes): Action<'parcel'> {
  const shape = shapes.of(MEM_APPEND.id);
  const handle = shape.slot('mem_handle');
  const flags = shape.slot('flags');
  return {
    subject: 'parcel',
    theme: 'memory',
    shape,
    from: statesMask(ParcelState.OPEN),
    weight: 12,
    make(session, parcel) {
      const { known, random } = session;
      if (!known.speaks(parcel.owner)) return false;
      const ranges = rangesFrom(session, known.vm(parcel.owner));
      if (ranges.length === 0) return false;
      const draft = session.request(shape, parcel.owner);
      const last = random.chance(0.5);
      draft.numbers[handle] = parcel.handle;
      draft.numbers[flags] = last ? memAppendFlags.bits.END : 0;
      for (const { address, size } of ranges) draft.list(0).add(address, size);
      session.note = last ? 1 : 0;
      return true;
    },
    done(_session, { parcel, note }) {
      if (parcel !== undefined && note === 1) parcel.stage = ParcelState.OFFERED;
    },
  };
}

/** Memory for RM itself, which takes firmware only as a gift. */
function gift(shapes: MessageShapes): Action<'none'> {
  const shape = shapes.of(MEM_DONATE.id);
  return {
    subject: 'none',
    theme: 'life',
    shape,
    from: ANY,
    weight: 2,
    make(session) {
      if (session.known.parcels.some(({ targets }) => targets[0] === constants.VMID_RM)) return false;
      session.request(shape, VMID_HLOS);
      session.parcel = {
        handle: -1,
        owner: VMID_HLOS,
        transType: DONATE,
        memType: 0,
        label: 0,
        targets: [constants.VMID_RM],
        rights: [RWX],
        ranges: rangesFrom(session, undefined),
        acceptors: [],
        stage: ParcelState.OFFERED,
        tag: 0,
      };
      writeLists(session, session.parcel);
      return true;
    },
    done: created,
  };
}

function created({ known }: Session, { parcel }: Sent, reply: Uint8Array): void {
  if (parcel !== undefined) known.addParcel(parcel, wordAt(reply, REPLY_START));
}

/** Firmware for VMs, before the milestone: what was given to RM. */
function firmware(shapes: MessageShapes): Action<'none'> {
  const shape = shapes.of(FW_SET_VM_FIRMWARE.id);
  const slots = {
    authentication: shape.slot('auth_mech'),
    handle: shape.slot('mem_handle'),
    size: shape.slot('image_size'),
  };
  return {
    subject: 'none',
    theme: 'life',
    shape,
    from: ANY,
    weight: 4,
    make(session) {
      const parcel = session.known.parcels.find(
        ({ targets, transType, owner }) =>
          targets[0] === constants.VMID_RM && transType === DONATE && owner === VMID_HLOS,
      );
      if (parcel === undefined) return false;
      const { numbers } = session.request(shape, VMID_HLOS);
      numbers[slots.authentication] = authMech.values.QCOM_ANDROID_PVM;
      numbers[slots.handle] = parcel.handle;
      numbers[slots.size] = parcel.ranges.reduce((sum, { size }) => sum + size, 0);
      session.parcel = parcel;
      return true;
    },
    done({ known }, { parcel }) {
      known.firmware = true;
      if (parcel !== undefined) known.forgetParcel(parcel);
    },
  };
}
