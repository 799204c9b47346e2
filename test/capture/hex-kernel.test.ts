import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import { hexReader } from '../../src/capture/hex/index.js';
import { detectFormat } from '../../src/capture/input/index.js';
import { ascii } from './build.js';
import { collect, packetsOf } from './collect.js';
import { type KernelDumpOptions, kernelDump } from './kernel-dump.js';

/** An RPC message of a size, with bytes that the ASCII column shows as text, spaces and hex digits. */
function message(size: number): Uint8Array {
  const bytes = Uint8Array.from({ length: size }, (_, index) => (index * 7 + 0x30) & 0xff);
  bytes.set([0x21, 0x01, 0, 0, 0x17, 0, 0, 0x56].slice(0, size));
  bytes.set(ascii('  ab cd 12').subarray(0, Math.max(0, size - 8)), 8);
  return bytes;
}

const MESSAGES = [message(16), message(40), message(8), message(240), message(61), message(24)];
const HEXES = MESSAGES.map((bytes) => formatHex(bytes));
const read = (lines: readonly string[]) =>
  packetsOf((sink, warn) => hexReader(sink, warn), ascii(`${lines.join('\n')}\n`)).map(({ hex }) => hex);
const dumps = (options: KernelDumpOptions) => MESSAGES.flatMap((bytes) => kernelDump(bytes, options));
const stamped = (lines: readonly string[]) =>
  lines.map((line, index) => `[   12.${345_678 + index}] ${line}`);

const hashed = (at: number) =>
  (0x1234_5678_9abc_def1n * BigInt(at + 77)).toString(16).slice(-16).padStart(16, '0');

describe.each([1, 2, 4, 8] as const)('print_hex_dump in groups of %i', (groupSize) => {
  describe.each([false, true])('with an ASCII column: %s', (withText) => {
    const common = { groupSize, ascii: withText };

    it.each<[string, KernelDumpOptions]>([
      ['offsets', { ...common, prefix: 'offset', name: 'gunyah_rm tx: ' }],
      ['offsets and lines of 32 bytes', { ...common, prefix: 'offset', name: 'rm: ', rowSize: 32 }],
      ['offsets and no separator', { ...common, prefix: 'offset', name: 'msgq' }],
      ['addresses', { ...common, prefix: 'address', name: 'rm: ' }],
      ['hashed addresses', { ...common, prefix: 'address', name: 'rm: ', addressOf: hashed }],
      [
        'addresses before they can be hashed',
        { ...common, prefix: 'address', addressOf: () => '(____ptrval____)' },
      ],
      ['no prefix', { ...common, prefix: 'none', name: 'gunyah-rm: ' }],
      ['no prefix and no name', { ...common, prefix: 'none' }],
    ])('reads %s from a log', (_, options) => {
      expect(detectFormat(ascii(stamped(dumps(options)).join('\n')))).toBe('dmesg');
      expect(read(stamped(dumps(options)))).toEqual(HEXES);
    });

    it('reads offsets from bare text', () => {
      expect(read(dumps({ ...common, prefix: 'offset', name: 'rm rx: ' }))).toEqual(HEXES);
      expect(read(dumps({ ...common, prefix: 'offset' }))).toEqual(HEXES);
    });
  });
});

describe('kernel logs', () => {
  const dump = (bytes: Uint8Array, name = 'rm: ') =>
    kernelDump(bytes, { prefix: 'offset', name, ascii: true });

  it.each([
    ['dmesg', (line: string) => `[    1.234567] ${line}`],
    ['dmesg with the caller', (line: string) => `[    1.234567][    T1] ${line}`],
    ['dmesg -T', (line: string) => `[Fri Nov 20 10:46:43 2026] ${line}`],
    ['dmesg --time-format iso', (line: string) => `2026-11-20T10:46:43,123456+00:00 ${line}`],
    ['dmesg -r', (line: string) => `<7>[    1.234567] ${line}`],
    ['syslog', (line: string) => `Nov  2 10:46:43 board kernel: [    1.234567] ${line}`],
    ['journalctl', (line: string) => `Nov 20 10:46:43 board kernel: ${line}`],
  ])('as %s prints them', (_, stamp) => {
    const lines = [...dump(message(40)), 'usb 1-1: new device', ...dump(message(24))].map(stamp);
    expect(detectFormat(ascii(lines.join('\r\n')))).toBe('dmesg');
    expect(read(lines)).toEqual([formatHex(message(40)), formatHex(message(24))]);
  });

  it('ignores other lines, also amid a dump, and separates names', () => {
    const first = dump(message(40), 'tx: ');
    const second = dump(message(24), 'rx: ');
    const lines = stamped([
      'Linux version 6.12.0 (gcc 12) #1 SMP',
      'BIOS-e820: [mem 0x0000000000000000-0x000000000009ffff] usable',
      'pci 0000:00:00.0: [8086:1237] type 00 class 0x060000',
      'x1 : 0000000000000000 x0 : 2100000000000001',
      'random: crng init done: 21',
      first[0] as string,
      'irq 17: nobody cared',
      ...first.slice(1),
      'Code: 48 89 e5 <0f> 0b',
      second[0] as string,
      ...dump(message(8), 'tx: '),
      'PM: suspend exit',
    ]);
    const firstLine = message(24).slice(0, 16);
    expect(read(lines)).toEqual([message(40), firstLine, message(8)].map((bytes) => formatHex(bytes)));
  });

  it('says when the log lost lines of a dump', () => {
    const lines = stamped(dump(message(61)));
    const text = ascii(lines.filter((_, index) => index !== 1).join('\n'));
    const { packets, warnings, error } = collect((sink, warn) => hexReader(sink, warn, 'dmesg'), text);
    expect(error).toBeUndefined();
    expect(packets.map(({ hex }) => hex)).toEqual([
      formatHex(message(61).slice(0, 16)),
      formatHex(message(61).slice(32)),
    ]);
    expect(warnings).toMatchObject([{ code: 'gap', frame: 1, offset: (lines[0] as string).length + 1 }]);
  });

  it('is never an error, whatever the lines', () => {
    const text = ascii('[ 0.1] nothing\n00000000: zz\n\n*\n[ 0.2] a: 00000000: 2\n');
    expect(collect((sink, warn) => hexReader(sink, warn, 'dmesg'), text)).toEqual({
      packets: [],
      warnings: [],
      error: undefined,
    });
  });
});
