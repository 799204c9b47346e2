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
import type { Forms } from '../generate/forms.js';
import { ANY, type Edge, type Sent, statesMask } from './edge.js';
import { type KnownVm, pick, Stage, State, UNKNOWN } from './known.js';
import { TREE_OFFSET, TREE_SIZE } from './memory.js';
import { REPLY_START, type Session, VMID_HLOS, wordAt } from './session.js';

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
export function lifeEdges(forms: Forms): Edge[] {
  return [...birth(forms), ...boot(forms), ...end(forms), ...own(forms)] as Edge[];
}

function birth(forms: Forms): Edge[] {
  const allocate = forms.of(VM_ALLOC_VMID.id);
  const vmid = allocate.slot('vmid');
  const lend = forms.of(MEM_LEND.id);
  const allocation: Edge<'none'> = {
    subject: 'none',
    theme: 'life',
    form: allocate,
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
  const image: Edge<'vm'> = {
    subject: 'vm',
    theme: 'life',
    form: lend,
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
        stage: Stage.OFFERED,
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
  return [allocation, image] as Edge[];
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

function boot(forms: Forms): Edge[] {
  const configure = forms.of(VM_CONFIG_IMAGE.id);
  const at = {
    vmid: configure.slot('vmid'),
    authentication: configure.slot('auth_mech'),
    handle: configure.slot('mem_handle'),
    imageSize: configure.slot('image_size'),
    treeOffset: configure.slot('dtb_offset'),
    treeSize: configure.slot('dtb_size'),
  };
  const configuration: Edge<'vm'> = {
    subject: 'vm',
    theme: 'life',
    form: configure,
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
  const authenticate = forms.of(VM_AUTH_IMAGE.id);
  const authentication: Edge<'vm'> = {
    ...about(forms, VM_AUTH_IMAGE.id, statesMask(State.AUTH), 20, State.INIT),
    make(session, vm) {
      const draft = session.request(authenticate, VMID_HLOS);
      draft.numbers[authenticate.slot('vmid')] = vm.vmid;
      for (let count = session.random.below(3); count > 0; count--)
        draft.list(0).add(0, session.random.below(64));
      return true;
    },
  };
  const initialise: Edge<'vm'> = {
    ...about(forms, VM_INIT.id, statesMask(State.INIT), 30, State.READY),
    done(_session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.READY;
      vm.configured = vm.tree;
      vm.linked = vm.tree?.hasLink === true;
    },
  };
  const start: Edge<'vm'> = {
    ...about(forms, VM_START.id, statesMask(State.READY), 12, State.RUNNING),
    done(session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.RUNNING;
      vm.treeFresh = false;
      // Everything that targets the VM is accepted for it.
      for (const parcel of session.known.parcels)
        if (parcel.targets.includes(vm.vmid) && parcel.owner !== vm.vmid) accepted(parcel, vm.vmid);
    },
  };
  return [configuration, authentication, initialise, start, firmware(forms), timeBase(forms)] as Edge[];
}

function accepted(parcel: { readonly acceptors: number[]; stage: number }, vmid: number): void {
  if (!parcel.acceptors.includes(vmid)) parcel.acceptors.push(vmid);
  parcel.stage = Stage.ACCEPTED;
}

/** Whether a refusal has changed the VM's state depends on the check that failed: it is asked for. */
function refused(_session: Session, { vm }: Sent): void {
  if (vm !== undefined) vm.state = UNKNOWN;
}

/** A request whose one word is a VM. */
function about(forms: Forms, id: number, from: number, weight: number, state: number): Edge<'vm'> {
  const form = forms.of(id);
  const slot = form.slot('vmid');
  return {
    subject: 'vm',
    theme: 'life',
    form,
    from,
    weight,
    make(session, vm) {
      session.request(form, VMID_HLOS).numbers[slot] = vm.vmid;
      return true;
    },
    done(_session, { vm }) {
      if (vm !== undefined) vm.state = state;
    },
    refused,
  };
}

function firmware(forms: Forms): Edge<'vm'> {
  const form = forms.of(VM_SET_FIRMWARE_MEM.id);
  const slots = [form.slot('vmid'), form.slot('mem_handle'), form.slot('fw_size')] as const;
  return {
    subject: 'vm',
    theme: 'life',
    form,
    from: statesMask(State.INIT),
    weight: 4,
    make(session, vm) {
      const { known, random } = session;
      const parcel = pick(
        random,
        known.parcels.filter(({ targets }) => targets.includes(vm.vmid)),
      );
      if (parcel === undefined) return false;
      const { numbers } = session.request(form, VMID_HLOS);
      numbers[slots[0]] = vm.vmid;
      numbers[slots[1]] = parcel.handle;
      numbers[slots[2]] = parcel.ranges.reduce((sum, { size }) => sum + size, 0);
      return true;
    },
  };
}

function timeBase(forms: Forms): Edge<'vm'> {
  const form = forms.of(VM_SET_TIME_BASE.id);
  const vmid = form.slot('vmid');
  const time = form.slot('time_base');
  return {
    subject: 'vm',
    theme: 'questions',
    form,
    from: statesMask(State.INIT, State.READY),
    weight: 2,
    make(session, vm) {
      const { numbers } = session.request(form, session.known.speaker(session.random));
      numbers[vmid] = vm.vmid;
      numbers[time] = session.random.u32() * 2 ** 20;
      return true;
    },
  };
}

function end(forms: Forms): Edge[] {
  const stop = forms.of(VM_STOP.id);
  const slots = { vmid: stop.slot('vmid'), flags: stop.slot('flags'), reason: stop.slot('stop_reason') };
  const stopping: Edge<'vm'> = {
    subject: 'vm',
    theme: 'life',
    form: stop,
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
  const reset: Edge<'vm'> = {
    ...about(forms, VM_RESET.id, ENDED, 2, State.RESET),
    done(session, { vm }) {
      if (vm === undefined) return;
      vm.state = State.RESET;
      vm.linked = false;
      vm.owned.length = 0;
      vm.reserved.length = 0;
      session.known.released(vm.vmid);
    },
  };
  const free: Edge<'vm'> = {
    ...about(forms, VM_DEALLOC_VMID.id, statesMask(State.RESET), 16, State.NO_STATE),
    done(session, { vm }) {
      if (vm !== undefined) session.known.forgetVm(vm);
    },
  };
  return [stopping, reset, free] as Edge[];
}

/** What VMs say of themselves. */
function own(forms: Forms): Edge[] {
  const status = forms.of(VM_SET_STATUS.id);
  const slots = { os: status.slot('os_status'), app: status.slot('app_status') };
  const reporting: Edge<'vm'> = {
    subject: 'vm',
    theme: 'questions',
    form: status,
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
  const exit = forms.of(VM_EXIT.id);
  const flags = exit.slot('exit_flags');
  const code = exit.slot('exit_code');
  const exiting: Edge<'vm'> = {
    subject: 'vm',
    theme: 'life',
    form: exit,
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
  return [reporting, exiting] as Edge[];
}
