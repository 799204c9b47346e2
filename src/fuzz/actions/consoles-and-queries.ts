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
import { longAt, REPLY_FIELDS } from '../../target/index.js';
import type { Draft } from '../message/draft.js';
import { BYTES_MAX } from '../message/message-shape.js';
import type { MessageShapes } from '../message/message-shapes.js';
import { type Action, statesMask } from '../session/action.js';
import { pick, State, UNKNOWN } from '../session/known-state.js';
import { PAGE } from '../session/page-allocator.js';
import { type Session, VMID_HLOS } from '../session/session.js';
import { anySender, type RequestRow, requestAction } from './request.js';

const RESERVED_MAX = 8;
const COUNT_SIZE = 4;
const TEXT_MAX = 24;
const GUID_SIZE = 16;
/** Guest addresses where VMs have nothing. */
const RESERVED_BASE = 0x300000000;
/** States in which VMs have an address space. */
const HAS_ADDRESS_SPACE = statesMask(State.READY, State.RUNNING, State.EXITED);

/** Consoles, reserved addresses, and questions that change nothing. */
export function consoleAndQueryActions(shapes: MessageShapes): Action[] {
  const vmAction = ({ id }: { readonly id: number }, row: RequestRow<'vm'>) =>
    requestAction(shapes.of(id), row);
  const action = ({ id }: { readonly id: number }, row: RequestRow<'none'>) =>
    requestAction(shapes.of(id), row);
  return [
    vmAction(VM_CONSOLE_OPEN, consoleRequest(6)),
    vmAction(VM_CONSOLE_CLOSE, consoleRequest(2)),
    vmAction(VM_CONSOLE_FLUSH, consoleRequest(2)),
    vmAction(VM_CONSOLE_WRITE, {
      ...consoleRequest(8),
      fill: (session, _vm, draft) => fillText(session, draft),
    }),
    vmAction(IPA_RESERVE, reserveAddresses),
    vmAction(VM_GET_STATE, getState(statesMask(UNKNOWN, State.RESETTING), 40)),
    vmAction(VM_GET_STATE, getState(undefined, 4)),
    vmAction(VM_GET_ID, queryVm(3)),
    vmAction(VM_GET_HYP_RESOURCES, queryVm(3)),
    vmAction(VM_GET_CRASH_MSG, queryVm(2)),
    action(VM_GET_OWNER, query(4)),
    action(VM_GET_VMID, query(4)),
    action(VM_GET_PEERS, query(4)),
    action(VM_HOST_GET_TYPE, query(4)),
    action(VM_LOOKUP_NAME, lookUp('')),
    action(VM_LOOKUP_URI, lookUp('uri/')),
    action(VM_LOOKUP_GUID, { ...query(3), fill: (session, _subject, draft) => fillGuid(session, draft) }),
    action(VM_SET_CRASH_MSG, { ...query(2), fill: (session, _subject, draft) => fillText(session, draft) }),
    action(FW_MILESTONE, { subject: 'none', theme: 'questions', weight: 1 }),
  ];
}

/** A request about a VM's console, by the VM itself, which names itself 0, or by HLOS. */
function consoleRequest(weight: number): RequestRow<'vm'> {
  return {
    subject: 'vm',
    theme: 'console',
    weight,
    when: (_session, { configured }) => configured?.hasConsole === true,
    sender: ({ random }, { linked, vmid }) => (linked && random.chance(0.5) ? vmid : VMID_HLOS),
    fields: { vmid: ({ draft }, { vmid }) => (draft.sender === vmid ? 0 : vmid) },
  };
}

/** Mostly short; sometimes longer than the text that RM keeps, or than one queue message. */
function fillText({ random }: Session, draft: Draft): true {
  draft.byteCount = random.below(random.chance(0.9) ? TEXT_MAX : BYTES_MAX + 1);
  for (let index = 0; index < draft.byteCount; index++) draft.bytes[index] = 0x61 + random.below(26);
  return true;
}

function fillGuid({ random }: Session, draft: Draft): true {
  const zero = random.chance(0.5);
  for (let index = 0; index < GUID_SIZE; index++) draft.bytes[index] = zero ? 0 : random.below(256);
  draft.byteCount = GUID_SIZE;
  return true;
}

const reserveAddresses: RequestRow<'vm'> = {
  subject: 'vm',
  theme: 'memory',
  from: HAS_ADDRESS_SPACE,
  weight: 3,
  when: (_session, { linked }) => linked,
  sender: (_session, { vmid }) => vmid,
  fill(session, _vm, draft) {
    const { random } = session;
    const { NORMAL, ECC, TAGGED, BASE_MEMORY_COMPATIBLE } = ipaGenericConstraints.bits;
    const { FIXED_LIST, ALLOC_LIST } = ipaAllocType.values;
    const list = draft.list(0);
    const fixed = random.chance(0.5);
    draft.set('alloc_type', fixed ? FIXED_LIST : ALLOC_LIST);
    draft.set(
      'generic_constraints',
      session.any(0, NORMAL, NORMAL | ECC, NORMAL | TAGGED, BASE_MEMORY_COMPATIBLE),
    );
    for (let count = random.below(4); count > 0; count--) {
      const base = RESERVED_BASE + random.below(4096) * 0x100000;
      const size = (1 + random.below(8)) * PAGE;
      if (fixed) list.add(base, size);
      else list.add(session.any(base, -1), 0x1000000, size, session.any(PAGE, 0x10000, 0x200000));
    }
    session.note = fixed && list.count > 0 ? list.get(0, 0) : 0;
    return true;
  },
  /** Where RM chooses the address (note 0), the reply holds it. */
  done(_session, { vm, note }, reply) {
    const address = note === 0 ? longAt(reply, REPLY_FIELDS + COUNT_SIZE) : note;
    if (vm !== undefined && address !== 0 && vm.reserved.length < RESERVED_MAX)
      vm.reserved.push({ address, size: PAGE });
  },
};

/** A question about a VM. */
function queryVm(weight: number): RequestRow<'vm'> {
  return {
    subject: 'vm',
    theme: 'questions',
    weight,
    sender: ({ known, random }) => (random.chance(0.6) ? VMID_HLOS : known.anySender(random)),
    // A VM can call itself 0.
    fields: {
      vmid: ({ draft, random }, { vmid }) => (draft.sender === vmid && random.chance(0.5) ? 0 : vmid),
    },
  };
}

/** VM_GET_STATE by HLOS. RM always answers HLOS, which owns all VMs. */
function getState(from: number | undefined, weight: number): RequestRow<'vm'> {
  return {
    subject: 'vm',
    theme: 'questions',
    ...(from === undefined ? {} : { from }),
    weight,
    fields: { vmid: (_session, { vmid }) => vmid },
    done(session, { vm }, reply) {
      if (vm !== undefined) session.vmStateReported(vm, reply[REPLY_FIELDS] ?? 0);
    },
    refused({ known }, { vm }) {
      if (vm !== undefined) known.forgetVm(vm);
    },
  };
}

/** A question without fields. */
function query(weight: number): RequestRow<'none'> {
  return { subject: 'none', theme: 'questions', weight, sender: anySender };
}

/** A search for a VM by text, for nothing in one of five requests. */
function lookUp(prefix: string): RequestRow<'none'> {
  return {
    ...query(3),
    fill({ random, names }, _subject, draft) {
      const name = random.chance(0.2) ? '' : (pick(random, names) ?? '');
      const text = name === '' ? '' : `${prefix}${name}`;
      for (let index = 0; index < text.length; index++) draft.bytes[index] = text.charCodeAt(index);
      draft.byteCount = text.length;
      return true;
    },
  };
}
