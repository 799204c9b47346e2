import { describe, expect, it } from 'vitest';
import { LineServer, readLine, SimTarget, type Step, writeLine } from '../../src/target/index.js';

const steps: readonly Step[] = [
  { kind: 'frame', from: 3, frame: Uint8Array.of(0x21, 1, 0, 0, 0x24, 0, 0, 0x56) },
  { kind: 'load', address: 0x80000000, bytes: Uint8Array.of(1, 2, 3) },
  { kind: 'vcpu_halt', vmid: 128, state: 2, data: [1n << 63n, 5n] },
  { kind: 'receive_limit', vmid: 3, count: 2 },
  { kind: 'drain' },
];

describe('lines of exec targets', () => {
  it.each(steps)('say $kind both ways', (step) => {
    const files = new Map<string, Uint8Array>();
    const line = writeLine(step, (bytes) => {
      files.set('a file', bytes);
      return 'a file';
    });
    expect(readLine(line, (name) => files.get(name))).toEqual(step);
  });

  it.each([
    ['halt 128 2', { kind: 'vcpu_halt', vmid: 128, state: 2, data: [0n, 0n] }],
    ['reset', 'reset'],
    ['fork', 'fork'],
    ['halt 128', undefined],
    ['limit 3', undefined],
    ['tx 3 2', undefined],
    ['tx x 21', undefined],
    ['load 0x0 nowhere', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(readLine(line, () => undefined)).toEqual(expected);
  });
});

describe('the simulated manager as a program', () => {
  const ask = 'tx 3 2101000024000056';
  const reply = 'rx 3 21020000240000560000000003000000\n';
  const server = () => new LineServer(new SimTarget(), () => undefined);

  it('answers messages, limits and drains', () => {
    const one = server();
    expect(one.answer(ask)).toBe(`${reply}ok\n`);
    expect(one.answer('limit 3 0')).toBe('ok\n');
    expect(one.answer(ask)).toBe('ok\n');
    expect(one.answer('drain')).toBe(`${reply}ok\n`);
    expect(one.answer('fork')).toBe('unsupported\n');
    expect(one.answer('something')).toBe('unsupported\n');
  });

  it('does nothing after its end but boot again', () => {
    const one = server();
    // VM_DEALLOC_VMID of a VM that nobody has allocated.
    expect(one.answer('tx 3 210100000200005680000000')).toBe('abort vm_dealloc_unknown_vmid\n');
    expect(one.answer(ask)).toBe('');
    expect(one.answer('reset')).toBe('ok\n');
    expect(one.answer(ask)).toBe(`${reply}ok\n`);
  });
});
