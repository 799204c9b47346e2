import { protocol } from '../../schemas/index.js';
import type { DiffCounts } from '../../src/capture/diff/diff.js';
import { diffEntry } from '../../src/capture/diff/entry-assembler.js';
import { Comparison, type Difference, diffEntries, parseFieldPath } from '../../src/capture/diff/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler, keptRecord } from '../../src/capture/records/index.js';
import { codecOf } from '../../src/codec/index.js';
import { fragment, rmRules } from '../../src/rpc/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { packetOf } from './capture.js';

/** The records of packets, as diff compares them. */
export function recordsOf(feed: (assembler: Assembler) => void): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const record = (item: CaptureRecord) => records.push(keptRecord(item));
  const assembler = new Assembler({ protocol, rules: rmRules, reuses: true, keepBytes: true, record });
  feed(assembler);
  assembler.end();
  return records;
}

export const assemble = (sent: readonly Sent[], comment?: string) =>
  recordsOf((assembler) => {
    for (const [index, [from, to, hex]] of sent.entries()) {
      const packet = packetOf(index + 1, from, to, hex);
      if (index === 0) packet.comment = comment;
      assembler.packet(packet);
    }
  });

export type Sent = readonly [from: number, to: number, hex: string];

export const hlos = 3;
export const rm = 255;

/** The queue messages of one message, from its value. */
function message(from: number, to: number, type: number, seq: number, name: string, value: object): Sent[] {
  const declared = protocol.byName.get(name);
  const layout = payloadOf(declared, type);
  if (declared === undefined || layout === undefined) throw new Error(`no such message: ${name}`);
  const bytes = codecOf(layout).toBytes(value);
  const payload = type === MessageType.reply ? Uint8Array.of(0, 0, 0, 0, ...bytes) : bytes;
  const frames = fragment(protocol, { type, seq, msg_id: declared.id }, payload);
  return frames.map((item) => [from, to, Buffer.from(item).toString('hex')]);
}

export const request = (seq: number, name: string, value: object) =>
  message(hlos, rm, MessageType.request, seq, name, value);
export const reply = (seq: number, name: string, value: object) =>
  message(rm, hlos, MessageType.reply, seq, name, value);
export const notify = (seq: number, name: string, value: object) =>
  message(rm, hlos, MessageType.notification, seq, name, value);

export interface Result {
  readonly differences: Difference[];
  readonly counts: DiffCounts;
}

/** Keeps all messages, so that differences may be looked at after the comparison. */
class KeepingComparison extends Comparison {
  override release(): void {}
}

export function diffRecords(
  a: readonly CaptureRecord[],
  b: readonly CaptureRecord[],
  ignore: readonly string[] = [],
): Result {
  const paths = ignore.map((path) => parseFieldPath(protocol, path));
  const comparison = new KeepingComparison(protocol, paths);
  const entriesOf = (records: readonly CaptureRecord[]) =>
    records.map((record) => diffEntry(comparison, record));
  const differences: Difference[] = [];
  const counts = diffEntries(comparison, entriesOf(a), entriesOf(b), (item) => differences.push(item));
  return { differences, counts };
}

export const diff = (a: readonly Sent[], b: readonly Sent[], ignore?: readonly string[]) =>
  diffRecords(assemble(a), assemble(b), ignore);

/** `changed 1 2`, `removed 3`, `added 4`, with field paths of changes. */
export function outline({ differences }: Result): (string | string[])[] {
  return differences.map((item) => {
    if (item.diff === 'changed') {
      const paths = item.changes.map(
        ({ path, a, b }) => `${path}: ${JSON.stringify(a)} -> ${JSON.stringify(b)}`,
      );
      return [`changed ${item.a.no} ${item.b.no}`, ...paths];
    }
    return item.diff === 'removed' ? `removed ${item.a.no}` : `added ${item.b.no}`;
  });
}

export const share = (ipa: bigint, size: bigint) => ({
  mem_type: 0,
  flags: 0,
  label: 1,
  acl_entries: [{ vmid: 128, rights: 6 }],
  sgl_entries: [
    { ipa: 0x90000000n, size: 0x1000n },
    { ipa, size },
  ],
  attr_entries: [],
});

export const start = [...request(0, 'VM_START', { vmid: 128 }), ...reply(0, 'VM_START', {})];
export const state = [
  ...request(1, 'VM_GET_STATE', { vmid: 128 }),
  ...reply(1, 'VM_GET_STATE', { vm_status: 3, os_status: 0, app_status: 0 }),
];
export const stop = [
  ...request(2, 'VM_STOP', { vmid: 128, flags: 1, stop_reason: 3 }),
  ...reply(2, 'VM_STOP', {}),
];
