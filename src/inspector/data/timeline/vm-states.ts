import {
  authMech,
  error,
  VM_ALLOC_VMID,
  VM_AUTH_IMAGE,
  VM_CONFIG_IMAGE,
  VM_DEALLOC_VMID,
  VM_EXIT,
  VM_EXITED,
  VM_GET_STATE,
  VM_INIT,
  VM_RESET,
  VM_START,
  VM_STATUS,
  VM_STOP,
  type VmAllocVmidReply,
  type VmConfigImageRequest,
  type VmExitedPayload,
  type VmGetStateReply,
  type VmStatusPayload,
  type VmStopRequest,
  vmStatus,
  vmStopFlags,
} from '../../../../schemas/index.js';
import type { CaptureRecord } from '../../../capture/records/index.js';
import type { MessageIndex } from '../message-index.js';
import { type AnsweredCall, answeredCall } from './answered-call.js';

/** A VM in one state, from the message that shows the state to the message that shows the next one. */
export interface StateSpan {
  readonly vmid: number;
  /** Number of the state, as in `vm_status`. */
  readonly state: number;
  readonly start: number;
  /** Undefined if no later message shows another state. */
  end: number | undefined;
}

const { AUTH, EXITED, INIT, INIT_FAILED, LOAD, READY, RESETTING, RUNNING } = vmStatus.values;
const { DENIED, MEM_INVALID, MSG_INVALID, NORESOURCE, OK, VMID_INVALID, VM_STATE } = error.values;

/** Errors that RM answers before it begins a step of the life cycle. Any other error makes the VM INIT_FAILED. */
const refusals: ReadonlySet<number> = new Set([DENIED, MSG_INVALID, VMID_INVALID, VM_STATE]);
/** The errors with which VM_START fails after its checks. */
const startFailures: ReadonlySet<number> = new Set([NORESOURCE, MEM_INVALID]);

/** Stands for the state of a VM that has been freed. */
const freed = -1;

/** The state that a call shows, undefined if it shows none (rm-behaviour.md, "VM life cycle"). */
type Outcome = (call: AnsweredCall) => { readonly vmid: number; readonly state: number } | undefined;

const vmidOf = ({ request }: AnsweredCall) => request.vmid as number;

/** A step of the life cycle. On success it ends in a state, on errors that `fails` accepts in INIT_FAILED. */
function step(
  state: (call: AnsweredCall) => number,
  fails = (failure: number) => !refusals.has(failure),
): Outcome {
  return (call) => {
    if (call.error === OK) return { vmid: vmidOf(call), state: state(call) };
    return fails(call.error) ? { vmid: vmidOf(call), state: INIT_FAILED } : undefined;
  };
}

/** A call that shows a state only if it succeeds. */
function success(state: number, vmid: (call: AnsweredCall) => number = vmidOf): Outcome {
  return (call) => (call.error === OK ? { vmid: vmid(call), state } : undefined);
}

const outcomes: ReadonlyMap<number, Outcome> = new Map([
  [VM_ALLOC_VMID.id, success(LOAD, (call) => (call.reply as Partial<VmAllocVmidReply>).vmid ?? vmidOf(call))],
  [VM_DEALLOC_VMID.id, success(freed)],
  [
    VM_CONFIG_IMAGE.id,
    step(({ request }) =>
      (request as VmConfigImageRequest).auth_mech === authMech.values.QCOM_PIL_ELF ? AUTH : INIT,
    ),
  ],
  [VM_AUTH_IMAGE.id, step(() => INIT)],
  [VM_INIT.id, step(() => READY)],
  [
    VM_START.id,
    step(
      () => RUNNING,
      (failure) => startFailures.has(failure),
    ),
  ],
  [
    VM_STOP.id,
    (call) => {
      const forced = ((call.request as VmStopRequest).flags & vmStopFlags.bits.FORCE_STOP) !== 0;
      return call.error === OK && forced ? { vmid: vmidOf(call), state: EXITED } : undefined;
    },
  ],
  [VM_EXIT.id, success(EXITED, ({ vmid }) => vmid)],
  [VM_RESET.id, success(RESETTING)],
  [
    VM_GET_STATE.id,
    (call) => {
      // VMID 0 asks about the sender.
      const vmid = vmidOf(call) || call.vmid;
      return call.error === OK ? { vmid, state: (call.reply as VmGetStateReply).vm_status } : undefined;
    },
  ],
]);
const callIds: ReadonlySet<number> = new Set(outcomes.keys());

/** The states of all VMs, as far as the traffic shows them. Spans hold message indices. */
export class VmStates {
  readonly spans: StateSpan[] = [];
  readonly #open = new Map<number, StateSpan>();
  readonly #index: MessageIndex;

  constructor(index: MessageIndex) {
    this.#index = index;
  }

  record(record: CaptureRecord, at: number): void {
    const { id, payload, complete } = record;
    if (record.type === 'reply') {
      const call = answeredCall(this.#index, record, callIds);
      const shown = call && outcomes.get(call.id)?.(call);
      if (shown !== undefined) this.#enter(shown.vmid, shown.state, at);
    } else if (record.type === 'notification' && complete) {
      if (id === VM_STATUS.id) {
        const { vmid, vm_status } = payload as VmStatusPayload;
        this.#enter(vmid, vm_status, at);
      } else if (id === VM_EXITED.id) this.#enter((payload as VmExitedPayload).vmid, EXITED, at);
    }
  }

  #enter(vmid: number, state: number, at: number): void {
    const before = this.#open.get(vmid);
    if (before?.state === state) return;
    if (before !== undefined) before.end = at;
    this.#open.delete(vmid);
    if (state === freed) return;
    const span = { vmid, state, start: at, end: undefined };
    this.spans.push(span);
    this.#open.set(vmid, span);
  }
}
