/** What is measured: five messages, and the three workloads made of them. */
import {
  MEM_SHARE,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_GET_HYP_RESOURCES,
  VM_STATUS,
} from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';

/** Index of a message in all tables of the benchmark. */
export const Kind = { allocVmid: 0, configImage: 1, status: 2, resources: 3, share: 4 } as const;

export const types = [
  VM_ALLOC_VMID.request,
  VM_CONFIG_IMAGE.request,
  VM_STATUS.payload,
  VM_GET_HYP_RESOURCES.reply,
  MEM_SHARE.request,
] as const;

/** Many messages in one buffer, as they lie in a capture: decoders get the view and where the message is. */
export interface Workload {
  readonly name: string;
  readonly kinds: readonly number[];
  readonly values: readonly unknown[];
  readonly starts: readonly number[];
  readonly ends: readonly number[];
  readonly view: DataView;
  /** How often faster than restructure as it is the codec must be. */
  readonly timesStock: number;
}

/** Deterministic numbers; the values matter only in that they differ and fill their width. */
function numbers(): (below: number) => number {
  let state = 0x2545f491;
  return (below) => {
    state ^= state << 13;
    state ^= state >>> 17;
    state ^= state << 5;
    return (state >>> 0) % below;
  };
}

const draw = numbers();
const u32 = () => draw(0x1_0000_0000);
/** Addresses, sizes and capability ids are below 2^48 in all recordings. */
const u64 = () => (BigInt(draw(0x1_0000)) << 32n) | BigInt(u32());

function resource() {
  return {
    type: draw(8),
    partner_vmid: draw(256),
    resource_handle: u32(),
    resource_label: u32(),
    cap_id: u64(),
    virq_handle: u32(),
    virq: draw(1024),
    base: u64(),
    size: u64(),
  };
}

function share(rangeCount: number) {
  return {
    mem_type: 0,
    flags: 0,
    label: u32(),
    acl_entries: [
      { vmid: draw(256), rights: 6 },
      { vmid: 3, rights: 7 },
    ],
    sgl_entries: Array.from({ length: rangeCount }, () => ({ ipa: u64(), size: u64() })),
    attr_entries: [],
  };
}

const resources = (count: number) => ({ entries: Array.from({ length: count }, resource) });

const makers: readonly (() => unknown)[] = [
  () => ({ vmid: draw(256) }),
  () => ({
    vmid: draw(256),
    auth_mech: 0,
    mem_handle: u32(),
    image_offset: u64(),
    image_size: u64(),
    dtb_offset: u64(),
    dtb_size: u64(),
  }),
  () => ({ vmid: draw(256), vm_status: draw(13), os_status: draw(5), app_status: draw(2) }),
  () => resources(4),
  () => share(1),
];

function workload(
  name: string,
  timesStock: number,
  kinds: readonly number[],
  values: readonly unknown[],
): Workload {
  const parts = values.map((value, index) =>
    codecOf(types[kinds[index] as number] as never).toBytes(value as never),
  );
  const bytes = new Uint8Array(parts.reduce((sum, part) => sum + part.length, 0));
  const starts: number[] = [];
  const ends: number[] = [];
  let at = 0;
  for (const part of parts) {
    bytes.set(part, at);
    starts.push(at);
    at += part.length;
    ends.push(at);
  }
  return { name, kinds, values, starts, ends, view: new DataView(bytes.buffer), timesStock };
}

/** 30 % VM_ALLOC_VMID, 20 % each of VM_CONFIG_IMAGE, VM_STATUS and resources, 10 % MEM_SHARE, in no order. */
function mix(): Workload {
  const shares = [0, 0, 0, 1, 1, 2, 2, 3, 3, 4];
  const kinds = Array.from({ length: 1000 }, (_, index) => shares[index % shares.length] as number);
  for (let index = kinds.length - 1; index > 0; index--) {
    const other = draw(index + 1);
    [kinds[index], kinds[other]] = [kinds[other] as number, kinds[index] as number];
  }
  return workload(
    'mix',
    50,
    kinds,
    kinds.map((kind) => (makers[kind] as () => unknown)()),
  );
}

function repeated(name: string, kind: number, count: number, make: () => unknown): Workload {
  return workload(name, 40, new Array(count).fill(kind), Array.from({ length: count }, make));
}

export const workloads: readonly Workload[] = [
  mix(),
  repeated('32 entries', Kind.resources, 50, () => resources(32)),
  repeated('512 ranges', Kind.share, 8, () => share(512)),
];
