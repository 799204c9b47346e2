import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { replay } from '../../src/sim/index.js';
import { holds } from '../seeded.js';

const header = { scenario: 'test' };
const file = () => undefined;

/** What replaying lines ends with: the number of comparisons, or the code of the error. */
function result(lines: readonly unknown[]): number | string {
  try {
    return [...replay(lines, { file })].length;
  } catch (error) {
    if (error instanceof WireError) return error.code;
    throw error;
  }
}

describe('lines of a recording', () => {
  it.each<[string, unknown[], number | string]>([
    ['nothing', [], 0],
    ['a first line only', [header], 0],
    ['steps', [header, { from: 3, frame: '2101000024000056', out: [] }, { op: 'reboot' }], 2],
    ['an end, and nothing behind it', [header, { op: 'end' }, { op: 'run' }], 1],
    ['an end, and something after a reboot', [header, { op: 'end' }, { op: 'run' }, { op: 'reboot' }], 2],
    ['no first line', [{ op: 'reboot' }], 'recording'],
    ['a first line with a bad depth', [{ ...header, platform: { queue_depth: '8' } }], 'recording'],
    ['an unknown operation', [header, { op: 'nothing' }], 'recording'],
    ['a frame that is not hex', [header, { from: 3, frame: '2' }], 'recording'],
    ['a message from nobody', [header, { frame: '21' }], 'recording'],
    ['an address that is no number', [header, { op: 'load', address: 'x', file: 'y' }], 'recording'],
    ['bytes in the line', [header, { op: 'load', address: '0x80000000', data: 'd00d' }], 1],
    ['bytes that are no hex', [header, { op: 'load', address: '0x80000000', data: 'x' }], 'recording'],
    ['a file that is not there', [header, { op: 'load', address: '0x80000000', file: 'y' }], 1],
    ['a reply to nobody', [header, { op: 'run', out: [{ frame: '21' }] }], 'recording'],
  ])('%s', (_, lines, expected) => {
    expect(result(lines)).toBe(expected);
  });

  it('never bring about anything but a WireError', () => {
    const op = fc.constantFrom(
      'enqueue',
      'load',
      'run',
      'drain',
      'receive_limit',
      'vcpu_halt',
      'remark',
      'x',
    );
    const number = fc.oneof(fc.integer({ min: 0, max: 300 }), fc.integer());
    const line = fc.record(
      {
        op,
        from: number,
        vmid: number,
        count: number,
        state: number,
        data: fc.array(fc.constantFrom('0x0', '1', '-1', '')),
        address: fc.constantFrom('0x80000000', '0', 'x'),
        file: fc.string(),
        frame: fc.constantFrom('', '21', '2101000024000056', '2101000000000056', '21fc'),
        out: fc.array(fc.anything(), { maxLength: 2 }),
      },
      { requiredKeys: [] },
    );
    holds(
      fc.property(fc.array(fc.oneof(line, fc.anything()), { maxLength: 8 }), (lines) => {
        expect(['number', 'string']).toContain(typeof result([header, ...lines]));
      }),
    );
  });
});
