import {
  constants,
  MEM_APPEND,
  MEM_LEND,
  MEM_SHARE,
  protocol,
  VM_CONFIG_IMAGE,
  VM_GET_HYP_RESOURCES,
} from '../../schemas/index.js';
import { formatHex } from '../../src/base/hex.js';
import { codecOf } from '../../src/codec/index.js';
import {
  type Calling,
  type Errno,
  errnoNumbers,
  type MainlineCalls,
  mainlineCalls,
  type ParcelRequest,
} from '../../src/host/index.js';
import { formatId, unknownCall } from '../../src/schema/index.js';
import {
  type Args,
  argument,
  type CallTable,
  type Returned,
  requestValue,
  type VectorCall,
} from './vectors.js';

/** VM that calls are about when nothing says otherwise. */
const VMID = 128;

const errnoOf = new Map<number, Errno>(
  Object.entries(errnoNumbers).map(([name, number]) => [number, name as Errno]),
);

/** The call functions of a fresh kernel. */
function kernelOf({ client, args, report, noted }: VectorCall) {
  return mainlineCalls(client, {
    report,
    platform: {
      preMemShare: () => errnoOf.get(argument(args, 'platform_pre')),
      postMemReclaim: () => {
        noted.platform_post_called = Number(noted.platform_post_called ?? 0) + 1;
      },
    },
  });
}

type Kernel = MainlineCalls;

/** A call of which only the success counts. */
const status = (run: (kernel: Kernel, call: VectorCall) => Calling<unknown>) =>
  function* (call: VectorCall): Calling<Returned> {
    yield* run(kernelOf(call), call);
    return { ret: 0 };
  };

const vmidOf = (args: Args) => argument(args, 'vmid', VMID);

const entry = (index: number) => ({ ipa: 0x80000000n + BigInt(index) * 0x2000n, size: 0x1000n });

/** The list that was sent, as long as `args` says; what a failure kept from being sent is made up. */
function listOf<E>(count: number, sent: readonly E[], rest: (index: number) => E): E[] {
  return Array.from({ length: count }, (_, index) => sent[index] ?? rest(index));
}

function parcelOf({ args, sent }: VectorCall): ParcelRequest {
  const values = sent.map(requestValue);
  const first = values[0] ?? { label: argument(args, 'label'), mem_type: 0, acl_entries: [] };
  const ranges = sent.flatMap(({ id }, index) =>
    [MEM_LEND.id, MEM_SHARE.id, MEM_APPEND.id].includes(id) ? values[index].sgl_entries : [],
  );
  const aclCount = 'null_acl' in args ? 0 : argument(args, 'n_acl', 1);
  return {
    label: argument(args, 'label', first.label),
    mem_type: argument(args, 'mem_type', first.mem_type),
    acl_entries: listOf(aclCount, first.acl_entries, (index) => ({ vmid: VMID + index, rights: 7 })),
    sgl_entries: listOf(argument(args, 'n_mem', 1), ranges, entry),
    ...('mem_handle' in args && { mem_handle: argument(args, 'mem_handle') }),
  };
}

const parcel = (name: 'memLend' | 'memShare') =>
  function* (call: VectorCall): Calling<Returned> {
    call.noted.mem_handle = formatId(constants.MEM_HANDLE_INVALID);
    const handle = yield* kernelOf(call)[name](parcelOf(call));
    return { ret: 0, mem_handle: formatId(handle) };
  };

/** The function under all the others, called with any message id and any bytes. */
function* bare({ args, sent }: VectorCall): Calling<Returned> {
  const id = argument(args, 'msg_id', 0x56000017);
  const message = unknownCall('call', {
    id,
    doc: 'any message',
    sources: [],
  });
  const payload = new Uint8Array(argument(args, 'reqlen'));
  payload.set(sent[0]?.payload ?? []);
  const repeated = argument(args, 'repeat', 1);
  let reply = new Uint8Array(0);
  for (let count = 0; count < repeated; count++)
    reply = new Uint8Array(yield { kind: 'call', message: protocol.byId.get(id) ?? message, payload });
  return { ret: 0, resp_size: reply.length, payload: formatHex(reply) };
}

/** As many times as `repeat` says. */
const repeated = (run: (kernel: Kernel, call: VectorCall) => Calling<unknown>) =>
  status(function* (kernel, call) {
    for (let count = 0; count < argument(call.args, 'repeat', 1); count++) yield* run(kernel, call);
  });

const vmidCall = (name: 'deallocVmid' | 'vmInit' | 'vmStart' | 'vmStop' | 'vmReset') =>
  repeated((kernel, { args }) => kernel[name](vmidOf(args)));

const big = (args: Args, name: string, usual: bigint) => BigInt(args[name] ?? usual);

/** How our clients make the recorded calls of the mainline driver. */
export const mainlineTable: CallTable = {
  *alloc_vmid(call) {
    const vmid = argument(call.args, 'vmid');
    const allocated = yield* kernelOf(call).allocVmid(vmid);
    // The recorded function says 0 when it was asked for a number.
    return { ret: vmid === 0 ? allocated : 0 };
  },
  dealloc_vmid: vmidCall('deallocVmid'),
  vm_init: vmidCall('vmInit'),
  vm_start: vmidCall('vmStart'),
  vm_stop: vmidCall('vmStop'),
  vm_reset: vmidCall('vmReset'),
  *get_vmid(call) {
    const calls = kernelOf(call);
    const vmid = yield* calls.getVmid();
    return { ret: 0, vmid, ...('twice' in call.args && { vmid2: yield* calls.getVmid() }) };
  },
  *get_hyp_resources(call) {
    const reply = yield* kernelOf(call).getHypResources(vmidOf(call.args));
    const payload = formatHex(codecOf(VM_GET_HYP_RESOURCES.reply).toBytes(reply));
    return { ret: 0, n_entries: reply.entries.length, payload };
  },
  vm_configure: status(function* (kernel, { args, sent }) {
    const usual = sent[0] === undefined ? VM_CONFIG_IMAGE.example.request : requestValue(sent[0]);
    yield* kernel.vmConfigure({
      vmid: vmidOf(args),
      auth_mech: argument(args, 'auth', usual.auth_mech),
      mem_handle: argument(args, 'mem_handle', usual.mem_handle),
      image_offset: big(args, 'image_offset', usual.image_offset),
      image_size: big(args, 'image_size', usual.image_size),
      dtb_offset: big(args, 'dtb_offset', usual.dtb_offset),
      dtb_size: big(args, 'dtb_size', usual.dtb_size),
    });
  }),
  vm_set_firmware_mem: status(function* (kernel, { args }) {
    const [mem_handle, fw_offset, fw_size] = [
      argument(args, 'mem_handle'),
      big(args, 'fw_offset', 0n),
      big(args, 'fw_size', 0n),
    ];
    yield* kernel.vmSetFirmwareMem({ vmid: vmidOf(args), mem_handle, fw_offset, fw_size });
  }),
  vm_set_boot_context: status(function* (kernel, { args }) {
    const [reg_set, reg_index] = [argument(args, 'reg_set'), argument(args, 'reg_index')];
    yield* kernel.vmSetBootContext({ vmid: vmidOf(args), reg_set, reg_index, value: big(args, 'value', 0n) });
  }),
  vm_set_address_layout: status(function* (kernel, { args }) {
    const [range_base, range_size] = [big(args, 'base', 0n), big(args, 'size', 0n)];
    yield* kernel.vmSetAddressLayout({
      vmid: vmidOf(args),
      range_id: argument(args, 'range_id'),
      range_base,
      range_size,
    });
  }),
  vm_set_demand_paging: status(function* (kernel, { args, sent }) {
    const sentRanges = sent.flatMap((request) => requestValue(request).ranges);
    yield* kernel.vmSetDemandPaging({
      vmid: vmidOf(args),
      ranges: listOf(argument(args, 'count'), sentRanges, entry),
    });
  }),
  mem_lend: parcel('memLend'),
  mem_share: parcel('memShare'),
  mem_reclaim: status(function* (kernel, { args }) {
    yield* kernel.memReclaim(argument(args, 'mem_handle', 0x42));
  }),
  call: bare,
  gh_rm_call: bare,
  gunyah_rm_call: bare,
};
