import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { MEM_APPEND, protocol } from '../../schemas/index.js';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { WireError } from '../../src/base/error.js';
import { formatHex } from '../../src/base/hex.js';
import { formatTime } from '../../src/base/time.js';
import { time, writeOf } from '../../src/capture/keys/kinds.js';
import { ndjsonReader, PacketOrder, recordLine } from '../../src/capture/ndjson/index.js';
import type { LinePacket } from '../../src/capture/ndjson/line-packets.js';
import { holds } from '../seeded.js';
import { assemble, frame } from './capture.js';

/** Packets as [frame, from, to, hex, time, comment]. */
function read(
  text: string,
): [number, number | undefined, number | undefined, string, bigint | undefined, string | undefined][] {
  const packets: ReturnType<typeof read> = [];
  const reader = ndjsonReader(protocol, ({ frame: number, from, to, data, start, end, time, comment }) =>
    packets.push([number, from, to, formatHex(data, start, end), time, comment]),
  );
  reader.push(new TextEncoder().encode(text));
  reader.end();
  return packets;
}

function refusal(text: string): WireError {
  try {
    read(text);
  } catch (error) {
    if (error instanceof WireError) return error;
    throw error;
  }
  return expect.unreachable();
}

const start = { name: 'VM_START', payload: { vmid: 128 } };

describe('lines written by hand', () => {
  it('need a name and a payload only', () => {
    expect(read(JSON.stringify(start))).toEqual([
      [1, 3, 255, '210100000400005680000000', undefined, undefined],
    ]);
  });

  it('may use ids, aliases, other VMs, replies, notifications, unknown ids', () => {
    const lines = [
      { id: '0x56000004', payload: { vmid: 128 }, from: 9, seq: 3 },
      { id: 0x56000004, type: 'reply', seq: 3, error: 'DENIED' },
      { name: 'NOTIFY_VM_STATUS', payload: { vmid: 1, vm_status: 'READY', os_status: 0, app_status: 0 } },
      { id: '0x12345678', type: 'request', rest: '0102' },
      { name: 'VM_ALLOC_VMID', type: 'reply', payload: {} },
    ];
    expect(
      read(lines.map((line) => JSON.stringify(line)).join('\n')).map(([, from, to, hex]) => [from, to, hex]),
    ).toEqual([
      [9, 255, '210103000400005680000000'],
      [255, 3, '210203000400005603000000'],
      [255, 3, '21030000080010560100000002000000'],
      [3, 255, '21010000785634120102'],
      [255, 3, '210200000100005600000000'],
    ]);
  });

  it('go behind the line before them when they have no packet number', () => {
    const lines = [
      { ...start, frame: 2, seq: 2 },
      { ...start, seq: 9 },
      { ...start, frame: 1, seq: 1 },
      { ...start, frame: 3, seq: 3 },
    ];
    const seqs = read(lines.map((line) => JSON.stringify(line)).join('\n')).map(([, , , hex]) =>
      hex.slice(4, 6),
    );
    expect(seqs).toEqual(['01', '02', '09', '03']);
  });

  it('cut long payloads, or as they say', () => {
    const sgl_entries = Array.from({ length: 30 }, () => ({ ipa: 0, size: 4096 }));
    const payload = { mem_handle: 1, flags: ['END'], sgl_entries };
    const [first, second, third] = read(JSON.stringify({ name: 'MEM_APPEND', payload })).map(
      ([, , , hex]) => hex,
    );
    expect([first?.length, second?.length, third?.length]).toEqual([480, 480, 72]);
    expect(first?.slice(0, 16)).toBe(frame(1, 2, 0, MEM_APPEND.id));
    expect(second?.slice(0, 16)).toBe(frame(0, 2, 0, MEM_APPEND.id));
    const cut = read(
      JSON.stringify({
        name: 'MEM_APPEND',
        payload,
        sizes: [100, 0, 392],
        times: [null, '2023-01-01T00:00:00Z', null],
        comment: [null, null, 'x'],
      }),
    );
    expect(cut.map(([, , , hex]) => hex.length / 2 - 8)).toEqual([100, 0, 392]);
    expect(cut.map(([, , , , time, comment]) => [time, comment])).toEqual([
      [undefined, undefined],
      [1_672_531_200_000_000_000n, undefined],
      [undefined, 'x'],
    ]);
  });
});

describe('what does not fit is refused with line, path, expected and actual', () => {
  it.each([
    [{ ...start, payload: { vmid: 70_000 } }, 'range', 'payload.vmid'],
    [{ ...start, payload: { vmid: '1x' } }, 'type', 'payload.vmid'],
    [{ ...start, payload: { vmid: 1, x: 2 } }, 'unknown_key', 'payload.x'],
    [{ ...start, payload: {} }, 'missing', 'payload.vmid'],
    [{ ...start, payload: 7 }, 'type', 'payload'],
    [{ ...start, payload: { vmid: 1, parent: 1 } }, 'unknown_key', 'payload.parent'],
    [{ name: 'VM_START' }, 'missing', 'payload'],
    [{ name: 'VM_STRAT', payload: {} }, 'name', 'name'],
    [{ payload: {} }, 'missing', 'name'],
    [{ ...start, id: '0x56000005' }, 'id', 'id'],
    [{ ...start, id: 'x' }, 'type', 'id'],
    [{ ...start, from: 65_536 }, 'range', 'from'],
    [{ ...start, seq: -1 }, 'range', 'seq'],
    [{ ...start, type: 'call' }, 'type', 'type'],
    [{ ...start, type: 'toString' }, 'type', 'type'],
    [{ ...start, time: '2023-02-30T00:00:00Z' }, 'type', 'time'],
    [{ ...start, sizes: [1, 2] }, 'sizes', 'sizes'],
    [{ ...start, frames: [1, 2] }, 'frames', 'frames'],
    [{ ...start, fragments: 1, sizes: [4] }, 'fragments', 'fragments'],
    [{ ...start, colour: 1 }, 'unknown_key', 'colour'],
    [{ ...start, comment: 4 }, 'type', 'comment'],
    [{ ...start, rest: '0' }, 'type', 'rest'],
    [{ ...start, type: 'reply', error: 'NOPE' }, 'type', 'error'],
    [{ ...start, type: 'reply', error: 'DENIED' }, 'unexpected', 'payload'],
    [{ name: 'GET_IDENT', payload: { vmid: 1 } }, 'unexpected', 'payload'],
    [{ type: 'malformed' }, 'missing', 'raw'],
    [{ ...start, raw: '80000000', payload: { vmid: 129 } }, 'raw', 'payload'],
    [{ ...start, raw: '80', incomplete: true, payload: {} }, 'raw', 'payload'],
    [
      { name: 'VM_IRQ_NOTIFY', payload: { virq_handle: 1, flags: ['RELEASED'], vmid_entries: [] } },
      'unexpected',
      'payload.vmid_entries',
    ],
  ])('%j: %s at %s', (line, code, path) => {
    const error = refusal(`\n${JSON.stringify(start)}\n${JSON.stringify(line)}\n`);
    expect(error).toMatchObject({ code, path, offset: JSON.stringify(start).length + 2 });
    expect(error.message).toMatch(/^line 3: /);
    expect(error.expected).not.toBe('');
    expect(error.actual).toBeDefined();
  });

  it('a payload above what 63 queue messages carry', () => {
    const line = { id: 1, type: 'request', rest: '00'.repeat(14_617) };
    expect(refusal(JSON.stringify(line))).toMatchObject({
      code: 'payload_size',
      path: 'payload',
      actual: 14_617,
    });
  });

  it.each(['{', '[]', '7', 'null', '{"name":"VM_START"} x'])('%s is no object', (text) => {
    expect(refusal(text)).toMatchObject({ code: 'json', path: '' });
  });

  it('never answers anything but WireError, whatever the JSON', () => {
    const value = fc.jsonValue({ maxDepth: 3 });
    const keys =
      'frame frames sizes time times comment from to type seq id name fragments incomplete announced error payload rest raw index'.split(
        ' ',
      );
    const line = fc
      .dictionary(fc.constantFrom(...keys), value)
      .map((object) => ({ ...object, ...(object.name ? {} : { name: 'MEM_LEND' }) }));
    holds(
      fc.property(line, (object) => {
        try {
          read(JSON.stringify(object));
        } catch (error) {
          if (!(error instanceof WireError)) throw error;
        }
      }),
      2000,
      3,
    );
  });
});

describe('a bad line', () => {
  it('does not take back the lines before it, gaps in their numbers or not', () => {
    const packets: string[] = [];
    const reader = ndjsonReader(protocol, ({ data }) => packets.push(formatHex(data)));
    const text = `${JSON.stringify({ ...start, frame: 7 })}\n${JSON.stringify({ ...start, frame: 5 })}\n{bad\n`;
    expect(() => reader.push(new TextEncoder().encode(text))).toThrow(WireError);
    expect(packets).toEqual(['210100000400005680000000', '210100000400005680000000']);
  });

  it.each([
    [{ ...start, error: 'OK' }, 'error'],
    [{ ...start, type: 'request', incomplete: 'no' }, 'incomplete'],
    [{ ...start, no: 'zz' }, 'no'],
    [{ ...start, latency_ns: {} }, 'latency_ns'],
    [{ ...start, issues: 7 }, 'issues'],
    [{ ...start, headers: ['21'] }, 'headers'],
    [{ name: 'VM_LOOKUP_NAME', payload: { name: '\ud800' } }, 'payload.name'],
    [{ ...start, payload: { vmid: 1, target: 2 } }, 'payload.target'],
  ])('%j is refused at %s', (line, path) => expect(refusal(JSON.stringify(line))).toMatchObject({ path }));

  it('cannot reach the prototype of a payload', () => {
    const text = '{"name":"VM_START","payload":{"vmid":1,"__proto__":{"x":1}}}';
    expect(refusal(text)).toMatchObject({ code: 'unknown_key', path: 'payload.__proto__' });
  });
});

describe('other notations of the same', () => {
  it.each([
    [{ ...start, payload: { target: 128 } }, '210100000400005680000000'],
    [{ ...start, raw: '80000000', payload: { vmid: '0x80' } }, '210100000400005680000000'],
    [{ name: 'VM_START', type: 'reply', error: 'DENIED', payload: {} }, '210200000400005603000000'],
    [
      { name: 'VM_STATUS', payload: { vmid: 1, vm_status: 'RESET_FAILED', os_status: 0, app_status: 0 } },
      '2103000008001056010000000c000000',
    ],
  ])('%j', (line, hex) => expect(read(JSON.stringify(line))[0]?.[3]).toBe(hex));
});

describe('messages that a client puts together against its own header', () => {
  it('keep the headers of their packets', () => {
    const messages = [
      [255, 3, frame(3, 2, 1, 0x51100014, '01000000')],
      [255, 3, frame(0, 2, 9, 0x51100014, '02000000')],
      [255, 3, frame(0, 2, 1, 0x51100014, '')],
    ] as const;
    for (const rulesName of ['a14', 'q515']) {
      const lines = assemble(messages, { rulesName }).map((record) => recordLine(protocol, record));
      expect(JSON.parse(lines[0] as string).headers).toHaveLength(3);
      expect(read(lines.join('')).map(([, , , hex]) => hex)).toEqual(messages.map(([, , hex]) => hex));
    }
  });
});

describe('bytes that the fields do not express', () => {
  it('come back through raw, and an edit beside it is refused', () => {
    // Text of one byte whose padding is not zero.
    const [record] = assemble([[3, 255, frame(1, 0, 1, 0x56000013, '0100000041aabbcc')]]);
    const line = recordLine(protocol, record as never);
    expect(JSON.parse(line)).toMatchObject({
      payload: { length: 1, name: 'A' },
      issues: [{ code: 'padding', offset: 5 }],
      raw: '0100000041aabbcc',
    });
    expect(read(line)[0]?.[3]).toBe(frame(1, 0, 1, 0x56000013, '0100000041aabbcc'));
    expect(refusal(line.replace('"A"', '"B"'))).toMatchObject({ code: 'raw', path: 'payload' });
  });

  it('are the rest behind a choice that cannot be made', () => {
    const payload = `09000000${'00'.repeat(8)}${'ff'.repeat(6)}`;
    const [record] = assemble([[3, 255, frame(1, 0, 1, 0x560000b0, payload)]]);
    const line = recordLine(protocol, record as never);
    expect(JSON.parse(line)).toMatchObject({
      payload: { alloc_type: 9 },
      rest: 'ff'.repeat(6),
      issues: [{ code: 'choice' }],
    });
    expect(read(line)[0]?.[3]).toBe(frame(1, 0, 1, 0x560000b0, payload));
  });

  it('are as many list entries as came, above what RM takes', () => {
    const payload = `0100000000000000${'0102'}0000${'00'.repeat(16 * 513)}`;
    const whole = frame(1, 0, 1, MEM_APPEND.id, payload);
    const [record] = assemble([[3, 255, whole]]);
    expect(record?.issues.map(({ code }) => code)).toEqual(['size', 'max']);
    expect(record?.raw).toBeUndefined();
    expect(read(recordLine(protocol, record as never))[0]?.[3]).toBe(whole);
  });
});

const sizes = { sizeOf: () => 0 };

describe('times', () => {
  it.each([-1n, 0n, 999_999_999n, 2n ** 64n - 1n, 2n ** 64n, -(2n ** 70n), 10n ** 30n])('of %s ns', (ns) => {
    const writer = new ByteWriter(1);
    writeOf(time)(ns, writer, protocol);
    expect(Buffer.from(writer.bytes.subarray(0, writer.at)).toString()).toBe(`"${formatTime(ns)}"`);
  });
});

describe('order of packets', () => {
  it('is that of their numbers, for any order of lines', () => {
    holds(
      fc.property(fc.array(fc.integer({ min: 1, max: 60 }), { maxLength: 60 }), (keys) => {
        const unique = [...new Set(keys)];
        const out: number[] = [];
        const order = new PacketOrder<LinePacket>((packet) => out.push(packet.frame as number), sizes);
        const nothing = { time: undefined, comment: undefined, clock: undefined, queue: undefined };
        const packet = { ...nothing, from: 3, to: 255, bytes: new Uint8Array(0) };
        for (const key of unique) order.add({ ...packet, frame: key }, key);
        order.end();
        expect(out).toEqual(unique.toSorted((a, b) => a - b));
      }),
      300,
      5,
    );
  });

  it('passes on what is in order at once', () => {
    let passed = 0;
    const order = new PacketOrder(() => passed++, sizes);
    const nothing = { time: undefined, comment: undefined, clock: undefined, queue: undefined };
    const packet = { ...nothing, from: 3, to: 255, bytes: new Uint8Array(0) };
    for (const key of [1, 2, 4, 3, 5]) order.add({ ...packet, frame: key }, key);
    expect(passed).toBe(5);
  });

  it('holds a limited amount behind a gap, keeps the order, and says what comes too late', () => {
    const passed: number[] = [];
    const late: number[] = [];
    const order = new PacketOrder<number>((packet) => passed.push(packet), {
      sizeOf: () => 936,
      late: (key) => late.push(key),
      limit: 10_000,
    });
    for (let key = 2; key <= 101; key++) order.add(key, key);
    expect(passed).toEqual(Array.from({ length: 100 }, (_, index) => index + 2));
    for (const key of [104, 103, 1, 102]) order.add(key, key);
    order.end();
    expect(late).toEqual([1]);
    expect(passed.slice(100)).toEqual([1, 102, 103, 104]);
  });
});
