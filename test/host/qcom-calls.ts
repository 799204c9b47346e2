import * as schemas from '../../schemas/index.js';
import { WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import { type QcomCalls, type QcomOptions, qcomCalls } from '../../src/host/calls/qcom/index.js';
import type { Calling } from '../../src/host/index.js';
import type { Call, Infer, Payload } from '../../src/schema/index.js';
import { type Args, argument, type CallTable, type SentRequest, type VectorCall } from './vectors.js';

export type QcomName = Parameters<typeof qcomCalls>[0];
export type Mode = NonNullable<QcomOptions['mode']>;

/** A line is about one of Qualcomm's interfaces. */
export const isQcom = ({ client }: { readonly client: string }): boolean => /^q6/.test(client);

const decode = <Q extends Payload>(type: Q, bytes: Uint8Array, size: number): Infer<Q> =>
  codecOf(type).decode(new DataView(bytes.buffer, bytes.byteOffset, bytes.length), 0, size) as Infer<Q>;

/** A value, without what may follow it; nothing if there is none. */
function readable<T>(bytes: Uint8Array, read: (size: number) => T): T[] {
  try {
    return [read(bytes.length)];
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    return error.code === 'trailing' ? [read(error.offset)] : [];
  }
}

/** What the real client sent: arguments that a recording does not spell out are taken from it. */
export class Recorded {
  readonly #requests: readonly SentRequest[];

  constructor(requests: readonly SentRequest[]) {
    this.#requests = requests;
  }

  /** The values of the requests of one kind, as far as they can be read. */
  all<Q extends Payload>({ id, request }: Call<Q>): Infer<Q>[] {
    return this.#requests
      .filter((sent) => sent.id === id)
      .flatMap(({ payload }) => readable(payload, (size) => decode(request, payload, size)));
  }

  first<Q extends Payload>(message: Call<Q>): Infer<Q> | undefined {
    return this.all(message)[0];
  }
}

/** `count` entries: those that were sent, and as many more like those that the recorder made up. */
function entries<T>(sent: readonly T[] | undefined, count: number, make: (index: number) => T): T[] {
  return Array.from({ length: count }, (_, index) => sent?.[index] ?? make(index));
}

const number = argument;
const big = (args: Args, name: string, otherwise: bigint) => BigInt(args[name] ?? otherwise);

const sglEntry = (index: number) => ({ ipa: 0x80000000n + 0x2000n * BigInt(index), size: 0x1000n });
const attrEntry = (index: number) => ({ attr: 3, vmid: 45 + index });

function aclEntries(args: Args, sent: readonly schemas.AclEntry[] | undefined): schemas.AclEntry[] {
  const { acl_vmid0, perms } = args;
  const made = entries(sent, number(args, 'n_acl', 1), (index) => ({ vmid: 45 + index, rights: 7 }));
  return made.map((entry, index) => ({
    ...entry,
    ...(index === 0 && acl_vmid0 !== undefined && { vmid: Number(acl_vmid0) }),
    ...(perms !== undefined && { rights: Number(perms) }),
  }));
}

/** Memory as the calls that make parcels take it. */
function parcel(args: Args, sent: Recorded, message: typeof schemas.MEM_SHARE) {
  const first = sent.first(message);
  const sgl = [
    ...(first?.sgl_entries ?? []),
    ...sent.all(schemas.MEM_APPEND).flatMap(({ sgl_entries }) => sgl_entries),
  ];
  return {
    mem_type: number(args, 'mem_type', 0),
    flags: number(args, 'flags', 0),
    label: number(args, 'label', first?.label ?? 9),
    acl_entries: args.no_acl ? undefined : aclEntries(args, first?.acl_entries),
    sgl_entries: args.no_sgl ? [] : entries(sgl, number(args, 'n_sgl', 1), sglEntry),
    ...(args.n_attr !== undefined && {
      attr_entries: entries(first?.attr_entries, Number(args.n_attr), attrEntry),
    }),
    ...(args.attr_empty !== undefined && { attr_entries: [] }),
  };
}

function accept(args: Args, sent: Recorded) {
  const first = sent.first(schemas.MEM_ACCEPT);
  const sglEntries = entries(first?.sgl_entries, number(args, 'n_sgl', 1), sglEntry);
  return {
    mem_handle: number(args, 'handle', first?.mem_handle ?? 0x42),
    mem_type: number(args, 'mem_type', 0),
    trans_type: number(args, 'trans', 0),
    flags: number(args, 'flags', 0),
    label: number(args, 'label', first?.label ?? 9),
    acl_entries: args.no_acl ? [] : aclEntries(args, first?.acl_entries),
    ...(args.no_sgl ? {} : { sgl_entries: sglEntries }),
    attr_entries: entries(first?.attr_entries, number(args, 'n_attr', 0), attrEntry),
    map_vmid: number(args, 'map_vmid', first?.map_vmid ?? 0),
  };
}

function consoleText(args: Args, sent: Recorded): Uint8Array {
  const letter = (index: number) => 'a'.charCodeAt(0) + (index % 26);
  const data = sent.first(schemas.VM_CONSOLE_WRITE)?.data ?? new Uint8Array(0);
  return Uint8Array.from(entries([...data], Number(args.n), letter));
}

function lookupKey(args: Args, sent: Recorded): Uint8Array {
  const { type = 0, name, len } = args;
  if (name !== undefined) return new TextEncoder().encode(String(name)).subarray(0, Number(len ?? 0xffffff));
  if (len !== undefined) return new Uint8Array(Number(len));
  if (type === 2) return sent.first(schemas.VM_LOOKUP_GUID)?.guid ?? new Uint8Array(16);
  const { VM_LOOKUP_NAME, VM_LOOKUP_URI } = schemas;
  const asked = sent.first(VM_LOOKUP_NAME)?.name ?? sent.first(VM_LOOKUP_URI)?.uri;
  return asked ?? new TextEncoder().encode('qcom,trustedvm');
}

function notifyRequest(args: Args, sent: Recorded) {
  const first = sent.first(schemas.MEM_NOTIFY);
  const vmids = first?.vmid_entries?.map(({ vmid }) => vmid);
  const count = args.n ?? vmids?.length;
  return {
    mem_handle: number(args, 'handle', first?.mem_handle ?? 0x42),
    flags: number(args, 'flags', first?.flags ?? 1),
    mem_info_tag: number(args, 'tag', first?.mem_info_tag ?? 0x1234),
    ...(count !== undefined && { vmids: entries(vmids, Number(count), (index) => 45 + index) }),
  };
}

type Run = (calls: QcomCalls, args: Args, sent: Recorded) => Calling<unknown>;

const vmid = (args: Args, otherwise = 45) => number(args, 'vmid', otherwise);
const onVm =
  (pick: (calls: QcomCalls) => (vmid: number) => Calling<unknown>): Run =>
  (calls, args) =>
    pick(calls)(vmid(args));
const onHandle =
  (pick: (calls: QcomCalls) => (handle: number) => Calling<unknown>): Run =>
  (calls, args) =>
    pick(calls)(number(args, 'handle', 0x42));
const onParcel =
  (message: typeof schemas.MEM_SHARE, pick: (calls: QcomCalls) => QcomCalls['memShare']): Run =>
  (calls, args, sent) =>
    pick(calls)(parcel(args, sent, message));

const dumpName = (args: Args) =>
  new TextEncoder().encode(String(args.name ?? 'KTEXT')).subarray(0, Number(args.len ?? 0xffffff));

/** The calls by the names of requests.ndjson. */
export const runs: Readonly<Record<string, Run>> = {
  vm_alloc_vmid: onVm((calls) => calls.vmAllocVmid),
  vm_dealloc_vmid: onVm((calls) => calls.vmDeallocVmid),
  vm_init: onVm((calls) => calls.vmInit),
  vm_start: onVm((calls) => calls.vmStart),
  vm_reset: onVm((calls) => calls.vmReset),
  vm_set_debug: (calls, args, sent) => calls.vmSetDebug(vmid(args, sent.first(schemas.VM_SET_DEBUG)?.vmid)),
  vm_stop: (calls, args, sent) =>
    calls.vmStop({
      vmid: vmid(args),
      stop_reason: number(args, 'reason', sent.first(schemas.VM_STOP)?.stop_reason ?? 0),
      flags: number(args, 'flags', sent.first(schemas.VM_STOP)?.flags ?? 0),
    }),
  vm_config_image: (calls, args, sent) => {
    const first = sent.first(schemas.VM_CONFIG_IMAGE);
    return calls.vmConfigImage({
      vmid: vmid(args),
      auth_mech: number(args, 'auth', first?.auth_mech ?? 1),
      mem_handle: number(args, 'handle', first?.mem_handle ?? 0x42),
      image_offset: big(args, 'image_offset', first?.image_offset ?? 0n),
      image_size: big(args, 'image_size', first?.image_size ?? 0n),
      dtb_offset: big(args, 'dtb_offset', first?.dtb_offset ?? 0n),
      dtb_size: big(args, 'dtb_size', first?.dtb_size ?? 0n),
    });
  },
  vm_auth_image: (calls, args, sent) =>
    calls.vmAuthImage({
      vmid: vmid(args),
      auth_params: entries(sent.first(schemas.VM_AUTH_IMAGE)?.auth_params, number(args, 'n', 1), (index) => ({
        auth_param_type: 0,
        auth_param: 0x1c + index,
      })),
    }),
  vm_set_time_base: (calls, args, sent) => {
    const { time_base = 0n, arch_timer_ref = 0n } = sent.first(schemas.VM_SET_TIME_BASE) ?? {};
    return calls.vmSetTimeBase({ vmid: vmid(args), time_base, arch_timer_ref });
  },
  vm_get_id: onVm((calls) => calls.vmGetId),
  vm_lookup: (calls, args, sent) => calls.vmLookup(number(args, 'type', 0), lookupKey(args, sent)),
  get_this_vmid: (calls) => calls.getThisVmid(),
  vm_get_status: onVm((calls) => calls.vmGetStatus),
  vm_set_status: (calls, args) =>
    calls.vmSetStatus({
      vm_status: number(args, 'vm', 3),
      os_status: number(args, 'os', 4),
      app_status: number(args, 'app', 1),
    }),
  vm_set_vm_status: (calls, args) => calls.vmSetVmStatus(Number(args.vm)),
  vm_set_os_status: (calls, args) => calls.vmSetOsStatus(Number(args.os)),
  vm_set_app_status: (calls, args) => calls.vmSetAppStatus(Number(args.app)),
  vm_get_hyp_res: onVm((calls) => calls.vmGetHypRes),
  vm_irq_lend: (calls, args) =>
    calls.vmIrqLend({
      borrower: vmid(args),
      virq: number(args, 'virq', 40),
      label: number(args, 'label', 5),
    }),
  vm_irq_lend_notify: (calls, args) => calls.vmIrqLendNotify(vmid(args), number(args, 'handle', 0x42)),
  vm_irq_accept: (calls, args) => calls.vmIrqAccept(number(args, 'handle', 0x42), number(args, 'virq', 40)),
  vm_irq_accept_notify: onHandle((calls) => calls.vmIrqAcceptNotify),
  vm_irq_release: onHandle((calls) => calls.vmIrqRelease),
  vm_irq_release_notify: onHandle((calls) => calls.vmIrqReleaseNotify),
  vm_irq_reclaim: onHandle((calls) => calls.vmIrqReclaim),
  console_open: onVm((calls) => calls.consoleOpen),
  console_close: onVm((calls) => calls.consoleClose),
  console_flush: onVm((calls) => calls.consoleFlush),
  console_write: (calls, args, sent) => calls.consoleWrite(vmid(args), consoleText(args, sent)),
  mem_share: onParcel(schemas.MEM_SHARE, (calls) => calls.memShare),
  mem_lend: onParcel(schemas.MEM_LEND, (calls) => calls.memLend),
  mem_donate: onParcel(schemas.MEM_DONATE, (calls) => calls.memDonate),
  mem_qcom_lookup_sgl: (calls, args, sent) => {
    const first = sent.first(schemas.MEM_QCOM_LOOKUP_SGL);
    return calls.memQcomLookupSgl({
      mem_type: number(args, 'mem_type', 0),
      label: number(args, 'label', first?.label ?? 9),
      acl_entries: args.no_acl ? undefined : aclEntries(args, first?.acl_entries),
      sgl_entries: args.no_sgl ? [] : entries(first?.sgl_entries, number(args, 'n_sgl', 1), sglEntry),
      ...(args.n_attr !== undefined && {
        attr_entries: entries(first?.attr_entries, Number(args.n_attr), attrEntry),
      }),
      ...(args.attr_empty !== undefined && { attr_entries: [] }),
    });
  },
  mem_append: (calls, args, sent) => {
    const first = sent.first(schemas.MEM_APPEND);
    const list = entries(first?.sgl_entries, number(args, 'n_sgl', 1), sglEntry);
    return calls.memAppend(number(args, 'handle', first?.mem_handle ?? 0x42), number(args, 'flags', 0), list);
  },
  mem_accept: (calls, args, sent) => calls.memAccept(accept(args, sent)),
  mem_release: (calls, args) => calls.memRelease(number(args, 'handle', 0x42), number(args, 'flags', 0)),
  mem_reclaim: (calls, args) => calls.memReclaim(number(args, 'handle', 0x42), number(args, 'flags', 0)),
  mem_notify: (calls, args, sent) => calls.memNotify(notifyRequest(args, sent)),
  minidump_get_info: (calls) => calls.minidumpGetInfo(),
  minidump_register_range: (calls, args, sent) => {
    const { base_ipa = 0x80000000n, region_size = 0x1000n } =
      sent.first(schemas.VM_MINIDUMP_REGISTER_RANGE) ?? {};
    return calls.minidumpRegisterRange({ base_ipa, region_size, name: dumpName(args) });
  },
  minidump_deregister_slot: (calls, args) => calls.minidumpDeregisterSlot(number(args, 'slot', 7)),
  minidump_get_slot_from_name: (calls, args, sent) => {
    const { starting_slot = 1 } = sent.first(schemas.VM_MINIDUMP_GET_SLOT_NUMBER) ?? {};
    return calls.minidumpGetSlotFromName(number(args, 'slot', starting_slot), dumpName(args));
  },
  ipa_reserve: (calls, args) =>
    calls.ipaReserve({
      size: big(args, 'size', 0x1000n),
      align: big(args, 'align', 0x1000n),
      start: big(args, 'start', 0x80000000n),
      end: big(args, 'end', 0xbfffffffn),
      generic_constraints: number(args, 'gc', 0x40),
      platform_constraints: number(args, 'pc', 0),
    }),
  heap_query: (calls, args) => calls.heapQuery(number(args, 'heap', 1), number(args, 'type', 1)),
  add_heap_memory: (calls, args) =>
    calls.addHeapMemory(number(args, 'heap', 1), number(args, 'handle', 0x42)),
  remove_heap_memory: (calls, args) =>
    calls.removeHeapMemory(number(args, 'heap', 1), number(args, 'handle', 0x42)),
  setup_feature_scm_assign: (calls, _args, sent) =>
    calls.setupFeatureScmAssign(sent.first(schemas.MEM_LEND)?.sgl_entries[0]?.ipa ?? 0n),
};

const hexOf = <T extends Payload>(type: T, values: readonly Infer<T>[]) =>
  values.map((value) => formatHex(codecOf(type).toBytes(value as never))).join('');
const handle = (value: number | bigint) => `0x${value.toString(16)}`;
const slot = (value: number) => ({ ret: value });
const found = (vmid: number) => ({ vmid });
const made = (value: number) => ({ handle: handle(value) });

/** What an outcome names besides success, of those calls that return something. */
const tellers: Readonly<Record<string, (value: never, args: Args) => object>> = {
  vm_alloc_vmid: found,
  vm_lookup: found,
  get_this_vmid: found,
  vm_get_id: (entries: readonly schemas.IdEntry[]) => ({
    n: entries.length,
    payload: hexOf(schemas.idEntry, entries),
  }),
  vm_get_status: (status: schemas.VmGetStateReply) => ({
    status: hexOf(schemas.VM_GET_STATE.reply, [status]),
  }),
  vm_get_hyp_res: ({ entries }: schemas.VmGetHypResourcesReply) => ({
    n: entries.length,
    payload: hexOf(schemas.hypResource, entries),
  }),
  // Interrupt numbers are signed in the drivers.
  vm_irq_accept: (virq: number) => ({ ret: virq | 0 }),
  vm_irq_lend: (value: number) => ({ virq_handle: handle(value) }),
  mem_share: made,
  mem_lend: made,
  mem_donate: made,
  mem_qcom_lookup_sgl: made,
  mem_accept: (entries: readonly schemas.SglEntry[], args) => ({
    same_sgl: Number(!args.no_sgl),
    n_sgl: entries.length,
    sgl: hexOf(schemas.sglEntry, entries),
  }),
  minidump_get_info: slot,
  minidump_register_range: slot,
  minidump_get_slot_from_name: slot,
  ipa_reserve: (ipa: bigint) => ({ ipa: handle(ipa) }),
  heap_query: (answer: object) => ({
    size:
      Object.keys(answer).length === 0
        ? 0
        : codecOf(schemas.VM_QUERY_HEAP_MEMORY.reply).toBytes(answer as never).length,
  }),
};

/** Names that replies.ndjson has for calls of requests.ndjson, besides theirs with `q_` or with `q_` for `vm_`. */
const renamed: Readonly<Record<string, string>> = {
  q_mem_lookup_sgl: 'mem_qcom_lookup_sgl',
  q_minidump_info: 'minidump_get_info',
  q_minidump_register: 'minidump_register_range',
  q_minidump_deregister: 'minidump_deregister_slot',
  q_minidump_slot: 'minidump_get_slot_from_name',
};

/** The recorded calls of Qualcomm's interfaces as ours makes them. */
export function qcomTable(mode: Mode): CallTable {
  const entry = (name: string, run: Run) =>
    function* ({ client, args, sent, report }: VectorCall) {
      const calls = qcomCalls(client as QcomName, { mode, report });
      const result = yield* run(calls, args, new Recorded(sent));
      return { ret: 0, ...tellers[name]?.(result as never, args) };
    };
  const table = Object.fromEntries(Object.entries(runs).map(([name, run]) => [name, entry(name, run)]));
  const others = Object.keys(table).flatMap((name) => [
    [`q_${name}`, table[name]],
    [name.replace(/^vm_/, 'q_'), table[name]],
  ]);
  const more = Object.entries(renamed).map(([name, known]) => [name, table[known]]);
  return { ...Object.fromEntries([...others, ...more]), ...table };
}

/** Offsets of payload bytes that the real client leaves uninitialised, by message id. */
const uninitialised = new Map<number, readonly number[]>([
  [schemas.MEM_APPEND.id, [5, 6, 7, 10, 11]],
  [schemas.VM_MINIDUMP_REGISTER_RANGE.id, [18, 19]],
]);

/** The payload without what is no protocol. */
export function masked({ id, payload }: SentRequest): Uint8Array {
  const copy = payload.slice();
  for (const offset of uninitialised.get(id) ?? []) if (offset < copy.length) copy[offset] = 0;
  return copy;
}
