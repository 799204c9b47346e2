import {
  MEM_LEND,
  MEM_NOTIFY,
  MEM_QCOM_LOOKUP_SGL,
  MEM_SHARE,
  protocol,
  VM_ALLOC_VMID,
  VM_EXITED,
  VM_GET_HYP_RESOURCES,
  VM_GET_ID,
  VM_GET_STATE,
  VM_GET_VMID,
  VM_IRQ_ACCEPT,
  VM_MINIDUMP_REGISTER_RANGE,
  VM_QUERY_HEAP_MEMORY,
  VM_SET_TIME_BASE,
  VM_STATUS,
} from '../../schemas/index.js';
import { UsageError, WireError } from '../base/error.js';
import type { RecordContents } from '../capture/records/index.js';
import {
  type Calling,
  type GenerationName,
  generations,
  type Hazard,
  HostError,
  mainlineCalls,
  qcomCalls,
  qcomHazards,
  vmChange,
} from '../host/index.js';
import { KnownOutcomes, type Outcome } from './known-outcomes.js';

// biome-ignore lint/suspicious/noExplicitAny: readers of all messages stand in one table, and each knows its own request
type Request = any;
type Calls = ReturnType<typeof mainlineCalls>;
type Qcom = ReturnType<typeof qcomCalls>;
type QcomName = Parameters<typeof qcomCalls>[0];

/** How a client reads the replies to a message. */
interface Row<C> {
  readonly read: (calls: C, request: Request) => Calling<unknown>;
  readonly mayHurt: MayHurt;
}

/**
 * False for an outcome that hurts with no request, so that the call need not be made to know.
 *
 * @param size of the payload of the OK reply, in bytes; undefined: the call failed.
 */
type MayHurt = (size: number | undefined) => boolean;

const onError: MayHurt = (size) => size === undefined;
const onSuccess: MayHurt = (size) => size !== undefined;
const always: MayHurt = () => true;
const onEmpty: MayHurt = (size) => size === 0;
const onPayload: MayHurt = (size) => size !== undefined && size > 0;
const onShorterThan =
  (least: number): MayHurt =>
  (size) =>
    size !== undefined && size < least;

/** The call that reads the reply to a message, by message id. No other reply hurts these clients. */
const mainline: Readonly<Record<number, Row<Calls>>> = {
  [VM_ALLOC_VMID.id]: { read: (calls, { vmid }) => calls.allocVmid(vmid), mayHurt: onSuccess },
  [VM_GET_VMID.id]: { read: (calls) => calls.getVmid(), mayHurt: onShorterThan(4) },
  [MEM_LEND.id]: { read: (calls, request) => calls.memLend(request), mayHurt: onShorterThan(4) },
  [MEM_SHARE.id]: { read: (calls, request) => calls.memShare(request), mayHurt: onShorterThan(4) },
};

/** A list without entries is one that the caller did not give. */
function parcelOf({ attr_entries, ...request }: Request): Request {
  return { flags: 0, ...request, ...(attr_entries?.length > 0 && { attr_entries }) };
}

const qcom: Readonly<Record<number, Row<Qcom>>> = {
  [VM_ALLOC_VMID.id]: { read: (calls, { vmid }) => calls.vmAllocVmid(vmid), mayHurt: onEmpty },
  [VM_GET_ID.id]: { read: (calls, { vmid }) => calls.vmGetId(vmid), mayHurt: onSuccess },
  [VM_GET_STATE.id]: { read: (calls, { vmid }) => calls.vmGetStatus(vmid), mayHurt: onError },
  [VM_GET_HYP_RESOURCES.id]: { read: (calls, { vmid }) => calls.vmGetHypRes(vmid), mayHurt: onEmpty },
  [VM_SET_TIME_BASE.id]: { read: (calls, request) => calls.vmSetTimeBase(request), mayHurt: onPayload },
  [VM_IRQ_ACCEPT.id]: {
    read: (calls, { virq_handle, virq }) => calls.vmIrqAccept(virq_handle, virq),
    mayHurt: onEmpty,
  },
  [MEM_QCOM_LOOKUP_SGL.id]: {
    read: (calls, request) => calls.memQcomLookupSgl(parcelOf(request)),
    mayHurt: onSuccess,
  },
  [MEM_NOTIFY.id]: { read: (calls, request) => calls.memNotify(request), mayHurt: onError },
  [VM_MINIDUMP_REGISTER_RANGE.id]: {
    read: (calls, request) => calls.minidumpRegisterRange(request),
    mayHurt: onSuccess,
  },
  [VM_QUERY_HEAP_MEMORY.id]: {
    read: (calls, { heap_handle, type }) => calls.heapQuery(heap_handle, type),
    mayHurt: always,
  },
};

const isQcom = (name: GenerationName): name is QcomName =>
  name === 'q61' || name === 'q66' || name === 'q612';
const isMainline = (name: GenerationName): boolean => name !== 'q515' && !isQcom(name);

type Notified = (id: number, payload: Uint8Array, vmids: ReadonlySet<number>) => Hazard | undefined;

/** How a client reads replies and notifications. */
interface Reader {
  /** Undefined for a message whose reply hurts nobody. */
  readonly callOf: (id: number) => Pick<Family, 'read' | 'mayHurt'> | undefined;
  readonly notified: Notified | undefined;
  /** Clients with the same key take all notifications in the same way. */
  readonly notifiedAs: string;
  /** Forgets what the kernel remembers, which might keep it from sending a request that was seen. */
  readonly forget: () => void;
}

/** Names of clients, and what they have in common with lists of others. */
class CommonNames {
  readonly #names: readonly GenerationName[];
  readonly #known = new WeakMap<readonly GenerationName[], readonly GenerationName[]>();
  // The list that was asked for last: it mostly is the next one, too.
  #clients: readonly GenerationName[] | undefined;
  #common: readonly GenerationName[] = [];

  constructor(names: readonly GenerationName[]) {
    this.#names = names;
  }

  /** Those of the names that are also among the clients, a list that stays. */
  with(clients: readonly GenerationName[]): readonly GenerationName[] {
    if (clients === this.#clients) return this.#common;
    let common = this.#known.get(clients);
    if (common === undefined) {
      common = this.#names.filter((name) => clients.includes(name));
      this.#known.set(clients, common);
    }
    this.#clients = clients;
    this.#common = common;
    return common;
  }
}

/** Clients that read the replies to one message in the same way. */
interface Family {
  readonly names: CommonNames;
  readonly read: (request: Request) => Calling<unknown>;
  readonly mayHurt: MayHurt;
  readonly forget: () => void;
  readonly known: KnownOutcomes;
}

/** A request that was seen. */
export type SeenRequest = Pick<RecordContents, 'bytes' | 'complete' | 'incomplete' | 'payload'>;

/** Receives what clients do wrong. */
type HazardSink = (hazard: Hazard, clients: readonly GenerationName[]) => void;

/** What clients do wrong with the replies and notifications that were seen. */
export class Readers {
  readonly #byName: ReadonlyMap<GenerationName, Reader>;
  /** By message id. */
  readonly #families = new Map<number, readonly Family[]>();
  /** Clients that take notifications in the same way. */
  readonly #notified: readonly { readonly names: CommonNames; readonly take: Notified }[];
  /** Hazards of the reply that is read. */
  #found: Hazard[] = [];

  constructor(names: readonly GenerationName[]) {
    const report = (hazard: Hazard) => this.#found.push(hazard);
    this.#byName = new Map(names.map((name) => [name, readerOf(name, report)]));
    for (const id of [...Object.keys(mainline), ...Object.keys(qcom)].map(Number)) {
      const families = this.#familiesOf(id);
      if (families.length > 0) this.#families.set(id, families);
    }
    this.#notified = this.#groups(({ notified, notifiedAs }) => notified && notifiedAs).map((group) => {
      const { notified } = this.#byName.get(group[0] as GenerationName) as Reader;
      return { names: new CommonNames(group), take: notified as Notified };
    });
  }

  /**
   * Whether the outcome of a call may hurt a client. If not, {@link ofReply} finds nothing with any request.
   *
   * @param size of the payload of the OK reply, in bytes; undefined: the call failed.
   */
  mayHurt(id: number, size: number | undefined): boolean {
    const families = this.#families.get(id);
    if (families === undefined) return false;
    for (const { mayHurt } of families) if (mayHurt(size)) return true;
    return false;
  }

  /**
   * What clients do wrong with the outcome of a call.
   *
   * @param clients a list that stays: what it has in common with others is remembered.
   * @param outcome payload of the OK reply, or the error of the call.
   */
  ofReply(
    clients: readonly GenerationName[],
    id: number,
    request: SeenRequest,
    outcome: Outcome,
    sink: HazardSink,
  ): void {
    // A client sends whole requests. One of which parts are missing may have the bytes of a whole one.
    if (request.incomplete) return;
    for (const family of this.#families.get(id) ?? []) {
      const names = family.names.with(clients);
      if (names.length === 0) continue;
      const read = () => this.#read(family, id, request, outcome);
      for (const hazard of family.known.of(request.bytes, outcome, read)) sink(hazard, names);
    }
  }

  /**
   * What clients do wrong with a notification.
   *
   * @param payload empty: the clients have none.
   * @param vmids of the VMs that the client has: its handlers of VM_STATUS and VM_EXITED are theirs.
   */
  ofNotification(
    clients: readonly GenerationName[],
    id: number,
    payload: Uint8Array,
    vmids: ReadonlySet<number>,
    sink: HazardSink,
  ): void {
    for (const { names, take } of this.#notified) {
      const hazard = take(id, payload, vmids);
      if (hazard === undefined) continue;
      const hurt = names.with(clients);
      if (hurt.length > 0) sink(hazard, hurt);
    }
  }

  #read(
    { read, forget }: Family,
    id: number,
    { complete, payload }: SeenRequest,
    outcome: Outcome,
  ): readonly Hazard[] {
    if (!complete) return [];
    this.#found = [];
    forget();
    try {
      const calling = read(payload ?? {});
      const step = calling.next();
      if (step.done !== false || step.value.message.id !== id) return [];
      if (outcome instanceof Uint8Array) calling.next(outcome);
      else calling.throw(outcome);
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
    const groups = this.#groups(({ callOf }, name) => {
      if (callOf(id) === undefined || !sources.includes(name)) return undefined;
      return isQcom(name) ? 'qcom' : generations[name].memShare;
    });
    return groups.flatMap((names) => {
      const { callOf, forget } = this.#byName.get(names[0] as GenerationName) as Reader;
      const call = callOf(id);
      if (call === undefined) return [];
      return [{ names: new CommonNames(names), ...call, forget, known: new KnownOutcomes() }];
    });
  }

  /** The clients that have the same key. Those without one are left out. */
  #groups(keyOf: (reader: Reader, name: GenerationName) => string | undefined): GenerationName[][] {
    const groups = new Map<string, GenerationName[]>();
    for (const [name, reader] of this.#byName) {
      const key = keyOf(reader, name);
      if (key !== undefined) groups.set(key, [...(groups.get(key) ?? []), name]);
    }
    return [...groups.values()];
  }
}

function readerOf(name: GenerationName, report: (hazard: Hazard) => void): Reader {
  if (isQcom(name)) {
    const calls = qcomCalls(name, { mode: 'faithful', report });
    const copiesNotifications = qcomHazards.notification_without_payload.clients.includes(name);
    const notified: Notified = (id, payload) => {
      const taken = calls.forwardNotification(id, payload);
      return taken.kind === 'hazard' ? taken.hazard : undefined;
    };
    return {
      callOf: (id) => bound(qcom[id], calls),
      notified: copiesNotifications ? notified : undefined,
      notifiedAs: 'qcom',
      forget: calls.forget,
    };
  }
  if (!isMainline(name))
    return { callOf: () => undefined, notified: undefined, notifiedAs: name, forget: () => {} };
  const calls = mainlineCalls(name, { report });
  return {
    callOf: (id) => bound(mainline[id], calls),
    notified: mainlineNotification,
    notifiedAs: 'mainline',
    forget: calls.forget,
  };
}

function bound<C>(row: Row<C> | undefined, calls: C): Pick<Family, 'read' | 'mayHurt'> | undefined {
  return row && { read: (request) => row.read(calls, request), mayHurt: row.mayHurt };
}

const VMID_SIZE = 2;

/** Each VM has a handler, which reads on behind the VMID if it is its own. */
function mainlineNotification(
  id: number,
  payload: Uint8Array,
  vmids: ReadonlySet<number>,
): Hazard | undefined {
  if (id !== VM_STATUS.id && id !== VM_EXITED.id) return undefined;
  const hasVmid = payload.length >= VMID_SIZE;
  const vmid = hasVmid ? (payload[0] as number) | ((payload[1] as number) << 8) : 0;
  if (hasVmid ? !vmids.has(vmid) : vmids.size === 0) return undefined;
  try {
    vmChange(id, payload, vmid);
    return undefined;
  } catch (error) {
    if (error instanceof HostError) return error.hazard;
    throw error;
  }
}
