/**
 * `npm run bench:rm`: round trips of the simulated manager in one process: a request encoded to wire bytes, put on a
 * queue, handled, its reply taken off a queue and decoded. Also whether they keep their limits, and whether a call
 * costs more when there are more VMs or parcels.
 */
import {
  error,
  MEM_LEND,
  MEM_RECLAIM,
  protocol,
  VM_ALLOC_VMID,
  VM_CONFIG_IMAGE,
  VM_GET_VMID,
  VM_INIT,
  VM_START,
} from '../../schemas/index.js';
import { codecOf } from '../../src/codec/index.js';
import { type ManagerOptions, ResourceManager } from '../../src/rm/index.js';
import { headerReader } from '../../src/rpc/index.js';
import { type InferInput, MessageType, type Payload } from '../../src/schema/index.js';
import { buildFdt, type NodeSource } from '../devicetree/build.js';
import { exampleVm } from '../sim/tree.js';
import { workloads } from './cases.js';
import { measure, median, quotient, report } from './harness.js';
import { handWritten } from './implementations.js';

/** Per second: the limits. */
const LIMITS = { call: 2_000_000, pair: 300_000 };
/** How many times a call may cost what it costs alone, with 60 VMs or parcels around it. */
const GROWTH_MAX = 1.5;
const BATCH = 200;
const HLOS = 3;
const PAGE = 0x1000n;
const header = headerReader(protocol);

const outgoing = new Uint8Array(1024);
const outgoingView = new DataView(outgoing.buffer);
const incoming = new Uint8Array(240);
const incomingView = new DataView(incoming.buffer);
const headerCodec = codecOf(protocol.header);
const HEADER_SIZE = protocol.limits.header;
/** Where a reply's payload starts in its queue message: behind header and error word. */
const REPLY_START = HEADER_SIZE + 4;

/** A VM's side of its queues, with the codec. It uses its two buffers again for every call. */
class Client {
  #seq = 0;
  /** Bytes of the reply. */
  #size = 0;

  constructor(
    readonly manager: ResourceManager,
    readonly vmid = HLOS,
  ) {}

  /** A whole round trip. @returns the view of the reply's queue message; throws for any error. */
  call<T extends Payload>(
    message: { readonly id: number; readonly request: T },
    value: InferInput<T>,
  ): DataView {
    const link = this.manager.link(this.vmid);
    if (link === undefined) throw new Error(`VM ${this.vmid} has no link`);
    const seq = this.#seq;
    this.#seq = (seq + 1) & 0xffff;
    const msg_id = message.id;
    const end = codecOf(message.request).encode(value, outgoingView, HEADER_SIZE);
    const { request: type } = MessageType;
    headerCodec.encode({ api_version: 1, header_words: 2, type, fragments: 0, seq, msg_id }, outgoingView, 0);
    link.toManager.sendRange(outgoing, 0, end);
    this.manager.run();
    for (;;) {
      this.#size = link.toVm.receiveInto(incoming);
      if (this.#size === 0) throw new Error('no reply');
      const reply = header.read(incomingView, 0);
      if (reply.type !== MessageType.reply) continue;
      const word = incomingView.getUint32(HEADER_SIZE, true);
      if (reply.seq !== seq || reply.msg_id !== msg_id || word !== error.values.OK)
        throw new Error(`request 0x${msg_id.toString(16)}: error ${word}`);
      return incomingView;
    }
  }

  getVmid(): void {
    const reply = this.call(VM_GET_VMID, {});
    const { vmid } = codecOf(VM_GET_VMID.reply).decode(reply, REPLY_START, this.#size);
    if (vmid !== this.vmid) throw new Error(`VMID ${vmid}`);
  }

  lend(ipa: bigint, size: bigint, vmid: number): number {
    const reply = this.call(MEM_LEND, {
      mem_type: 0,
      flags: 0,
      label: 0,
      acl_entries: [{ vmid, rights: 7 }],
      sgl_entries: [{ ipa, size }],
      attr_entries: [],
    });
    return codecOf(MEM_LEND.reply).decode(reply, REPLY_START, this.#size).mem_handle;
  }

  reclaim(mem_handle: number): void {
    this.call(MEM_RECLAIM, { mem_handle, flags: 0 });
  }

  allocate(): number {
    return this.call(VM_ALLOC_VMID, { vmid: 0 }).getUint16(REPLY_START, true);
  }
}

/** A VM that needs one interrupt number of HLOS only, of which there are 58. */
function smallVm(): Uint8Array {
  const tree = exampleVm();
  const config = tree.children?.['gunyah-vm-config'] as NodeSource;
  const vdevices = config.children?.vdevices as NodeSource;
  const rpc = vdevices.children?.['rm-rpc'] as NodeSource;
  const small = { ...config.children, vdevices: { ...vdevices, children: { 'rm-rpc': rpc } } };
  return buildFdt({
    ...tree,
    children: { ...tree.children, 'gunyah-vm-config': { ...config, children: small } },
  });
}

const tree = smallVm();
const IMAGE_SIZE = 0x400000;
const BOOTED_MAX = 56;

/** A manager with so many VMs, HLOS included: as many of them running as interrupts allow, the others allocated. */
function machine(
  vms: number,
  options: ManagerOptions = {},
): { readonly hlos: Client; readonly last: Client } {
  const manager = new ResourceManager(options);
  const hlos = new Client(manager);
  let last = hlos;
  for (let index = 0; index < vms - 1; index++) {
    const vmid = hlos.allocate();
    if (index >= BOOTED_MAX) continue;
    const base = 0x80000000 + index * IMAGE_SIZE;
    manager.hypervisor.writeMemory(base + 0x200000, tree);
    const mem_handle = hlos.lend(BigInt(base), BigInt(IMAGE_SIZE), vmid);
    const image = { image_offset: 0n, image_size: 0x100000n, dtb_offset: 0x200000n, dtb_size: 0x100000n };
    hlos.call(VM_CONFIG_IMAGE, { vmid, auth_mech: 0, mem_handle, ...image });
    hlos.call(VM_INIT, { vmid });
    hlos.call(VM_START, { vmid });
    last = new Client(manager, vmid);
  }
  return { hlos, last };
}

/** HLOS has so many parcels of one page, every second page of its memory. */
function withParcels(count: number): Client {
  const { hlos } = machine(1);
  for (let index = 0; index < count; index++) hlos.lend(0xa0000000n + BigInt(index) * 2n * PAGE, PAGE, 4);
  return hlos;
}

function calls(client: Client) {
  return {
    count: BATCH,
    run: () => {
      for (let index = 0; index < BATCH; index++) client.getVmid();
    },
  };
}

function pairs(client: Client) {
  return {
    count: BATCH,
    run: () => {
      for (let index = 0; index < BATCH; index++) client.reclaim(client.lend(0xb0000000n, PAGE, 4));
    },
  };
}

const mix = workloads[0];
if (mix === undefined) throw new Error('no workload');
const out = new DataView(new ArrayBuffer(16 * 1024));
const crowd = machine(60);
const rows = [
  { name: 'hand-written codec: decode and encode, mix', unit: 'messages', limit: 0 },
  { name: 'VM_GET_VMID, 1 VM', unit: 'calls', limit: LIMITS.call },
  { name: 'VM_GET_VMID of HLOS, 60 VMs', unit: 'calls', limit: LIMITS.call, like: 1 },
  { name: 'VM_GET_VMID of the last of 60 VMs', unit: 'calls', limit: LIMITS.call, like: 1 },
  { name: 'MEM_LEND and MEM_RECLAIM, 1 VM, 1 parcel', unit: 'pairs', limit: LIMITS.pair },
  { name: 'MEM_LEND and MEM_RECLAIM, 60 VMs', unit: 'pairs', limit: LIMITS.pair, like: 4 },
  { name: 'MEM_LEND and MEM_RECLAIM, 60 parcels', unit: 'pairs', limit: LIMITS.pair, like: 4 },
];
const samples = measure([
  {
    count: mix.kinds.length,
    run: () => {
      handWritten.decodeAll(mix);
      handWritten.encodeAll(mix, out);
    },
  },
  calls(machine(1).hlos),
  calls(crowd.hlos),
  calls(crowd.last),
  pairs(withParcels(0)),
  pairs(crowd.hlos),
  pairs(withParcels(59)),
]);

let missed = false;
for (const [index, { name, unit, limit, like }] of rows.entries()) {
  const own = samples[index] as readonly number[];
  const ns = median(own);
  const rate = Math.round(1e9 / ns);
  const byHand = quotient(own, samples[0] as readonly number[]);
  const growth = like === undefined ? 1 : quotient(own, samples[like] as readonly number[]);
  const kept = rate >= limit && growth <= GROWTH_MAX;
  missed ||= !kept;
  if (limit > 0)
    report({
      group: 'rm',
      name: `${name}, ${unit}/s`,
      ours: rate,
      peer: 'hand-written codec, ns',
      ratio: byHand,
      goal: `${limit}`,
      ok: kept,
    });
  const verdict = limit === 0 ? '' : `  ${kept ? 'ok' : `MISSED (limit ${limit.toLocaleString('en')}/s)`}`;
  const grown = like === undefined ? '' : `, ${growth.toFixed(2)} x the row alone`;
  process.stdout.write(
    `${name.padEnd(44)}${ns.toFixed(0).padStart(7)} ns ${rate.toLocaleString('en').padStart(11)} ${unit}/s  ` +
      `${byHand.toFixed(1).padStart(6)} x hand-written${grown}${verdict}\n`,
  );
}
if (missed) process.exitCode = 1;
