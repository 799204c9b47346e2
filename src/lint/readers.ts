import {
  MEM_DONATE,
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_SHARE,
  protocol,
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
  generations,
  type Hazard,
  HostError,
  mainlineCalls,
  qcomCalls,
  vmChange,
} from '../host/index.js';

// biome-ignore lint/suspicious/noExplicitAny: readers of all messages stand in one table, and each knows its own request
type Request = any;
type Calls = ReturnType<typeof mainlineCalls>;
type Qcom = ReturnType<typeof qcomCalls>;
type QcomName = Parameters<typeof qcomCalls>[0];

/** The call of a client that reads the reply to a message, by message id. Replies to others are not read. */
const mainline: Readonly<Record<number, (calls: Calls, request: Request) => Calling<unknown>>> = {
  [VM_ALLOC_VMID.id]: (calls, { vmid }) => calls.allocVmid(vmid),
  [VM_GET_VMID.id]: (calls) => calls.getVmid(),
  [MEM_LEND.id]: (calls, request) => calls.memLend(request),
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

/** How a client reads replies and notifications. */
interface Reader {
  /** The call that reads the reply to a message; undefined where nobody reads it. */
  readonly callOf: (id: number) => ((request: Request) => Calling<unknown>) | undefined;
  readonly notification: (id: number, payload: Uint8Array) => Hazard | undefined;
  /** Forgets what the kernel remembers: a request that was seen was sent. */
  readonly forget: () => void;
}

/** Clients that read the replies to one message in the same way. */
interface Family {
  readonly names: readonly GenerationName[];
  readonly read: (request: Request) => Calling<unknown>;
  readonly forget: () => void;
}

/** Receives what clients do wrong. */
type HazardSink = (hazard: Hazard, clients: readonly GenerationName[]) => void;

/** What clients do wrong with the replies and notifications that were seen. */
export class Readers {
  readonly #byName: ReadonlyMap<GenerationName, Reader>;
  /** By message id. */
  readonly #families = new Map<number, readonly Family[]>();
  /** Hazards of the reply that is read. */
  #found: Hazard[] = [];

  constructor(names: readonly GenerationName[]) {
    const report = (hazard: Hazard) => this.#found.push(hazard);
    this.#byName = new Map(names.map((name) => [name, readerOf(name, report)]));
    for (const id of [...Object.keys(mainline), ...Object.keys(qcom)].map(Number)) {
      const families = this.#familiesOf(id);
      if (families.length > 0) this.#families.set(id, families);
    }
  }

  /** Whether some client reads the replies to a message. */
  reads(id: number): boolean {
    return this.#families.has(id);
  }

  /**
   * What clients do wrong with the outcome of a call.
   *
   * @param outcome payload of the OK reply, or makes the error of the call.
   */
  ofReply(
    clients: readonly GenerationName[],
    id: number,
    request: unknown,
    outcome: Uint8Array | (() => HostError),
    sink: HazardSink,
  ): void {
    for (const family of this.#families.get(id) ?? []) {
      const names = family.names.filter((name) => clients.includes(name));
      if (names.length === 0) continue;
      for (const hazard of this.#read(family, id, request, outcome)) sink(hazard, names);
    }
  }

  /** What clients do wrong with a notification. @param payload empty: the clients have none. */
  ofNotification(
    clients: readonly GenerationName[],
    id: number,
    payload: Uint8Array,
    sink: HazardSink,
  ): void {
    for (const name of clients) {
      const hazard = this.#byName.get(name)?.notification(id, payload);
      if (hazard !== undefined) sink(hazard, [name]);
    }
  }

  #read(
    { read, forget }: Family,
    id: number,
    request: unknown,
    outcome: Uint8Array | (() => HostError),
  ): readonly Hazard[] {
    this.#found = [];
    forget();
    try {
      const calling = read(request ?? {});
      const step = calling.next();
      if (step.done !== false || step.value.message.id !== id) return [];
      if (outcome instanceof Uint8Array) calling.next(outcome);
      else calling.throw(outcome());
    } catch (error) {
      // This client would not have sent the request, or ends the call with an error.
      if (error instanceof HostError) {
        if (error.hazard !== undefined) this.#found.push(error.hazard);
      } else if (!(error instanceof WireError || error instanceof UsageError)) throw error;
    }
    return this.#found;
  }

  /** Of the calls in the tables, the same code serves all clients that have the call and choose between lend and share alike. */
  #familiesOf(id: number): Family[] {
    const sources = protocol.byId.get(id)?.sources ?? [];
    const groups = new Map<string, GenerationName[]>();
    for (const [name, { callOf }] of this.#byName) {
      if (callOf(id) === undefined || !sources.includes(name)) continue;
      const key = isQcom(name) ? 'qcom' : generations[name].memShare;
      groups.set(key, [...(groups.get(key) ?? []), name]);
    }
    return [...groups.values()].flatMap((names) => {
      const { callOf, forget } = this.#byName.get(names[0] as GenerationName) as Reader;
      const read = callOf(id);
      return read === undefined ? [] : [{ names, read, forget }];
    });
  }
}

function readerOf(name: GenerationName, report: (hazard: Hazard) => void): Reader {
  if (isQcom(name)) {
    const calls = qcomCalls(name, { mode: 'faithful', report });
    return {
      callOf: (id) => bound(qcom[id], calls),
      notification: (id, payload) => {
        const taken = calls.forwardNotification(id, payload);
        return taken.kind === 'hazard' ? taken.hazard : undefined;
      },
      forget: calls.forget,
    };
  }
  if (!isMainline(name)) return { callOf: () => undefined, notification: () => undefined, forget: () => {} };
  const calls = mainlineCalls(name, { report });
  return {
    callOf: (id) => bound(mainline[id], calls),
    notification: mainlineNotification,
    forget: calls.forget,
  };
}

function bound<C>(
  row: ((calls: C, request: Request) => Calling<unknown>) | undefined,
  calls: C,
): ((request: Request) => Calling<unknown>) | undefined {
  return row && ((request) => row(calls, request));
}

function mainlineNotification(id: number, payload: Uint8Array): Hazard | undefined {
  try {
    const vmid = payload.length >= 2 ? (payload[0] as number) | ((payload[1] as number) << 8) : 0;
    vmChange(id, payload, vmid);
    return undefined;
  } catch (error) {
    if (error instanceof HostError) return error.hazard;
    throw error;
  }
}
