/**
 * `npm run bench:views`: two fields of each message of a buffer, by views and by decoding, in nanoseconds per message. Also
 * whether views keep their limits.
 */
import {
  codecOf,
  decodeMessage,
  encodeMessage,
  MEM_LEND,
  messageView,
  payloadOf,
  protocol,
  Reassembler,
  VM_STATUS,
} from '../../src/index.js';
import { headerReader, messagesOnly } from '../../src/rpc/index.js';
import { measure, median, quotient } from './harness.js';

/** One field with the look-up of its message, ns; and how many times faster than decoding two fields are. */
const LIMITS = { field: 15, times: 5 };
const COUNT = 1000;
const header = headerReader(protocol);

/** So many messages of one size in one buffer; the bytes of the payload at these offsets differ. */
class Buffer {
  readonly bytes: Uint8Array;
  readonly view: DataView;
  readonly size: number;

  constructor([frame = new Uint8Array()]: readonly Uint8Array[], ...offsets: readonly number[]) {
    this.size = frame.length;
    this.bytes = new Uint8Array(COUNT * this.size);
    this.view = new DataView(this.bytes.buffer);
    for (let index = 0; index < COUNT; index++) {
      this.bytes.set(frame, index * this.size);
      for (const offset of offsets) this.bytes[index * this.size + header.size + offset] = index;
    }
  }
}

const status = { vmid: 128, vm_status: 3, os_status: 1, app_status: 2 };
const statuses = new Buffer(encodeMessage(VM_STATUS, 'notification', { seq: 1, payload: status }), 0, 2);
const lend = {
  mem_type: 0,
  flags: 0,
  label: 7,
  acl_entries: [{ vmid: 45, rights: 7 }],
  sgl_entries: [
    { ipa: 0x80000000n, size: 0x100000n },
    { ipa: 0x90000000n, size: 0x100000n },
  ],
  attr_entries: [],
};
const lends = new Buffer(encodeMessage(MEM_LEND, 'request', { seq: 1, payload: lend }), 4);
const statusView = messageView(VM_STATUS, 'notification');
const lendView = messageView(MEM_LEND, 'request');
const statusCodec = codecOf(VM_STATUS.payload);

let sum = 0;
/** What decoding makes is kept, so that it is really made. */
let kept: unknown;

/** As a program decodes all messages of a capture. */
const reassembler = new Reassembler(
  protocol,
  messagesOnly(({ type, msg_id }, view, start, end) => {
    const message = protocol.byId.get(msg_id);
    const layout = payloadOf(message, type);
    const value = layout && codecOf(layout).decode(view, start, end);
    kept = value;
    if (message === VM_STATUS) sum += value.vmid + value.vm_status;
    if (message === MEM_LEND) sum += value.label + Number(value.sgl_entries[1].size);
  }),
);

function decodeAll({ view, size }: Buffer): void {
  for (let start = 0; start < view.byteLength; start += size) reassembler.receive(view, start, start + size);
}

const rows = {
  field: {
    name: 'VM_STATUS, one field by a view',
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size)
        sum += statusView.at(bytes, end - size, end)?.vm_status ?? 0;
    },
  },
  status: {
    name: 'VM_STATUS, two fields by a view',
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size) {
        const seen = statusView.at(bytes, end - size, end);
        if (seen !== undefined) sum += seen.vmid + seen.vm_status;
      }
    },
  },
  bare: {
    name: 'VM_STATUS, two fields by the codec alone',
    run() {
      const { view, size } = statuses;
      for (let start = 0; start < view.byteLength; start += size) {
        if (header.read(view, start).msg_id !== VM_STATUS.id) continue;
        const value = statusCodec.decode(view, start + header.size, start + size);
        kept = value;
        sum += value.vmid + value.vm_status;
      }
    },
  },
  statusDecoded: { name: 'VM_STATUS, reassembled and decoded', run: () => decodeAll(statuses) },
  decodeMessage: {
    name: 'VM_STATUS, decodeMessage',
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size)
        kept = decodeMessage(bytes.subarray(end - size, end), { message: VM_STATUS });
    },
  },
  lend: {
    name: 'MEM_LEND, label and second range by a view',
    run() {
      const { bytes, size } = lends;
      for (let end = size; end <= bytes.length; end += size) {
        const seen = lendView.at(bytes, end - size, end);
        if (seen !== undefined) sum += seen.label + Number(seen.sgl_entries.item(1).size);
      }
    },
  },
  lendDecoded: { name: 'MEM_LEND, reassembled and decoded', run: () => decodeAll(lends) },
} as const;

const names = Object.keys(rows) as (keyof typeof rows)[];
const measured = measure(names.map((name) => ({ count: COUNT, run: rows[name].run })));
const samples = Object.fromEntries(names.map((name, index) => [name, measured[index] ?? []])) as Record<
  keyof typeof rows,
  readonly number[]
>;

function print(text: string): void {
  process.stdout.write(`${text}\n`);
}

for (const name of names)
  print(`${rows[name].name.padEnd(46)}${median(samples[name]).toFixed(1).padStart(8)} ns`);
const field = median(samples.field);
const ofStatus = quotient(samples.statusDecoded, samples.status);
const ofLend = quotient(samples.lendDecoded, samples.lend);
const verdicts = [
  { text: `a field: ${field.toFixed(1)} ns, limit ${LIMITS.field}`, holds: field <= LIMITS.field },
  {
    text: `VM_STATUS: ${ofStatus.toFixed(1)} x decoding, limit ${LIMITS.times}`,
    holds: ofStatus >= LIMITS.times,
  },
  { text: `MEM_LEND: ${ofLend.toFixed(1)} x decoding, limit ${LIMITS.times}`, holds: ofLend >= LIMITS.times },
];
for (const { text, holds } of verdicts) print(`${holds ? 'ok    ' : 'MISSED'} ${text}`);
print(`       VM_STATUS: ${quotient(samples.bare, samples.status).toFixed(1)} x the codec alone`);
if (Number.isNaN(sum) || kept === undefined || verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
