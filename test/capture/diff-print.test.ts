import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { decodeUtf8 } from '../../src/base/text.js';
import {
  countsLine,
  type Difference,
  DifferenceLines,
  DifferencePrinter,
  diffHeading,
  printCounts,
} from '../../src/capture/diff/index.js';
import { holds } from '../seeded.js';
import { frame } from './capture.js';
import {
  assemble,
  diff,
  diffRecords,
  hlos,
  request,
  rm,
  type Sent,
  share,
  start,
  stop,
} from './diff-messages.js';

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
