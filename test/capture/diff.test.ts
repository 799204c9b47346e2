import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { UsageError } from '../../src/base/error.js';
import { decodeUtf8 } from '../../src/base/text.js';
import type { DiffCounts } from '../../src/capture/diff/diff.js';
import { diffEntry } from '../../src/capture/diff/entry-assembler.js';
import {
  Comparison,
  countsLine,
  type DiffEntry,
  type Difference,
  DifferenceLines,
  DifferencePrinter,
  diffCaptures,
  diffEntries,
  diffHeading,
  diffWindow,
  parseFieldPath,
  printCounts,
} from '../../src/capture/diff/index.js';
import { openReader } from '../../src/capture/input/index.js';
import type { CaptureRecord } from '../../src/capture/records/index.js';
import { Assembler, KeptRecord, keptRecord } from '../../src/capture/records/index.js';
import { codecOf } from '../../src/codec/index.js';
import { fragment, rmRules } from '../../src/rpc/index.js';
import { MessageType, payloadOf } from '../../src/schema/index.js';
import { recorded } from '../recorded.js';
import { holds } from '../seeded.js';
import { frame, packetOf } from './capture.js';

/** The records of packets, as diff compares them. */
function recordsOf(feed: (assembler: Assembler) => void): CaptureRecord[] {
  const records: CaptureRecord[] = [];
  const record = (item: CaptureRecord) => records.push(keptRecord(item));
  const assembler = new Assembler({ protocol, rules: rmRules, reuses: true, keepBytes: true, record });
  feed(assembler);
  assembler.end();
  return records;
}

const assemble = (sent: readonly Sent[], comment?: string) =>
  recordsOf((assembler) => {
    for (const [index, [from, to, hex]] of sent.entries()) {
      const packet = packetOf(index + 1, from, to, hex);
      if (index === 0) packet.comment = comment;
      assembler.packet(packet);
    }
  });

type Sent = readonly [from: number, to: number, hex: string];

const hlos = 3;
const rm = 255;

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

const request = (seq: number, name: string, value: object) =>
  message(hlos, rm, MessageType.request, seq, name, value);
const reply = (seq: number, name: string, value: object) =>
  message(rm, hlos, MessageType.reply, seq, name, value);
const notify = (seq: number, name: string, value: object) =>
  message(rm, hlos, MessageType.notification, seq, name, value);

interface Result {
  readonly differences: Difference[];
  readonly counts: DiffCounts;
}

/** Keeps all messages, so that differences may be looked at after the comparison. */
class KeepingComparison extends Comparison {
  override release(): void {}
}

function diffRecords(
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

const diff = (a: readonly Sent[], b: readonly Sent[], ignore?: readonly string[]) =>
  diffRecords(assemble(a), assemble(b), ignore);

/** `changed 1 2`, `removed 3`, `added 4`, with field paths of changes. */
function outline({ differences }: Result): (string | string[])[] {
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

const share = (ipa: bigint, size: bigint) => ({
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

const start = [...request(0, 'VM_START', { vmid: 128 }), ...reply(0, 'VM_START', {})];
const state = [
  ...request(1, 'VM_GET_STATE', { vmid: 128 }),
  ...reply(1, 'VM_GET_STATE', { vm_status: 3, os_status: 0, app_status: 0 }),
];
const stop = [...request(2, 'VM_STOP', { vmid: 128, flags: 1, stop_reason: 3 }), ...reply(2, 'VM_STOP', {})];

describe('diff of captures', () => {
  it('finds none in equal captures', () => {
    const all = [...start, ...state, ...stop];
    expect(diff(all, all)).toEqual({
      differences: [],
      counts: { equal: 6, changed: 0, removed: 0, added: 0 },
    });
    expect(diff([], [])).toEqual({ differences: [], counts: { equal: 0, changed: 0, removed: 0, added: 0 } });
  });

  it('names the field that changed', () => {
    const a = request(4, 'MEM_SHARE', share(0xa0000000n, 0x1000n));
    const b = request(4, 'MEM_SHARE', share(0xa0000000n, 0x2000n));
    expect(outline(diff(a, b))).toEqual([
      ['changed 1 1', 'payload.sgl_entries[1].size: "0x1000" -> "0x2000"'],
    ]);
  });

  it('finds messages that only one side has', () => {
    const result = diff([...start, ...state, ...stop], [...state, ...stop, ...start]);
    expect(outline(result)).toEqual(['removed 1', 'removed 2', 'added 5', 'added 6']);
    expect(result.counts).toEqual({ equal: 4, changed: 0, removed: 2, added: 2 });
  });

  it('pairs messages whose sequence number moved', () => {
    const a = [...notify(0, 'VM_SHUTDOWN', { stop_reason: 0 }), ...start];
    const b = [...notify(1, 'VM_SHUTDOWN', { stop_reason: 0 }), ...start];
    expect(outline(diff(a, b))).toEqual([['changed 1 1', 'seq: 0 -> 1']]);
    expect(diff(a, b, ['seq']).counts).toEqual({ equal: 3, changed: 0, removed: 0, added: 0 });
  });

  it('prefers the message with the same sequence number to one with the same contents', () => {
    const a = [...request(0, 'VM_START', { vmid: 1 })];
    const b = [...request(1, 'VM_START', { vmid: 2 }), ...request(0, 'VM_START', { vmid: 3 })];
    expect(outline(diff(a, b))).toEqual(['added 1', ['changed 1 2', 'payload.vmid: 1 -> 3']]);
  });

  it('compares errors, presence of payloads, left-over bytes and what is not decoded', () => {
    const id = 0x56000017;
    const ok = frame(2, 0, 1, id, `00000000${'03000000'}`);
    const denied = frame(2, 0, 1, id, '03000000');
    expect(outline(diff([[rm, hlos, ok]], [[rm, hlos, denied]]))).toEqual([
      [
        'changed 1 1',
        'error: "OK" -> "DENIED"',
        'payload: {"vm_status":"RUNNING","os_status":"NONE","app_status":0} -> undefined',
      ],
    ]);
    const longer = diff([[rm, hlos, ok]], [[rm, hlos, `${ok}ff`]]);
    expect(outline(longer).flat()).toContain('rest: undefined -> "ff"');
    expect(outline(diff([[hlos, rm, '21']], [[hlos, rm, '2100']])).flat()).toContain('raw: "21" -> "2100"');
  });

  it('compares how a message was cut, but not where and when its packets were', () => {
    const long = '00'.repeat(300);
    const cut = (first: number): Sent[] => [
      [hlos, rm, frame(1, 1, 0, 0x56000001, long.slice(0, first * 2))],
      [hlos, rm, frame(0, 1, 0, 0x56000001, long.slice(first * 2))],
    ];
    expect(outline(diff(cut(232), cut(200)))).toEqual([['changed 1 1', 'sizes: undefined -> [200,100]']]);
    const [first, second] = start as [Sent, Sent];
    const late = (no: number, [from, to, hex]: Sent) => packetOf(no, from, to, hex);
    const records = recordsOf((assembler) => {
      for (const packet of [late(70, first), late(90, second)]) assembler.packet(packet);
    });
    expect(diffRecords(assemble(start), records).counts.equal).toBe(2);
  });

  it('compares comments', () => {
    const commented = assemble(start, 'first');
    expect(outline(diffRecords(assemble(start), commented))).toEqual([
      ['changed 1 1', 'comment: undefined -> "first"'],
    ]);
    expect(diffRecords(assemble(start), commented, ['comment']).counts.equal).toBe(2);
  });

  it('has every message of both sides in exactly one place', () => {
    const pool = [
      start,
      state,
      stop,
      notify(9, 'VM_SHUTDOWN', { stop_reason: 1 }),
      [[hlos, rm, '21'] as Sent],
    ];
    const captures = fc.array(fc.constantFrom(...pool), { maxLength: 40 }).map((parts) => parts.flat());
    holds(
      fc.property(captures, captures, (a, b) => {
        const records = { a: assemble(a), b: assemble(b) };
        const { differences, counts } = diffRecords(records.a, records.b);
        expect(counts.equal + counts.changed + counts.removed).toBe(records.a.length);
        expect(counts.equal + counts.changed + counts.added).toBe(records.b.length);
        const only = (kind: string) => differences.filter((item) => item.diff === kind).length;
        expect([only('changed'), only('removed'), only('added')]).toEqual([
          counts.changed,
          counts.removed,
          counts.added,
        ]);
        const back = diffRecords(records.b, records.a).counts;
        expect(back.equal + back.changed).toBeGreaterThan(0.5 * (counts.equal + counts.changed) - 1);
      }),
      200,
    );
  });
});

describe('diff of long captures', () => {
  const [record] = assemble(start) as [KeptRecord];
  const comparison = new Comparison(protocol);
  const entry = (no: number, value = no): DiffEntry => {
    const bytes = new Uint8Array(Uint32Array.of(value).buffer);
    const message = new KeptRecord({ ...record, no, seq: no & 0xffff }, bytes, undefined, []);
    return diffEntry(comparison, message);
  };
  let held = 0;
  /** Entries one after the other; `held` is how many were read. */
  function* capture(count: number, skip = (_: number) => false, value = (no: number) => no) {
    for (let no = 1; no <= count; no++) {
      if (skip(no)) continue;
      held++;
      yield entry(no, value(no));
    }
  }

  it('finds each change, insertion and removal of captures that are nearly equal', () => {
    const count = 60_000;
    const result: Difference[] = [];
    const counts = diffEntries(
      comparison,
      capture(count, (no) => no === 9 || (no > 30_000 && no < 33_000)),
      capture(
        count,
        (no) => no === 50_000,
        (no) => (no % 10_000 === 5 ? 0 : no),
      ),
      (difference) => result.push(difference),
    );
    expect(counts).toEqual({ equal: count - 5 - 3000 - 1, changed: 5, removed: 1, added: 3000 });
    expect(result.find(({ diff }) => diff === 'removed')).toMatchObject({
      diff: 'removed',
      a: { no: 50_000 },
    });
  });

  it('reads no farther than its window, whatever the captures', () => {
    held = 0;
    let seen = 0;
    const farthest: number[] = [];
    const other = (no: number) => no + 1_000_000;
    const window = 4096;
    const sink = () => {
      seen++;
      farthest.push(held - 2 * seen);
    };
    const counts = diffEntries(comparison, capture(30_000), capture(30_000, undefined, other), sink, window);
    expect(counts.changed).toBe(30_000);
    expect(farthest.reduce((a, b) => Math.max(a, b))).toBeLessThanOrEqual(2 * window);
  });

  it('finds a short capture anywhere in a longer one, as long as both fit in two windows', () => {
    const all = 2 * diffWindow;
    const tail = () => capture(all - 100, (no) => no <= all - 200);
    const ignore = () => {};
    const none = { changed: 0, removed: 0, added: 0 };
    const left = all - 200;
    expect(diffEntries(comparison, tail(), capture(all - 100), ignore)).toEqual({
      ...none,
      equal: 100,
      added: left,
    });
    expect(diffEntries(comparison, capture(all - 100), tail(), ignore)).toEqual({
      ...none,
      equal: 100,
      removed: left,
    });
  });

  it('gives the same result however the captures come', async () => {
    const kinds = (no: number) => Math.imul(no, 0x9e3779b1) >>> 20;
    const others = (no: number) => Math.imul(no, 0x85ebca6b) >>> 20;
    const outlines = async (size: number) => {
      const found: string[] = [];
      async function* pieces(value: (no: number) => number, count: number) {
        const all = [...capture(count, undefined, value)];
        for (let at = 0; at < all.length; at += size) yield all.slice(at, at + size);
      }
      const counts = await diffCaptures(comparison, pieces(kinds, 40_000), pieces(others, 45_000), (item) => {
        found.push(`${item.diff} ${'a' in item ? item.a.no : ''} ${'b' in item ? item.b.no : ''}`);
      });
      return { counts, found };
    };
    const whole = await outlines(1 << 20);
    expect(whole.counts.equal + whole.counts.changed).toBeGreaterThan(1000);
    expect(await outlines(977)).toEqual(whole);
  });
});

describe('diff of recordings', () => {
  const read = (name: string) => {
    const format = name.endsWith('.pcap') ? 'pcap' : 'pcapng';
    return recordsOf((assembler) => {
      const reader = openReader(
        protocol,
        format,
        (packet) => assembler.packet(packet),
        () => {},
      );
      reader.push(recorded(name));
      reader.end();
    });
  };

  it('finds the same capture in pcapng and pcap equal', () => {
    const { counts } = diffRecords(read('vm-lifecycle.pcapng'), read('vm-lifecycle.pcap'));
    expect(counts).toEqual({ equal: 58, changed: 0, removed: 0, added: 0 });
  });

  it('finds nothing but capability ids and two driver messages between the host and the real hypervisor', () => {
    const a = read('vm-lifecycle.pcapng');
    const b = read('qemu-vm-lifecycle.pcapng');
    const { differences, counts } = diffRecords(a, b);
    expect(counts).toEqual({ equal: 55, changed: 3, removed: 0, added: 2 });
    const paths = differences
      .flatMap((item) => (item.diff === 'changed' ? item.changes : []))
      .map(({ path }) => path);
    expect(paths.length).toBeGreaterThan(10);
    expect(paths.filter((path) => !/^payload\.entries\[\d+\]\.cap_id$/.test(path))).toEqual([]);
    const ignored = diffRecords(a, b, ['payload.entries.cap_id']);
    expect(ignored.counts).toEqual({ equal: 58, changed: 0, removed: 0, added: 2 });
  });
});

describe('--ignore', () => {
  const first = request(4, 'MEM_SHARE', share(0xa0000000n, 0x1000n));
  const second = request(4, 'MEM_SHARE', share(0xb0000000n, 0x2000n));

  it('leaves out a field of all entries, of one entry, or a whole list or payload', () => {
    const left = (...ignore: string[]) =>
      outline(diff(first, second, ignore))
        .flat()
        .slice(1);
    const ipa = 'payload.sgl_entries[1].ipa: "0xa0000000" -> "0xb0000000"';
    const size = 'payload.sgl_entries[1].size: "0x1000" -> "0x2000"';
    expect(left()).toEqual([ipa, size]);
    expect(left('payload.sgl_entries.ipa')).toEqual([size]);
    expect(left('payload.sgl_entries[1].size')).toEqual([ipa]);
    expect(left('payload.sgl_entries[0].size')).toEqual([ipa, size]);
    expect(left('payload.sgl_entries[1]')).toEqual([]);
    expect(left('payload.sgl_entries[7]', 'payload.sgl_entries')).toEqual([]);
    expect(left('payload')).toEqual([]);
  });

  it('pairs messages of other VMs when from and to are left out', () => {
    const moved = start.map(([from, to, hex]): Sent => [from === hlos ? 9 : from, to === hlos ? 9 : to, hex]);
    expect(diff(start, moved).counts).toEqual({ equal: 0, changed: 0, removed: 2, added: 2 });
    expect(diff(start, moved, ['from', 'to']).counts.equal).toBe(2);
  });

  it('refuses paths that no message has', () => {
    for (const path of ['', 'payload..x', 'seqq', 'payload.no_such_field', 'a[x]', 'seq ']) {
      expect(() => parseFieldPath(protocol, path)).toThrow(UsageError);
    }
    expect(parseFieldPath(protocol, 'payload.entries[12].cap_id')).toEqual([
      'payload',
      'entries',
      12,
      'cap_id',
    ]);
  });
});

describe('printing differences', () => {
  const mark = (sign: string) => (text: string) => `<${sign}${text}>`;
  const style = {
    name: (text: string) => text,
    dim: (text: string) => text,
    accent: (text: string) => text,
    good: mark('good '),
    bad: mark('bad '),
    warn: mark('warn '),
  };
  const a = [...start, ...request(4, 'MEM_SHARE', share(0xa0000000n, 0x1000n))];
  const b = [...request(4, 'MEM_SHARE', share(0xa0000000n, 0x2000n)), ...stop];
  const { differences, counts } = diff(a, b);
  const printer = new DifferencePrinter(protocol, style);
  const lines = new DifferenceLines(protocol);
  const printed = (item: Difference, by: DifferencePrinter | DifferenceLines = printer) => {
    const writer = new ByteWriter(16);
    by.write(item, writer);
    return decodeUtf8(writer.bytes.subarray(0, writer.at));
  };
  const text = differences.map((item) => printed(item)).join('');

  it('marks what is gone, new and different, with the numbers on both sides', () => {
    expect(text.split('\n').map((line) => line.trimEnd())).toEqual([
      '<bad ->       1            HLOS -> RM      request       VM_START  seq 0',
      '                   payload {"vmid":128}',
      '<bad ->       2              RM -> HLOS    reply         VM_START  <good OK>  seq 0',
      '<warn ~>       3       1    HLOS -> RM      request       MEM_SHARE  seq 4',
      '                 <warn ~> payload.sgl_entries[1].size: <bad 0x1000> -> <good 0x2000>',
      '<good +>               2    HLOS -> RM      request       VM_STOP  seq 2',
      '                   payload {"vmid":128,"flags":["FORCE_STOP"],"stop_reason":"FORCE_STOP"}',
      '<good +>               3      RM -> HLOS    reply         VM_STOP  <good OK>  seq 2',
      '',
    ]);
    expect(diffHeading(style)).toBe('  no in A no in B\n');
    expect(printCounts(counts, style)).toBe('1 changed, 2 only in A, 2 only in B, 0 equal\n');
    expect(printCounts(diff(a, a).counts, style)).toBe('<good equal: 3 messages>\n');
  });

  it('shows long runs of bytes from the first that differs', () => {
    const text = (byte: string) => frame(1, 0, 0, 0x99999999, `${'ab'.repeat(40)}${byte}${'cd'.repeat(40)}`);
    const [item] = diff([[hlos, rm, text('00')]], [[hlos, rm, text('01')]]).differences;
    const line = printed(item as Difference).split('\n')[1];
    expect(line).toContain('rest: <bad 00cdcd');
    expect(line).toContain('-> <good 01cdcd');
    expect(line).toContain('(from byte 40 on)');
  });

  it('prints NDJSON whose values are those of decode --json', () => {
    const printedLines = [...differences.map((item) => printed(item, lines)), countsLine(counts)].map(
      (line) => JSON.parse(line) as object,
    );
    const head = { from: hlos, to: rm, type: 'request' };
    expect(printedLines[0]).toEqual({
      diff: 'removed',
      a: 1,
      ...head,
      seq: 0,
      id: '0x56000004',
      name: 'VM_START',
      message: { ...head, seq: 0, id: '0x56000004', name: 'VM_START', payload: { vmid: 128 } },
    });
    expect(printedLines[2]).toEqual({
      diff: 'changed',
      a: 3,
      b: 1,
      ...head,
      seq: 4,
      id: '0x51000013',
      name: 'MEM_SHARE',
      changes: [{ path: 'payload.sgl_entries[1].size', a: '0x1000', b: '0x2000' }],
    });
    expect(printedLines.at(-1)).toEqual({ diff: 'summary', equal: 0, changed: 1, removed: 2, added: 2 });
  });

  it('prints any difference of any bytes', () => {
    const bytes = fc.array(fc.uint8Array({ maxLength: 40 }), { maxLength: 5 });
    const send = (list: readonly Uint8Array[]) =>
      assemble(list.map((item): Sent => [hlos, rm, Buffer.from(item).toString('hex')]));
    holds(
      fc.property(bytes, bytes, (left, right) => {
        for (const item of diffRecords(send(left), send(right)).differences) {
          expect(printed(item)).not.toMatch(/undefined|\[object/);
          expect(JSON.parse(printed(item, lines))).toHaveProperty('diff', item.diff);
        }
      }),
      300,
    );
  });
});
