import {
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_SHARE,
  VM_ALLOC_VMID,
  VM_GET_HYP_RESOURCES,
  VM_GET_ID,
  VM_GET_STATE,
  VM_GET_VMID,
  VM_IRQ_ACCEPT,
  VM_IRQ_LEND,
  VM_MINIDUMP_GET_INFO,
  VM_MINIDUMP_REGISTER_RANGE,
  VM_QUERY_HEAP_MEMORY,
  VM_SET_TIME_BASE,
} from '../../schemas/index.js';
import { UsageError, WireError } from '../base/error.js';
import {
  type Calling,
  type GenerationName,
  type Hazard,
  HostError,
  mainlineCalls,
  qcomCalls,
  vmChange,
} from '../host/index.js';

// biome-ignore lint/suspicious/noExplicitAny: the request of the message under which the function is listed
type Request = any;
type Calls = ReturnType<typeof mainlineCalls>;
type Qcom = ReturnType<typeof qcomCalls>;
type QcomName = Parameters<typeof qcomCalls>[0];

/** The call of a client that reads the reply to a message, by message id. Replies to others are not read. */
const mainline: Readonly<Record<number, (calls: Calls, request: Request) => Calling<unknown>>> = {
  [VM_ALLOC_VMID.id]: (calls, { vmid }) => calls.allocVmid(vmid),
  [VM_GET_VMID.id]: (calls) => calls.getVmid(),
  [MEM_LEND.id]: (calls, request) => calls.memShare(request),
  [MEM_SHARE.id]: (calls, request) => calls.memShare(request),
};

/** A list without entries is one that the caller did not give. */
function parcelOf({ attr_entries, ...request }: Request): Request {
  return { flags: 0, ...request, ...(attr_entries?.length > 0 && { attr_entries }) };
}

const qcom: Readonly<Record<number, (calls: Qcom, request: Request) => Calling<unknown>>> = {
  [VM_ALLOC_VMID.id]: (calls, { vmid }) => calls.vmAllocVmid(vmid),
  [VM_GET_VMID.id]: (calls) => calls.getThisVmid(),
  [VM_GET_ID.id]: (calls, { vmid }) => calls.vmGetId(vmid),
  [VM_GET_STATE.id]: (calls, { vmid }) => calls.vmGetStatus(vmid),
  [VM_GET_HYP_RESOURCES.id]: (calls, { vmid }) => calls.vmGetHypRes(vmid),
  [VM_SET_TIME_BASE.id]: (calls, request) => calls.vmSetTimeBase(request),
  [VM_IRQ_LEND.id]: (calls, request) => calls.vmIrqLend(request),
  [VM_IRQ_ACCEPT.id]: (calls, { virq_handle, virq }) => calls.vmIrqAccept(virq_handle, virq),
  [MEM_LEND.id]: (calls, request) => calls.memLend(parcelOf(request)),
  [MEM_SHARE.id]: (calls, request) => calls.memShare(parcelOf(request)),
  [MEM_DONATE.id]: (calls, request) => calls.memDonate(parcelOf(request)),
  [MEM_QCOM_LOOKUP_SGL.id]: (calls, request) => calls.memQcomLookupSgl(parcelOf(request)),
  [MEM_NOTIFY.id]: (calls, request) => calls.memNotify(request),
  [VM_MINIDUMP_GET_INFO.id]: (calls) => calls.minidumpGetInfo(),
  [VM_MINIDUMP_REGISTER_RANGE.id]: (calls, request) => calls.minidumpRegisterRange(request),
  [VM_QUERY_HEAP_MEMORY.id]: (calls, { heap_handle, type }) => calls.heapQuery(heap_handle, type),
};

const isQcom = (name: GenerationName): name is QcomName =>
  name === 'q61' || name === 'q66' || name === 'q612';
const isMainline = (name: GenerationName): boolean => name !== 'q515' && !isQcom(name);

/**
 * What a client does wrong with the outcome of a call that was seen.
 *
 * @param outcome payload of the OK reply, or the error of the call.
 */
export function hazardsOfReply(
  name: GenerationName,
  id: number,
  request: unknown,
  outcome: Uint8Array | HostError,
): Hazard[] {
  const found: Hazard[] = [];
  const report = (hazard: Hazard) => found.push(hazard);
  try {
    const calling = callingOf(name, id, request, report);
    const step = calling?.next();
    if (calling === undefined || step?.done !== false || step.value.message.id !== id) return [];
    if (outcome instanceof HostError) calling.throw(outcome);
    else calling.next(outcome);
  } catch (error) {
    // This client would not have sent the request, or ends the call with an error.
    if (error instanceof HostError) {
      if (error.hazard !== undefined) found.push(error.hazard);
    } else if (!(error instanceof WireError || error instanceof UsageError)) throw error;
  }
  return found;
}

function callingOf(
  name: GenerationName,
  id: number,
  request: unknown,
  report: (hazard: Hazard) => void,
): Calling<unknown> | undefined {
  if (isQcom(name)) return qcom[id]?.(qcomCalls(name, { mode: 'faithful', report }), request);
  return isMainline(name) ? mainline[id]?.(mainlineCalls(name, { report }), request) : undefined;
}

/** Made once, as what forwards notifications remembers nothing. */
const forwarders = new Map<QcomName, Qcom>();

function forwarderOf(name: QcomName): Qcom {
  const made = forwarders.get(name) ?? qcomCalls(name, { mode: 'faithful' });
  forwarders.set(name, made);
  return made;
}

/** What a client does wrong with a notification. @param payload undefined: the client has none. */
export function hazardOfNotification(
  name: GenerationName,
  id: number,
  payload: Uint8Array | undefined,
): Hazard | undefined {
  const bytes = payload ?? new Uint8Array(0);
  if (isQcom(name)) {
    const taken = forwarderOf(name).forwardNotification(id, bytes);
    return taken.kind === 'hazard' ? taken.hazard : undefined;
  }
  if (!isMainline(name)) return undefined;
  try {
    const vmid = bytes.length >= 2 ? (bytes[0] as number) | ((bytes[1] as number) << 8) : 0;
    vmChange(id, bytes, vmid);
    return undefined;
  } catch (error) {
    if (error instanceof HostError) return error.hazard;
    throw error;
  }
}
