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
import { measure, median, quotient, report, type Task } from './harness.js';

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
/** Both in turn, and where each message starts. */
const mixed = (() => {
  const bytes = new Uint8Array(statuses.bytes.length + lends.bytes.length);
  const starts: number[] = [];
  let end = 0;
  for (let index = 0; index < COUNT; index++)
    for (const { bytes: from, size } of [statuses, lends]) {
      bytes.set(from.subarray(index * size, (index + 1) * size), end);
      starts.push(end);
      end += size;
    }
  return { bytes, view: new DataView(bytes.buffer), ends: [...starts.slice(1), end], starts };
})();
const statusView = messageView(VM_STATUS, 'notification');
const lendView = messageView(MEM_LEND, 'request');
const statusCodec = codecOf(VM_STATUS.payload);

/** Kept below 2^31: V8 makes an object of a larger number whenever such a variable is set, which costs as much as a field. */
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
    if (message === VM_STATUS) sum = (sum + value.vmid + value.vm_status) | 0;
    if (message === MEM_LEND) sum = (sum + value.label + value.flags) | 0;
  }),
);

function decodeAll({ view, size }: Buffer): void {
  for (let start = 0; start < view.byteLength; start += size) reassembler.receive(view, start, start + size);
}

const rows = {
  field: {
    name: 'VM_STATUS, one field by a view',
    count: COUNT,
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size)
        sum = (sum + (statusView.at(bytes, end - size, end)?.vm_status ?? 0)) | 0;
    },
  },
  status: {
    name: 'VM_STATUS, two fields by a view',
    count: COUNT,
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size) {
        const seen = statusView.at(bytes, end - size, end);
        if (seen !== undefined) sum = (sum + seen.vmid + seen.vm_status) | 0;
      }
    },
  },
  bare: {
    name: 'VM_STATUS, two fields by the codec alone',
    count: COUNT,
    run() {
      const { view, size } = statuses;
      for (let start = 0; start < view.byteLength; start += size) {
        if (header.read(view, start).msg_id !== VM_STATUS.id) continue;
        const value = statusCodec.decode(view, start + header.size, start + size);
        kept = value;
        sum = (sum + value.vmid + value.vm_status) | 0;
      }
    },
  },
  statusDecoded: { name: 'VM_STATUS, reassembled and decoded', count: COUNT, run: () => decodeAll(statuses) },
  decodeMessage: {
    name: 'VM_STATUS, decodeMessage',
    count: COUNT,
    run() {
      const { bytes, size } = statuses;
      for (let end = size; end <= bytes.length; end += size)
        kept = decodeMessage(bytes.subarray(end - size, end), { message: VM_STATUS });
    },
  },
  lend: {
    name: 'MEM_LEND, two fields by a view',
    count: COUNT,
    run() {
      const { bytes, size } = lends;
      for (let end = size; end <= bytes.length; end += size) {
        const seen = lendView.at(bytes, end - size, end);
        if (seen !== undefined) sum = (sum + seen.label + seen.flags) | 0;
      }
    },
  },
  entry: {
    name: 'MEM_LEND, a u64 of an entry by a view',
    count: COUNT,
    run() {
      const { bytes, size } = lends;
      for (let end = size; end <= bytes.length; end += size)
        kept = lendView.at(bytes, end - size, end)?.sgl_entries.item(1).size;
    },
  },
  mixed: {
    name: 'both in turn, two fields by views',
    count: 2 * COUNT,
    run() {
      const { bytes, starts, ends } = mixed;
      for (let index = 0; index < starts.length; index++) {
        const start = starts[index] as number;
        const end = ends[index] as number;
        const seen = statusView.at(bytes, start, end);
        if (seen !== undefined) sum = (sum + seen.vmid + seen.vm_status) | 0;
        else {
          const other = lendView.at(bytes, start, end);
          if (other !== undefined) sum = (sum + other.label + other.flags) | 0;
        }
      }
    },
  },
  mixedDecoded: {
    name: 'both in turn, reassembled and decoded',
    count: 2 * COUNT,
    run() {
      const { view, starts, ends } = mixed;
      for (let index = 0; index < starts.length; index++)
        reassembler.receive(view, starts[index] as number, ends[index] as number);
    },
  },
  lendDecoded: { name: 'MEM_LEND, reassembled and decoded', count: COUNT, run: () => decodeAll(lends) },
} satisfies Readonly<Record<string, Task & { readonly name: string }>>;

const names = Object.keys(rows) as (keyof typeof rows)[];
const measured = measure(names.map((name) => rows[name]));
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
const times = quotient(samples.mixedDecoded, samples.mixed);
const verdicts = [
  { text: `a field: ${field.toFixed(1)} ns, limit ${LIMITS.field}`, holds: field <= LIMITS.field },
  { text: `two fields: ${times.toFixed(1)} x decoding, limit ${LIMITS.times}`, holds: times >= LIMITS.times },
];
report(
  {
    group: 'views',
    name: 'a field of a message, ns',
    ours: field,
    goal: `at most ${LIMITS.field}`,
    ok: field <= LIMITS.field,
  },
  {
    group: 'views',
    name: 'two fields of mixed messages, ns',
    ours: median(samples.mixed),
    peer: 'decoding, times as fast',
    ratio: times,
    goal: `at least ${LIMITS.times} x`,
    ok: times >= LIMITS.times,
  },
);
for (const { text, holds } of verdicts) print(`${holds ? 'ok    ' : 'MISSED'} ${text}`);
const others = [
  { what: 'VM_STATUS alone', times: quotient(samples.statusDecoded, samples.status) },
  { what: 'MEM_LEND alone', times: quotient(samples.lendDecoded, samples.lend) },
  { what: 'VM_STATUS, header and payload by the codec alone', times: quotient(samples.bare, samples.status) },
];
for (const { what, times } of others) print(`       ${what}: ${times.toFixed(1)} x`);
if (Number.isNaN(sum) || kept === undefined || verdicts.some(({ holds }) => !holds)) process.exitCode = 1;
