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
import { REPLY_FIELDS, wordAt } from '../../target/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, type PendingRequest, statesMask } from '../session/action.js';
import {
  type KnownParcel,
  type KnownVm,
  ParcelState,
  pick,
  type Range,
  State,
} from '../session/known-state.js';
import type { Layout } from '../session/page-allocator.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { type RequestRow, requestAction } from './request.js';

const { VMID_RM } = constants;
const { DONATE, LEND, SHARE } = transType.values;
const { END } = memAppendFlags.bits;
export const RWX = 7;
/** All access rights with read. */
const RIGHTS: readonly number[] = [4, 5, 6, 7];
/** Labels of parcels that no device asks for. */
const LABELS = 6;
const SECONDARY_LAST = 31;
const TARGETS_MAX = 3;
const RANGES_MAX = 4;
const PARCELS_MAX = 24;
/** States of a VM that can accept memory by itself. */
const RUNS: ReadonlySet<number> = new Set([State.RUNNING, State.EXITED]);
/** More parcels than RM takes from one owner. */
const PARCELS_CROWDED = 70;

/** Memory for VMs and for RM itself (rm-behaviour.md, "Memory parcels"). */
export function parcelCreationActions(shapes: MessageShapes): Action[] {
  return [
    requestAction(shapes.of(MEM_DONATE.id), creation(DONATE)),
    requestAction(shapes.of(MEM_LEND.id), creation(LEND)),
    requestAction(shapes.of(MEM_SHARE.id), creation(SHARE)),
    requestAction(shapes.of(MEM_APPEND.id), append),
    requestAction(shapes.of(MEM_DONATE.id), donateToManager),
    requestAction(shapes.of(FW_SET_VM_FIRMWARE.id), setFirmware),
  ];
}

/** A parcel as it is when its request is sent. */
export function newParcel(
  parcel: Pick<KnownParcel, 'transType' | 'targets' | 'ranges'> & Partial<KnownParcel>,
): KnownParcel {
  return {
    handle: -1,
    owner: VMID_HLOS,
    memType: 0,
    label: 0,
    rights: parcel.targets.map(() => RWX),
    acceptors: [],
    state: ParcelState.OFFERED,
    tag: 0,
    ...parcel,
  };
}

/** Bytes of a parcel. */
export function parcelSize(parcel: KnownParcel | undefined): number {
  return parcel?.ranges.reduce((sum, { size }) => sum + size, 0) ?? 0;
}

/** Writes targets and ranges, the first two lists of several requests. */
export function writeLists({ draft }: Session, { targets, rights, ranges }: KnownParcel): void {
  for (let index = 0; index < targets.length; index++)
    draft.list(0).add(targets[index] as number, rights[index]);
  for (const { address, size } of ranges) draft.list(1).add(address, size);
}

export function parcelCreated({ known }: Session, { parcel }: PendingRequest, reply: Uint8Array): void {
  if (parcel !== undefined) known.addParcel(parcel, wordAt(reply, REPLY_FIELDS));
}

/** A new parcel for a VM. */
function creation(kind: number): RequestRow<'vm'> {
  return {
    subject: 'vm',
    theme: 'memory',
    weight: 8,
    when: ({ known, random, manyLives }, { state }) =>
      known.parcels.length < (random.chance(0.01) ? PARCELS_CROWDED : PARCELS_MAX) &&
      // VM_START of a VM with donated memory mostly fails or kills RM, so such a VM should run already.
      (kind !== DONATE || RUNS.has(state) || random.chance(manyLives ? 0.2 : 0.03)),
    sender: (session, vm) => ownerOf(session, vm)?.vmid ?? VMID_HLOS,
    fill(session, vm, draft) {
      const { random } = session;
      const parcel = parcelFor(session, kind, draft.sender, vm);
      if (parcel.ranges.length === 0) return false;
      const open = random.chance(0.12);
      if (open) parcel.state = ParcelState.OPEN;
      const { SANITIZE, APPEND } = memShareFlags.bits;
      session.note = (random.chance(0.15) ? SANITIZE : 0) | (open ? APPEND : 0);
      writeLists(session, parcel);
      // The attribute that the memory has anyway: it changes nothing, but counts where lists are compared.
      if (random.chance(0.1)) draft.list(2).add(0, parcel.targets[0]);
      session.parcel = parcel;
      return true;
    },
    fields: { flags: ({ note }) => note, label: ({ parcel }) => parcel?.label ?? 0 },
    done: parcelCreated,
  };
}

/** The owner of new parcels: HLOS (undefined), or a VM other than the receiver that has memory of its own. */
function ownerOf({ known, random }: Session, receiver: KnownVm): KnownVm | undefined {
  if (random.chance(0.5)) return undefined;
  const owners = known.vms.filter((vm) => vm !== receiver && vm.linked && vm.owned.length > 0);
  return pick(random, owners);
}

function parcelFor(session: Session, kind: number, owner: number, vm: KnownVm): KnownParcel {
  const { random } = session;
  const targets = targetsOf(session, kind, owner, vm);
  return newParcel({
    transType: kind,
    owner,
    targets,
    label: labelFor(session, vm),
    rights: targets.map(() => (kind === DONATE || random.chance(0.7) ? RWX : session.any(...RIGHTS))),
    ranges: rangesOf(session, owner),
  });
}

function targetsOf(session: Session, kind: number, owner: number, vm: KnownVm): readonly number[] {
  const { known, random } = session;
  const targets = [
    random.chance(0.95) ? vm.vmid : session.any(VMID_RM, random.below(SECONDARY_LAST - 3) + 4),
  ];
  if (kind !== DONATE) {
    for (let more = random.chance(0.25) ? random.below(TARGETS_MAX) : 0; more > 0; more--) {
      const other = random.chance(0.8) ? pick(random, known.vms)?.vmid : 4 + random.below(4);
      if (other !== undefined && other !== owner && !targets.includes(other)) targets.push(other);
    }
    if (owner !== VMID_HLOS && random.chance(0.2)) targets[0] = VMID_HLOS;
  }
  if (kind === SHARE) targets.splice(random.below(2) * targets.length, 0, owner);
  return [...new Set(targets)];
}

/** A label that a device of the VM asks for, or another one. A VM with unlabelled memory beside its image does not start. */
function labelFor({ random }: Session, vm: KnownVm): number {
  const wanted = vm.tree?.labels ?? [];
  if (wanted.length > 0 && random.chance(0.6)) return pick(random, wanted) ?? 0;
  return vm.state === State.RUNNING || random.chance(0.05) ? random.below(LABELS) : 1 + random.below(LABELS);
}

/** Memory that an owner can give away: new pages of HLOS, or a range that was donated to the VM. */
function rangesOf(session: Session, owner: number): Range[] {
  const { random, pages, known } = session;
  const vm = known.vm(owner);
  if (vm !== undefined) {
    const range = pick(random, vm.owned);
    return range === undefined ? [] : [range];
  }
  const layout = session.any<Layout>('together', 'apart', 'apart', 'blocks');
  const count = random.chance(0.5) ? 1 : 1 + random.below(RANGES_MAX);
  // A loop: Array.from takes ten times as long for so few.
  const ranges: Range[] = [];
  for (let index = 0; index < count; index++) ranges.push(pages.range(random, layout));
  return ranges;
}

const append: RequestRow<'parcel'> = {
  subject: 'parcel',
  theme: 'memory',
  from: statesMask(ParcelState.OPEN),
  weight: 12,
  sender: ({ known }, { owner }) => (known.canSend(owner) ? owner : undefined),
  fill(session, { owner }, draft) {
    const ranges = rangesOf(session, owner);
    for (const { address, size } of ranges) draft.list(0).add(address, size);
    return ranges.length > 0;
  },
  fields: {
    mem_handle: (_session, { handle }) => handle,
    flags: ({ random }) => (random.chance(0.5) ? END : 0),
  },
  note: 'flags',
  done(_session, { parcel, note }) {
    if (parcel !== undefined && note === END) parcel.state = ParcelState.OFFERED;
  },
};

function isDonatedToManager({ targets, transType: kind, owner }: KnownParcel): boolean {
  return targets[0] === VMID_RM && kind === DONATE && owner === VMID_HLOS;
}

/** Memory for RM itself, which it needs before it takes firmware. */
const donateToManager: RequestRow<'none'> = {
  subject: 'none',
  theme: 'life',
  weight: 2,
  when: ({ known }) => !known.parcels.some(({ targets }) => targets[0] === VMID_RM),
  fill(session) {
    const ranges = rangesOf(session, VMID_HLOS);
    session.parcel = newParcel({ transType: DONATE, targets: [VMID_RM], ranges });
    writeLists(session, session.parcel);
    return true;
  },
  done: parcelCreated,
};

/** Firmware for VMs, in memory that was donated to RM. */
const setFirmware: RequestRow<'none'> = {
  subject: 'none',
  theme: 'life',
  weight: 4,
  when(session) {
    session.parcel = session.known.parcels.find(isDonatedToManager);
    return session.parcel !== undefined;
  },
  fields: {
    auth_mech: () => authMech.values.QCOM_ANDROID_PVM,
    mem_handle: ({ parcel }) => parcel?.handle ?? 0,
    image_size: ({ parcel }) => parcelSize(parcel),
  },
  done({ known }, { parcel }) {
    known.firmware = true;
    if (parcel !== undefined) known.forgetParcel(parcel);
  },
};
