import {
  FW_MILESTONE,
  IPA_RESERVE,
  ipaAllocType,
  ipaGenericConstraints,
  VM_CONSOLE_CLOSE,
  VM_CONSOLE_FLUSH,
  VM_CONSOLE_OPEN,
  VM_CONSOLE_WRITE,
  VM_GET_CRASH_MSG,
  VM_GET_HYP_RESOURCES,
  VM_GET_ID,
  VM_GET_OWNER,
  VM_GET_PEERS,
  VM_GET_STATE,
  VM_GET_VMID,
  VM_HOST_GET_TYPE,
  VM_LOOKUP_GUID,
  VM_LOOKUP_NAME,
  VM_LOOKUP_URI,
  VM_SET_CRASH_MSG,
} from '../../../schemas/index.js';
import { BYTES_MAX, type MessageShape } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, ANY, statesMask } from '../session/action.js';
import { pick, State, UNKNOWN } from '../session/known-state.js';
import { longAt, REPLY_START, type Session, VMID_HLOS } from '../session/session.js';

const PAGE = 0x1000;
const RESERVED_MAX = 8;
const COUNT_SIZE = 4;
const TEXT_MAX = 24;
/** Where nothing else is in a VM's address space. */
const RESERVED_BASE = 0x300000000;

/** States of VMs that have a space of addresses. */
const SPACED = statesMask(State.READY, State.RUNNING, State.EXITED);

/** Consoles, reserved addresses, questions. */
export function talkEdges(shapes: MessageShapes): Action[] {
  return [
    ...[VM_CONSOLE_OPEN, VM_CONSOLE_CLOSE, VM_CONSOLE_FLUSH].map(({ id }, index) =>
      console(shapes.of(id), index === 0 ? 6 : 2),
    ),
    writing(shapes.of(VM_CONSOLE_WRITE.id)),
    reserving(shapes.of(IPA_RESERVE.id)),
    state(shapes.of(VM_GET_STATE.id), statesMask(UNKNOWN, State.RESETTING), 40),
    state(shapes.of(VM_GET_STATE.id), ANY, 4),
    ...[VM_GET_ID, VM_GET_HYP_RESOURCES].map(({ id }) => asking(shapes.of(id), ANY, 3)),
    asking(shapes.of(VM_GET_CRASH_MSG.id), ANY, 2),
    ...[VM_GET_OWNER, VM_GET_VMID, VM_GET_PEERS, VM_HOST_GET_TYPE].map(({ id }) => plain(shapes.of(id), 4)),
    ...[VM_LOOKUP_NAME, VM_LOOKUP_URI].map(({ id }) => lookingUp(shapes.of(id))),
    guid(shapes.of(VM_LOOKUP_GUID.id)),
    crashing(shapes.of(VM_SET_CRASH_MSG.id)),
    { ...plain(shapes.of(FW_MILESTONE.id), 1), make: (session) => hlos(session, shapes.of(FW_MILESTONE.id)) },
  ] as Action[];
}

function hlos(session: Session, shape: MessageShape): boolean {
  session.request(shape, VMID_HLOS);
  return true;
}

/** The two sides of a console: its VM, which says 0, and HLOS. */
function side(
  session: Session,
  shape: MessageShape,
  vm: { readonly vmid: number; readonly linked: boolean },
): number {
  const own = vm.linked && session.random.chance(0.5);
  session.request(shape, own ? vm.vmid : VMID_HLOS);
  return own ? 0 : vm.vmid;
}

function console(shape: MessageShape, weight: number): Action<'vm'> {
  const slot = shape.slot('vmid');
  return {
    subject: 'vm',
    theme: 'console',
    shape,
    from: ANY,
    weight,
    make(session, vm) {
      if (vm.configured?.hasConsole !== true) return false;
      const target = side(session, shape, vm);
      session.draft.numbers[slot] = target;
      return true;
    },
  };
}

function writing(shape: MessageShape): Action<'vm'> {
  const opened = console(shape, 8);
  return {
    ...opened,
    make(session, vm) {
      if (!opened.make(session, vm)) return false;
      text(session, textSize(session));
      return true;
    },
  };
}

/** Mostly short; now and then more than fits into what RM keeps of it, or into one queue message. */
function textSize({ random }: Session): number {
  return random.below(random.chance(0.9) ? TEXT_MAX : BYTES_MAX + 1);
}

function text({ draft, random }: Session, size: number): void {
  for (let index = 0; index < size; index++) draft.bytes[index] = 0x61 + random.below(26);
  draft.byteCount = size;
}

function reserving(shape: MessageShape): Action<'vm'> {
  const type = shape.slot('alloc_type');
  const constraints = shape.slot('generic_constraints');
  const { NORMAL, ECC, TAGGED, BASE_MEMORY_COMPATIBLE } = ipaGenericConstraints.bits;
  return {
    subject: 'vm',
    theme: 'memory',
    shape,
    from: SPACED,
    weight: 3,
    make(session, vm) {
      if (!vm.linked) return false;
      const { random } = session;
      const draft = session.request(shape, vm.vmid);
      const fixed = random.chance(0.5);
      draft.numbers[type] = fixed ? ipaAllocType.values.FIXED_LIST : ipaAllocType.values.ALLOC_LIST;
      draft.numbers[constraints] = session.any(
        0,
        NORMAL,
        NORMAL | ECC,
        NORMAL | TAGGED,
        BASE_MEMORY_COMPATIBLE,
      );
      for (let count = random.below(4); count > 0; count--) {
        const base = RESERVED_BASE + random.below(4096) * 0x100000;
        const size = (1 + random.below(8)) * PAGE;
        if (fixed) draft.list(0).add(base, size);
        else draft.list(0).add(session.any(base, -1), 0x1000000, size, session.any(PAGE, 0x10000, 0x200000));
      }
      // Where RM looks for room its reply says what it found.
      session.note = fixed && draft.list(0).count > 0 ? draft.list(0).get(0, 0) : 0;
      return true;
    },
    done(_session, { vm, note }, reply) {
      const address = note === 0 ? longAt(reply, REPLY_START + COUNT_SIZE) : note;
      if (vm !== undefined && address !== 0 && vm.reserved.length < RESERVED_MAX)
        vm.reserved.push({ address, size: PAGE });
    },
  };
}

/** A question about a VM, by HLOS or by anyone who may ask. */
function asking(shape: MessageShape, from: number, weight: number): Action<'vm'> {
  const slot = shape.slot('vmid');
  return {
    subject: 'vm',
    theme: 'questions',
    shape,
    from,
    weight,
    make(session, vm) {
      const { known, random } = session;
      const by = random.chance(0.6) ? VMID_HLOS : known.speaker(random);
      session.request(shape, by).numbers[slot] = by === vm.vmid && random.chance(0.5) ? 0 : vm.vmid;
      return true;
    },
  };
}

/** VM_GET_STATE, by HLOS, which owns all VMs and so is always told. */
function state(shape: MessageShape, from: number, weight: number): Action<'vm'> {
  const slot = shape.slot('vmid');
  return {
    subject: 'vm',
    theme: 'questions',
    shape,
    from,
    weight,
    make(session, vm) {
      session.request(shape, VMID_HLOS).numbers[slot] = vm.vmid;
      return true;
    },
    done(session, { vm }, reply) {
      if (vm !== undefined) session.stateOf(vm, reply[REPLY_START] ?? 0);
    },
    refused(session, { vm }) {
      if (vm !== undefined) session.known.forgetVm(vm);
    },
  };
}

/** A question without anything to fill in. */
function plain(shape: MessageShape, weight: number): Action<'none'> {
  return {
    subject: 'none',
    theme: 'questions',
    shape,
    from: ANY,
    weight,
    make(session) {
      session.request(shape, session.known.speaker(session.random));
      return true;
    },
  };
}

function lookingUp(shape: MessageShape): Action<'none'> {
  return {
    ...plain(shape, 3),
    make(session) {
      const { known, random, names, draft } = session;
      session.request(shape, known.speaker(random));
      const name = random.chance(0.2) ? '' : (pick(random, names) ?? '');
      const value = shape.id === VM_LOOKUP_URI.id && name !== '' ? `uri/${name}` : name;
      for (let index = 0; index < value.length; index++) draft.bytes[index] = value.charCodeAt(index);
      draft.byteCount = value.length;
      return true;
    },
  };
}

const GUID_SIZE = 16;

function guid(shape: MessageShape): Action<'none'> {
  return {
    ...plain(shape, 3),
    make(session) {
      const { known, random, draft } = session;
      session.request(shape, known.speaker(random));
      const zero = random.chance(0.5);
      for (let index = 0; index < GUID_SIZE; index++) draft.bytes[index] = zero ? 0 : random.below(256);
      draft.byteCount = GUID_SIZE;
      return true;
    },
  };
}

function crashing(shape: MessageShape): Action<'none'> {
  return {
    ...plain(shape, 2),
    make(session) {
      session.request(shape, session.known.speaker(session.random));
      text(session, textSize(session));
      return true;
    },
  };
}
