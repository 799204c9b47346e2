import {
  authMech,
  constants,
  MEM_LEND,
  transType,
  VM_ALLOC_VMID,
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_EXIT,
  VM_INIT,
  VM_RESET,
  VM_SET_FIRMWARE_MEM,
  VM_SET_STATUS,
  VM_SET_TIME_BASE,
  VM_START,
  VM_STOP,
  vmStopFlags,
} from '../../../schemas/index.js';
import type { Random } from '../../base/random.js';
import { REPLY_FIELDS, wordAt } from '../../target/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, type PendingRequest, statesMask } from '../session/action.js';
import { type KnownVm, namedVmid, pick, State, UNKNOWN } from '../session/known-state.js';
import { PAGE, TREE_OFFSET, TREE_SIZE } from '../session/page-allocator.js';
import type { Session } from '../session/session.js';
import type { GeneratedTree } from '../tree/generate-tree.js';
import { newParcel, parcelCreated, parcelSize, writeLists } from './parcel-creation.js';
import { anySender, type RequestRow, requestAction } from './request.js';

const { FORCE_STOP } = vmStopFlags.bits;
const { NONE, QCOM_PIL_ELF, QCOM_ANDROID_PVM } = authMech.values;
/** Drawn from at equal odds. QCOM_ANDROID_PVM is rare: such a VM does not start without firmware. */
const AUTHENTICATIONS: readonly number[] = [
  ...[NONE, NONE, NONE, NONE, NONE, NONE],
  ...[QCOM_PIL_ELF, QCOM_PIL_ELF, QCOM_ANDROID_PVM],
];
const CONFIGURABLE = statesMask(State.LOAD, State.RESET);
const ENDED = statesMask(State.EXITED, State.READY, State.INIT_FAILED);

/** Share of VMs whose devicetree just fits, or does not, into its region, 0..1. */
const TIGHT_TREE_PROBABILITY = 0.04;
/** RM adds so many bytes to a devicetree, at most about; less when it has few devices. */
const ADDED_TO_TREE = 4096;

type VmRow = RequestRow<'vm'>;

/** A size of the devicetree's region between the tree alone and the tree with all that RM adds, mostly whole pages. */
function tightTreeSize(random: Random, { blob }: GeneratedTree): number {
  const size = blob.length + random.below(ADDED_TO_TREE);
  return random.chance(0.75) ? Math.ceil(size / PAGE) * PAGE : size & ~7;
}

const vmid = (_session: unknown, vm: KnownVm): number => vm.vmid;

/** The VM's state after a refusal depends on the check that failed, so it has to be asked for. */
function refused(_session: Session, { vm }: PendingRequest): void {
  if (vm !== undefined) vm.state = UNKNOWN;
}

/** A request by HLOS that moves a VM to another state. */
function transition(from: number, weight: number, state: number): VmRow {
  return {
    subject: 'vm',
    theme: 'life',
    from,
    weight,
    fields: { vmid },
    done(_session, { vm }) {
      if (vm !== undefined) vm.state = state;
    },
    refused,
  };
}

/** The life cycle of VMs, and what VMs report of themselves (rm-behaviour.md, "VM life cycle"). */
export function vmActions(shapes: MessageShapes): Action[] {
  const vmAction = ({ id }: { readonly id: number }, row: VmRow) => requestAction(shapes.of(id), row);
  return [
    requestAction(shapes.of(VM_ALLOC_VMID.id), {
      subject: 'none',
      theme: 'life',
      weight: 10,
      when: ({ known, vmsMax }) => known.vms.length < vmsMax,
      fields: {
        vmid: ({ random, known, manyLives }) => {
          const freed = random.chance(0.5) ? known.freedVmid(random) : undefined;
          return freed ?? (random.chance(manyLives ? 0.5 : 0.3) ? namedVmid(random) : 0);
        },
      },
      note: 'vmid',
      done: ({ known }, { note }, reply) =>
        known.addVm(note === 0 ? wordAt(reply, REPLY_FIELDS) & 0xffff : note),
    }),
    // The memory that a VM boots from.
    vmAction(MEM_LEND, {
      subject: 'vm',
      theme: 'life',
      from: CONFIGURABLE,
      weight: 20,
      when: (_session, vm) => vm.image === undefined,
      fill(session, vm) {
        const ranges = [session.pages.image(vm.region)];
        session.parcel = newParcel({ transType: transType.values.LEND, targets: [vm.vmid], ranges });
        writeLists(session, session.parcel);
        return true;
      },
      done(session, sent, reply) {
        parcelCreated(session, sent, reply);
        if (sent.vm !== undefined) sent.vm.image = sent.parcel;
      },
    }),
    vmAction(VM_CONFIG_IMAGE, {
      subject: 'vm',
      theme: 'life',
      from: CONFIGURABLE,
      weight: 20,
      when: (_session, { image, treeFresh }) => image !== undefined && treeFresh,
      fields: {
        vmid,
        auth_mech: (session) =>
          session.known.firmware && session.random.chance(0.5)
            ? QCOM_ANDROID_PVM
            : session.any(...AUTHENTICATIONS),
        mem_handle: (_session, { image }) => image?.handle ?? 0,
        image_size: () => TREE_OFFSET,
        dtb_offset: () => TREE_OFFSET,
        dtb_size: ({ random }, { tree }) =>
          tree !== undefined && random.chance(TIGHT_TREE_PROBABILITY)
            ? tightTreeSize(random, tree)
            : TREE_SIZE,
      },
      note: 'auth_mech',
      done(_session, { vm, note }) {
        if (vm !== undefined) vm.state = note === QCOM_PIL_ELF ? State.AUTH : State.INIT;
      },
      refused,
    }),
    vmAction(VM_AUTH_IMAGE, {
      ...transition(statesMask(State.AUTH), 20, State.INIT),
      fill({ random }, _vm, draft) {
        for (let count = random.below(3); count > 0; count--) draft.list(0).add(0, random.below(64));
        return true;
      },
    }),
    vmAction(VM_INIT, {
      ...transition(statesMask(State.INIT), 30, State.READY),
      done(_session, { vm }) {
        if (vm === undefined) return;
        vm.state = State.READY;
        vm.configured = vm.tree;
        if (vm.tree?.hasLink === true) vm.linked = true;
      },
    }),
    vmAction(VM_START, {
      ...transition(statesMask(State.READY), 12, State.RUNNING),
      done({ known }, { vm }) {
        if (vm === undefined) return;
        vm.state = State.RUNNING;
        vm.treeFresh = false;
        // RM accepts on the VM's behalf every parcel that targets it.
        for (const parcel of known.parcels)
          if (parcel.targets.includes(vm.vmid) && parcel.owner !== vm.vmid)
            known.parcelAccepted(parcel, vm.vmid);
      },
    }),
    vmAction(VM_SET_FIRMWARE_MEM, {
      subject: 'vm',
      theme: 'life',
      from: statesMask(State.INIT),
      weight: 4,
      when(session, vm) {
        const { known, random } = session;
        session.parcel = pick(
          random,
          known.parcels.filter(({ targets }) => targets.includes(vm.vmid)),
        );
        return session.parcel !== undefined;
      },
      fields: {
        vmid,
        mem_handle: ({ parcel }) => parcel?.handle ?? 0,
        fw_size: ({ parcel }) => parcelSize(parcel),
      },
    }),
    vmAction(VM_SET_TIME_BASE, {
      subject: 'vm',
      theme: 'questions',
      from: statesMask(State.INIT, State.READY),
      weight: 2,
      sender: anySender,
      fields: { vmid, time_base: ({ random }) => random.u32() * 2 ** 20 },
    }),
    vmAction(VM_STOP, {
      subject: 'vm',
      theme: 'life',
      from: statesMask(State.RUNNING),
      weight: 3,
      fields: {
        vmid,
        // A VM without a queue cannot be asked to stop.
        flags: ({ random }, { linked }) => (!linked || random.chance(0.6) ? FORCE_STOP : 0),
        stop_reason: ({ random }) => random.below(5),
      },
      note: 'flags',
      done(_session, { vm, note }) {
        if (vm !== undefined && note === FORCE_STOP) vm.state = State.EXITED;
      },
    }),
    vmAction(VM_RESET, {
      ...transition(ENDED, 8, State.RESET),
      when: ({ manyLives, random }) => manyLives || random.chance(0.25),
      done({ known }, { vm }) {
        if (vm !== undefined) known.vmReset(vm);
      },
    }),
    vmAction(VM_DEALLOC_VMID, {
      ...transition(statesMask(State.RESET), 16, State.NO_STATE),
      when: ({ manyLives, random }, { resets }) => !manyLives || resets > 1 || random.chance(0.1),
      done({ known }, { vm }) {
        if (vm !== undefined) known.forgetVm(vm);
      },
    }),
    vmAction(VM_SET_STATUS, {
      subject: 'vm',
      theme: 'questions',
      weight: 2,
      when: (_session, vm) => vm.linked && vm.vmid < constants.VMID_DYNAMIC_FIRST,
      sender: vmid,
      fields: { os_status: ({ random }) => random.below(8), app_status: ({ random }) => random.below(4) },
    }),
    vmAction(VM_EXIT, {
      subject: 'vm',
      theme: 'life',
      from: statesMask(State.RUNNING),
      weight: 2,
      when: (_session, { linked }) => linked,
      sender: vmid,
      fields: {
        exit_flags: ({ random }) => random.below(16),
        exit_code: (session) => session.any(0, 1, 3, 4),
      },
      done(_session, { vm }) {
        if (vm !== undefined) vm.state = State.EXITED;
      },
    }),
  ];
}
