import {
  constants,
  MEM_LEND,
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
} from '../../../schemas/index.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY, type Sent, statesMask } from '../session/action.js';
import { type KnownVm, ParcelState, pick, State, UNKNOWN } from '../session/known-state.js';
import { TREE_OFFSET, TREE_SIZE } from '../session/page-allocator.js';
import { REPLY_START, type Session, VMID_HLOS, wordAt } from '../session/session.js';

const RWX = 7;
const LEND = 1;
/** VMIDs that may be asked for by number. */
const SECONDARY_FIRST = 4;
const SECONDARY_COUNT = 28;
const AUTHENTICATION_PLATFORM = 1;
/** Needs firmware, without which such a VM does not start. */
const AUTHENTICATION_ANDROID = 2;
const USUAL: readonly number[] = [
  0,
  0,
  0,
  0,
  0,
  0,
  AUTHENTICATION_PLATFORM,
  AUTHENTICATION_PLATFORM,
  AUTHENTICATION_ANDROID,
];

const CONFIGURABLE = statesMask(State.LOAD, State.RESET);
const ENDED = statesMask(State.EXITED, State.READY, State.INIT_FAILED);

/** What can be done with VMs: the life cycle, and what they say of themselves (rm-behaviour.md, "VM life cycle"). */
export function lifeEdges(shapes: MessageShapes): Action[] {
  return [...birth(shapes), ...boot(shapes), ...end(shapes), ...own(shapes)] as Action[];
}

function birth(shapes: MessageShapes): Action[] {
  const allocate = shapes.of(VM_ALLOC_VMID.id);
  const vmid = allocate.slot('vmid');
  const lend = shapes.of(MEM_LEND.id);
  const allocation: Action<'none'> = {
    subject: 'none',
    theme: 'life',
    shape: allocate,
    from: ANY,
    weight: 10,
    make(session) {
      const { random, known } = session;
      if (known.vms.length >= session.vmsMax) return false;
      const chosen = random.chance(0.3) ? SECONDARY_FIRST + random.below(SECONDARY_COUNT) : 0;
      session.request(allocate, VMID_HLOS).numbers[vmid] = chosen;
      session.note = chosen;
      return true;
    },
    done(session, { note }, reply) {
      const { known } = session;
      const given = note === 0 ? wordAt(reply, REPLY_START) & 0xffff : note;
      if (known.vm(given) !== undefined) return;
      known.vms.push(newVm(given, known.regions++));
      if (given > known.lastVmid) known.lastVmid = given;
    },
  };
  const image: Action<'vm'> = {
    subject: 'vm',
    theme: 'life',
    shape: lend,
    from: CONFIGURABLE,
    weight: 20,
    make(session, vm) {
      if (vm.image !== undefined) return false;
      const range = session.pages.image(vm.region);
      const draft = session.request(lend, VMID_HLOS);
      draft.list(0).add(vm.vmid, RWX);
      draft.list(1).add(range.address, range.size);
      session.parcel = {
        handle: -1,
        owner: VMID_HLOS,
        transType: LEND,
        memType: 0,
        label: 0,
        targets: [vm.vmid],
        rights: [RWX],
        ranges: [range],
        acceptors: [],
        stage: ParcelState.OFFERED,
        tag: 0,
      };
      return true;
    },
    done({ known }, { vm, parcel }, reply) {
      if (vm === undefined || parcel === undefined) return;
      known.addParcel(parcel, wordAt(reply, REPLY_START));
      vm.image = parcel;
    },
  };
  return [allocation, image] as Action[];
}

function newVm(vmid: number, region: number): KnownVm {
  return {
    vmid,
    region,
    state: State.LOAD,
    image: undefined,
    tree: undefined,
    treeFresh: false,
    configured: undefined,
    linked: false,
    authentication: 0,
    owned: [],
    reserved: [],
  };
}

function boot(shapes: MessageShapes): Action[] {
  const configure = shapes.of(VM_CONFIG_IMAGE.id);
  const at = {
    vmid: configure.slot('vmid'),
    authentication: configure.slot('auth_mech'),
    handle: configure.slot('mem_handle'),
    imageSize: configure.slot('image_size'),
    treeOffset: configure.slot('dtb_offset'),
    treeSize: configure.slot('dtb_size'),
  };
  const configuration: Action<'vm'> = {
    subject: 'vm',
    theme: 'life',
    shape: configure,
    from: CONFIGURABLE,
    weight: 20,
    make(session, vm) {
      if (vm.image === undefined || !vm.treeFresh) return false;
      const { numbers } = session.request(configure, VMID_HLOS);
      const authentication =
        session.known.firmware && session.random.chance(0.5) ? AUTHENTICATION_ANDROID : session.any(...USUAL);
      numbers[at.vmid] = vm.vmid;
      numbers[at.authentication] = authentication;
      numbers[at.handle] = vm.image.handle;
      numbers[at.imageSize] = TREE_OFFSET;
      numbers[at.treeOffset] = TREE_OFFSET;
      numbers[at.treeSize] = TREE_SIZE;
      session.note = authentication;
      return true;
    },
    done(_session, { vm, note }) {
      if (vm === undefined) return;
      vm.authentication = note;
      vm.state = note === AUTHENTICATION_PLATFORM ? State.AUTH : State.INIT;
    },
    refused,
  };
  const authenticate = shapes.of(VM_AUTH_IMAGE.id);
  const authentication: Action<'vm'> = {
    ...about(shapes, VM_AUTH_IMAGE.id, statesMask(State.AUTH), 20, State.INIT),
    make(session, vm) {
      const draft = session.request(authenticate, VMID_HLOS);
      draft.numbers[authenticate.slot('vmid')] = vm.vmid;
      for (let count = session.random.below(3); count > 0; count--)
        draft.list(0).add(0, session.random.below(64));
      return true;
    },
  };
  const initialise: Action<'vm'> = {
    ...about(shapes, VM_INIT.id, statesMask(State.INIT), 30, State.READY),
    done(_session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.READY;
      vm.configured = vm.tree;
      vm.linked = vm.tree?.hasLink === true;
    },
  };
  const start: Action<'vm'> = {
    ...about(shapes, VM_START.id, statesMask(State.READY), 12, State.RUNNING),
    done(session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.RUNNING;
      vm.treeFresh = false;
      // Everything that targets the VM is accepted for it.
      for (const parcel of session.known.parcels)
        if (parcel.targets.includes(vm.vmid) && parcel.owner !== vm.vmid) accepted(parcel, vm.vmid);
    },
  };
  return [configuration, authentication, initialise, start, firmware(shapes), timeBase(shapes)] as Action[];
}

function accepted(parcel: { readonly acceptors: number[]; stage: number }, vmid: number): void {
  if (!parcel.acceptors.includes(vmid)) parcel.acceptors.push(vmid);
  parcel.stage = ParcelState.ACCEPTED;
}

/** Whether a refusal has changed the VM's state depends on the check that failed: it is asked for. */
function refused(_session: Session, { vm }: Sent): void {
  if (vm !== undefined) vm.state = UNKNOWN;
}

/** A request whose one word is a VM. */
function about(shapes: MessageShapes, id: number, from: number, weight: number, state: number): Action<'vm'> {
  const shape = shapes.of(id);
  const slot = shape.slot('vmid');
  return {
    subject: 'vm',
    theme: 'life',
    shape,
    from,
    weight,
    make(session, vm) {
      session.request(shape, VMID_HLOS).numbers[slot] = vm.vmid;
      return true;
    },
    done(_session, { vm }) {
      if (vm !== undefined) vm.state = state;
    },
    refused,
  };
}

function firmware(shapes: MessageShapes): Action<'vm'> {
  const shape = shapes.of(VM_SET_FIRMWARE_MEM.id);
  const slots = [shape.slot('vmid'), shape.slot('mem_handle'), shape.slot('fw_size')] as const;
  return {
    subject: 'vm',
    theme: 'life',
    shape,
    from: statesMask(State.INIT),
    weight: 4,
    make(session, vm) {
      const { known, random } = session;
      const parcel = pick(
        random,
        known.parcels.filter(({ targets }) => targets.includes(vm.vmid)),
      );
      if (parcel === undefined) return false;
      const { numbers } = session.request(shape, VMID_HLOS);
      numbers[slots[0]] = vm.vmid;
      numbers[slots[1]] = parcel.handle;
      numbers[slots[2]] = parcel.ranges.reduce((sum, { size }) => sum + size, 0);
      return true;
    },
  };
}

function timeBase(shapes: MessageShapes): Action<'vm'> {
  const shape = shapes.of(VM_SET_TIME_BASE.id);
  const vmid = shape.slot('vmid');
  const time = shape.slot('time_base');
  return {
    subject: 'vm',
    theme: 'questions',
    shape,
    from: statesMask(State.INIT, State.READY),
    weight: 2,
    make(session, vm) {
      const { numbers } = session.request(shape, session.known.speaker(session.random));
      numbers[vmid] = vm.vmid;
      numbers[time] = session.random.u32() * 2 ** 20;
      return true;
    },
  };
}

function end(shapes: MessageShapes): Action[] {
  const stop = shapes.of(VM_STOP.id);
  const slots = { vmid: stop.slot('vmid'), flags: stop.slot('flags'), reason: stop.slot('stop_reason') };
  const stopping: Action<'vm'> = {
    subject: 'vm',
    theme: 'life',
    shape: stop,
    from: statesMask(State.RUNNING),
    weight: 3,
    make(session, vm) {
      const { numbers } = session.request(stop, VMID_HLOS);
      // A VM that has no queue cannot be told to stop.
      const force = !vm.linked || session.random.chance(0.6) ? 1 : 0;
      numbers[slots.vmid] = vm.vmid;
      numbers[slots.flags] = force;
      numbers[slots.reason] = session.random.below(5);
      session.note = force;
      return true;
    },
    done(_session, { vm, note }) {
      if (vm !== undefined && note === 1) vm.state = State.EXITED;
    },
  };
  const reset: Action<'vm'> = {
    ...about(shapes, VM_RESET.id, ENDED, 2, State.RESET),
    done(session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.RESET;
      vm.linked = false;
      vm.owned.length = 0;
      vm.reserved.length = 0;
      session.known.released(vm.vmid);
    },
  };
  const free: Action<'vm'> = {
    ...about(shapes, VM_DEALLOC_VMID.id, statesMask(State.RESET), 16, State.NO_STATE),
    done(session, { vm }) {
      if (vm !== undefined) session.known.forgetVm(vm);
    },
  };
  return [stopping, reset, free] as Action[];
}

/** What VMs say of themselves. */
function own(shapes: MessageShapes): Action[] {
  const status = shapes.of(VM_SET_STATUS.id);
  const slots = { os: status.slot('os_status'), app: status.slot('app_status') };
  const reporting: Action<'vm'> = {
    subject: 'vm',
    theme: 'questions',
    shape: status,
    from: ANY,
    weight: 2,
    make(session, vm) {
      if (!vm.linked || vm.vmid >= constants.VMID_DYNAMIC_FIRST) return false;
      const { numbers } = session.request(status, vm.vmid);
      numbers[slots.os] = session.random.below(8);
      numbers[slots.app] = session.random.below(4);
      return true;
    },
  };
  const exit = shapes.of(VM_EXIT.id);
  const flags = exit.slot('exit_flags');
  const code = exit.slot('exit_code');
  const exiting: Action<'vm'> = {
    subject: 'vm',
    theme: 'life',
    shape: exit,
    from: statesMask(State.RUNNING),
    weight: 2,
    make(session, vm) {
      if (!vm.linked) return false;
      const { numbers } = session.request(exit, vm.vmid);
      numbers[flags] = session.random.below(16);
      numbers[code] = session.any(0, 1, 3, 4);
      return true;
    },
    done(_session, { vm }) {
      if (vm !== undefined) vm.state = State.EXITED;
    },
  };
  return [reporting, exiting] as Action[];
}
