import { describe, expect, it } from 'vitest';
import { ByteWriter } from '../../src/base/byte-writer.js';
import { HexDecoder } from '../../src/base/hex-decoder.js';
import { latin1, latin1Bytes } from '../../src/base/text.js';
import {
  LineServer,
  readFrameWords,
  readLine,
  readReceived,
  SimTarget,
  type Step,
  writeLine,
} from '../../src/target/index.js';
import { expectEqual } from '../same.js';

/** What a function writes, as text. */
function written(write: (out: ByteWriter) => void): string {
  const out = new ByteWriter(16);
  write(out);
  return latin1(out.bytes, 0, out.at);
}

type File = (name: string) => Uint8Array | undefined;

function read(line: string, file: File = () => undefined) {
  const bytes = latin1Bytes(`before${line}behind`);
  return readLine(bytes, 6, 6 + line.length, new HexDecoder(), file);
}

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
    const line = written((out) =>
      writeLine(out, step, (bytes) => {
        files.set('a file', bytes);
        return 'a file';
      }),
    );
    expect(line).toMatch(/\n$/);
    expect(read(line.trimEnd(), (name) => files.get(name))).toEqual(step);
  });

  it.each([
    ['halt 128 2', { kind: 'vcpu_halt', vmid: 128, state: 2, data: [0n, 0n] }],
    ['reset', 'reset'],
    ['fork', 'fork'],
    ['halt 128', undefined],
    ['limit 3', undefined],
    ['tx 3 2', undefined],
    ['tx x 21', undefined],
    ['tx 0x80 21', { kind: 'frame', from: 0x80, frame: Uint8Array.of(0x21) }],
    ['tx 3', { kind: 'frame', from: 3, frame: new Uint8Array(0) }],
    ['tx 3 ', { kind: 'frame', from: 3, frame: new Uint8Array(0) }],
    ['tx 3 2G', undefined],
    ['tx 65535 2aF0', { kind: 'frame', from: 0xffff, frame: Uint8Array.of(0x2a, 0xf0) }],
    ['tx 123456789 21', { kind: 'frame', from: 123456789, frame: Uint8Array.of(0x21) }],
    [' tx 3 21 more', { kind: 'frame', from: 3, frame: Uint8Array.of(0x21) }],
    ['load 0x0 nowhere', undefined],
    ['', undefined],
  ])('%s', (line, expected) => {
    expect(read(line)).toEqual(expected);
  });

  it.each([
    ['rx 3 2101', { vmid: 3, frame: Uint8Array.of(0x21, 1) }],
    ['rx 70000 21', undefined],
    ['rx  3 21', undefined],
    ['rx 3 21 ', undefined],
    ['tx 3 21', undefined],
  ])('of answers: %s', (line, expected) => {
    expect(readFrameWords('rx', latin1Bytes(line), 0, line.length, new HexDecoder())).toEqual(expected);
  });

  it.each([
    ['0x3 2101', { vmid: 3, frame: Uint8Array.of(0x21, 1) }],
    [' 3 21 ', { vmid: 3, frame: Uint8Array.of(0x21) }],
    ['0x12345 21', undefined],
    ['x3 21', undefined],
    ['3', undefined],
  ])('of answers in another spelling: rx %s', (words, expected) => {
    expect(readReceived(words)).toEqual(expected);
  });

  it('with queue messages are read by parts of an array that is not written again', () => {
    const hex = new HexDecoder();
    const line = latin1Bytes(`tx 3 ${'ab'.repeat(240)}`);
    const frames = Array.from({ length: 1000 }, () => readFrameWords('tx', line, 0, line.length, hex)?.frame);
    for (const frame of frames) expectEqual(frame, new Uint8Array(240).fill(0xab));
  });
});

describe('the simulated manager as a program', () => {
  const ask = 'tx 3 2101000024000056';
  const reply = 'rx 3 21020000240000560000000003000000\n';
  const server = () => {
    const own = new LineServer(new SimTarget(), () => undefined);
    return {
      answer: (line: string) => written((out) => own.answer(latin1Bytes(line), 0, line.length, out)),
    };
  };

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
