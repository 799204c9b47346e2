import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { UsageError } from '../../src/base/error.js';
import { parseFieldPath } from '../../src/capture/diff/index.js';
import { openReader } from '../../src/capture/input/index.js';
import { recorded } from '../recorded.js';
import { holds } from '../seeded.js';
import { frame, packetOf } from './capture.js';
import {
  assemble,
  diff,
  diffRecords,
  hlos,
  notify,
  outline,
  recordsOf,
  request,
  rm,
  type Sent,
  share,
  start,
  state,
  stop,
} from './diff-messages.js';

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
