import {
  constants,
  limits,
  MEM_APPEND,
  MEM_QCOM_LOOKUP_SGL,
  MEM_RECLAIM,
  memType,
} from '../../../schemas/index.js';
import { viewOf } from '../../base/bytes.js';
import { attempt } from '../attempt.js';
import { call } from '../calls/call.js';
import type { CallEffect, Calling } from '../effect.js';
import { HostError } from '../error.js';
import { generations } from '../generations.js';
import type { VmContext } from './context.js';
import { checkHandle } from './distrust.js';
import type { Running } from './effects.js';
import { vmHazards } from './hazards.js';
import type { Parcel } from './parcel.js';

/**
 * Gives a parcel to RM: MEM_LEND or MEM_SHARE, and MEM_APPEND for what exceeds 512 entries. Afterwards `parcel` says
 * what RM has, also on failure: when an append fails, the client tries to reclaim the parcel.
 *
 * @throws HostError of the call that failed.
 */
export function* giveParcel(vm: VmContext, parcel: Parcel): Running<void> {
  const request = {
    label: parcel.options.label,
    acl_entries: parcel.aclFor(vm.vmid),
    sgl_entries: parcel.entries,
  };
  // A client with one function for both lends to a single receiver.
  const { memShare } = generations[vm.rules.client];
  const lends = !parcel.isShared && memShare === 'separate_calls';
  const give = lends ? vm.calls.memLend : vm.calls.memShare;
  const onReply = ({ message }: CallEffect, reply: Uint8Array): void => {
    if (message === MEM_APPEND) return;
    const told = message === MEM_RECLAIM ? undefined : handleIn(reply);
    if (told !== undefined) checkHandle(vm, parcel, message.name, told);
    // Linux takes this handle for none, so it never reclaims the parcel.
    parcel.handle = told === constants.MEM_HANDLE_INVALID ? undefined : told;
    parcel.uncertain = message !== MEM_RECLAIM && told === undefined;
  };
  parcel.uncertain = true;
  try {
    yield* vm.ask(watched(give(request), onReply));
  } catch (error) {
    // RM has made no parcel if it refused, or if the request was not sent.
    if (!(error instanceof HostError) || error.endedBy !== 'reply') parcel.uncertain = false;
    throw error;
  }
}

const HANDLE_SIZE = 4;

function handleIn(reply: Uint8Array): number | undefined {
  return reply.length < HANDLE_SIZE ? undefined : viewOf(reply).getUint32(0, true);
}

/** Runs a client function and calls `onReply` for each call that RM answers with OK. */
function* watched<T>(
  calling: Calling<T>,
  onReply: (effect: CallEffect, reply: Uint8Array) => void,
): Calling<T> {
  let step = calling.next(new Uint8Array());
  while (!step.done) {
    let reply: Uint8Array;
    try {
      reply = yield step.value;
    } catch (error) {
      step = calling.throw(error);
      continue;
    }
    onReply(step.value, reply);
    step = calling.next(reply);
  }
  return step.value;
}

/** MEM_RECLAIM as Linux does it. @returns false when RM keeps the memory. Its pages then stay pinned for ever. */
export function* reclaimOrLeak(vm: VmContext, parcel: Parcel): Running<boolean> {
  const { handle, path } = parcel;
  if (handle === undefined) return true;
  const error = yield* attempt(vm.ask(vm.calls.memReclaim(handle)));
  if (error !== undefined) {
    const evidence = { offset: handle, expected: 'reclaimed', actual: error.actual };
    vm.hazards.report(vmHazards.pages_pinned, path, evidence);
    return false;
  }
  parcel.handle = undefined;
  parcel.release();
  return true;
}

/**
 * Reclaims a parcel for certain: afterwards RM has nothing of it and the memory is the host's. If no reply told the
 * handle, it is looked up by the parcel's contents. A call without an answer is repeated: if RM has already done it, it
 * answers HANDLE_INVALID, because it uses no handle twice in one boot (rm-internals.md, section 11).
 *
 * @throws HostError when RM keeps the parcel, or does not answer.
 */
export function* reclaim(vm: VmContext, parcel: Parcel): Running<void> {
  if (parcel.uncertain) yield* findHandle(vm, parcel);
  const { handle } = parcel;
  if (handle !== undefined) {
    let error = yield* attempt(vm.calls.memReclaim(handle));
    if (error?.endedBy === 'reply') error = yield* attempt(vm.calls.memReclaim(handle));
    if (error !== undefined && error.actual !== 'HANDLE_INVALID') throw error;
  }
  parcel.handle = undefined;
  parcel.release();
}

function* findHandle(vm: VmContext, parcel: Parcel): Running<void> {
  const request = {
    mem_type: memType.values.NORMAL,
    label: parcel.options.label,
    acl_entries: parcel.aclFor(vm.vmid),
    sgl_entries: parcel.entries.slice(0, limits.mem_list_entries),
    attr_entries: [],
  };
  try {
    const { mem_handle } = yield* call(MEM_QCOM_LOOKUP_SGL, request);
    checkHandle(vm, parcel, MEM_QCOM_LOOKUP_SGL.name, mem_handle);
    parcel.handle = mem_handle;
  } catch (error) {
    // RM finds complete parcels only. With more entries than fit in one message it may have an incomplete one.
    const isComplete = parcel.entries.length <= limits.mem_list_entries;
    if (!(error instanceof HostError) || error.actual !== 'LOOKUP_FAILED' || !isComplete) throw error;
  }
  parcel.uncertain = false;
}
