import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { CaptureInput, type InputFormat } from '../../src/capture/input/index.js';
import { collect } from './collect.js';

const A = '210104000400005680000000';
/** Two lines of a dump, the second of them with an offset that is not the same in all bases. */
const C = `${A}${'01020304'.repeat(5)}`;

function read(bytes: Uint8Array, size?: number, format?: InputFormat) {
  const make = (...sinks: Parameters<Parameters<typeof collect>[0]>) =>
    new CaptureInput(protocol, format, ...sinks);
  const { packets, error, warnings } = collect(make, bytes, size);
  return { hexes: packets.map(({ hex }) => hex), error: error?.message, warnings: warnings.length };
}

const text = (lines: string) => new TextEncoder().encode(lines);
const fine = (hexes: readonly string[]) => ({ hexes, error: undefined, warnings: 0 });

const XXD = [
  '00000000: 2101 0400 0400 0056 8000 0000 0102 0304  !......V........',
  '00000010: 0102 0304 0102 0304 0102 0304 0102 0304  ................',
];

describe('what stands before the lines of a dump', () => {
  const PREFIXES: readonly (readonly [string, (line: string, index: number) => string])[] = [
    ['a quoted mail', (line) => `> ${line}`],
    ['a mail that is quoted twice', (line) => `>> ${line}`],
    ['cat -n', (line, index) => `     ${index + 1}\t${line}`],
    ['grep -n', (line, index) => `${index + 120}:${line}`],
    ['grep -nH', (line, index) => `log/boot.txt:${index + 120}:${line}`],
    ['a numbered list', (line, index) => `${index + 1}. ${line}`],
    ['minicom', (line, index) => `[2026-11-22 18:36:3${index}.123] ${line}`],
    ['a serial console', (line, index) => `[18:36:3${index}:123] ${line}`],
    ['ts', (line, index) => `Nov 22 18:36:3${index} ${line}`],
    ['a time alone', (line, index) => `18:36:31.00${index} ${line}`],
    ['dmesg', (line, index) => `[   12.34567${index}] ${line}`],
    ['dmesg with callers', (line, index) => `<6>[   12.34567${index}][  T812] ${line}`],
    ['the journal', (line, index) => `Nov 22 18:36:3${index} phone crosvm[812]: ${line}`],
    ['logcat', (line, index) => `11-22 18:36:3${index}.123   812   820 D GunyahRm: ${line}`],
    ['logcat in brief', (line) => `D/GunyahRm(  812): ${line}`],
    ['docker', (line) => `rm-1  | ${line}`],
    ['a patch', (line) => `+${line}`],
    ['colours', (line) => `\u001b[32m${line.slice(0, 5)}\u001b[0m${line.slice(5)}`],
    ['spaces of a web page', (line) => line.replaceAll(' ', '\u00a0')],
  ];

  it.each(PREFIXES)('%s', (_, prefix) => {
    const lines = text(XXD.map(prefix).join('\n'));
    expect(read(lines)).toEqual(fine([C]));
    expect(read(lines, 1)).toEqual(fine([C]));
  });

  it('a page in pre', () => {
    expect(read(text(`<pre>${XXD.join('\n')}</pre>\n`))).toEqual(fine([C]));
  });

  it('is left as it is where lines of hex look like it', () => {
    expect(read(text('21:01:04:00:04:00:00:56:80:00:00:00\n'))).toEqual(fine([A]));
    expect(read(text(A.replace(/..(?!$)/g, '$&\t')))).toEqual(fine([A]));
  });
});

describe('UTF-16', () => {
  const encoded = (isBig: boolean) => {
    const units = [...`\ufeff${XXD.join('\r\n')}`].map((char) => char.charCodeAt(0));
    return Uint8Array.from(
      units.flatMap((unit) => (isBig ? [unit >> 8, unit & 0xff] : [unit & 0xff, unit >> 8])),
    );
  };

  it.each([false, true])('of consoles is read, big-endian: %s', (isBig) => {
    expect(read(encoded(isBig))).toEqual(fine([C]));
    expect(read(encoded(isBig), 1)).toEqual(fine([C]));
  });

  it('a first byte alone is no mark', () => {
    expect(read(Uint8Array.of(0xff)).error).toMatch(/describe --formats/);
  });

  it('is not looked for where the format is said to be no text', () => {
    const damaged = Uint8Array.of(0xff, 0xfe, 1, 0, 0x24, 0, 0, 0x56);
    for (const size of [undefined, 1]) expect(read(damaged, size, 'bin')).toEqual(fine(['fffe010024000056']));
  });
});

describe('other programs', () => {
  const words = (prefix: string) =>
    ['00040121', '56000004', '00000080', '04030201', '04030201', '04030201', '04030201', '04030201'].map(
      (word) => prefix + word,
    );
  const line = (from: number, to: number) => words('').slice(from, to).join(' ');

  it.each([
    ['md.b of U-Boot', '80001000: 21 01 04 00 04 00 00 56 80 00 00 00    !......V....', [A]],
    [
      'Format-Hex',
      '           00 01 02 03 04 05 06 07\n\n00000000   21 01 04 00 04 00 00 56 80 00 00 00              !......V....',
      [A],
    ],
    [
      'HxD',
      'Offset(h) 00 01 02 03\n\n00000000  21 01 04 00 04 00 00 56 80 00 00 00              !......V....',
      [A],
    ],
    ['hexyl', '│00000000│ 21 01 04 00 04 00 00 56 ┊ 80 00 00 00             │×••0•00V┊×000    │', [A]],
    ['WinDbg', 'ffff8000`80001000  21 01 04 00 04 00 00 56-80 00 00 00              !......V....', [A]],
    ['a gap amid the bytes', '00000000: 21 01 04 00 04 00 00 56  80 00 00 00              !......V....', [A]],
    ['HexDump of Java', '0x00000000 21 01 04 00 04 00 00 56 80 00 00 00             !......V....', [A]],
    ['010 Editor', `${XXD.map((row) => row.replace('0000', '').replace(':', 'h:')).join('\n')}`, [C]],
    [
      'xp of QEMU',
      '0000000080001000: 0x21 0x01 0x04 0x00 0x04 0x00 0x00 0x56\n0000000080001008: 0x80 0x00 0x00 0x00',
      [A],
    ],
    [
      'rd of crash',
      'crash> rd ffff888003f0b000 2\nffff888003f0b000:  5600000400040121 0000000000000080   !......V........',
      [`${A}00000000`],
    ],
    [
      'rd -32 of crash',
      `crash> rd -32 ffff888003f0b000 8\nffff888003f0b000:  ${line(0, 4)}   !......V........\nffff888003f0b010:  ${line(4, 8)}   ................`,
      [C],
    ],
    [
      'md of kdb',
      '[0]kdb> md 0xffff888003f0b000\n0xffff888003f0b000 5600000400040121 0000000000000080   !......V........',
      [`${A}00000000`],
    ],
    ['mdw of OpenOCD', `> mdw 0x80001000 8\n0x80001000: ${line(0, 8)} `, [C]],
    ['words', words('').join(' '), [C]],
    ['words with 0x', words('0x').join(' '), [C]],
    ['words in lines', `${line(0, 4)}\n${line(4, 8)}\n`, [C]],
    [
      'od -A d',
      `0000000 21 01 04 00 04 00 00 56 80 00 00 00 01 02 03 04\n0000016 01 02 03 04 01 02 03 04 01 02 03 04 01 02 03 04\n0000032`,
      [C],
    ],
    ['od -A d of 12 bytes', '0000000 21 01 04 00 04 00 00 56 80 00 00 00\n0000012', [A]],
    ['od -t x4', `0000000 ${line(0, 4)}\n0000020 ${line(4, 8)}\n0000040`, [C]],
    ['od -t x8', '0000000 5600000400040121 0000000000000080\n0000014', [A]],
    ['od -t x4 --endian=big', '0000000 21010400 04000056 80000000\n0000014', [A]],
    ['xxd -d', XXD.join('\n').replace('00000010', '00000016'), [C]],
    [
      'od -t x1c',
      '0000000  21  01  04  00  04  00  00  56  80  00  00  00  01  02  03  04\n          ! 001 004  \\0 004  \\0  \\0   V 200  \\0  \\0  \\0 001 002 003 004\n0000020  01  02  03  04  01  02  03  04  01  02  03  04  01  02  03  04\n        001 002 003 004 001 002 003 004 001 002 003 004 001 002 003 004\n0000040',
      [C],
    ],
    ['other lines amid a dump', XXD.join('\nand then\n\n'), [C]],
    ['BitConverter', '21-01-04-00-04-00-00-56-80-00-00-00', [A]],
    ['hex() of Python', '0x21, 0x1, 0x4, 0x0, 0x4, 0x0, 0x0, 0x56, 0x80, 0x0, 0x0, 0x0', [A]],
    ['casts', 'byte[] m = {(byte) 0x21, 1, 4, 0, 4, 0, 0, 0x56, (byte) 0x80, 0, 0, 0};', [A]],
    ['byteArrayOf', 'byteArrayOf(0x21, 1, 4, 0, 4, 0, 0, 0x56, 0x80.toByte(), 0, 0, 0)', [A]],
    [
      'a list in lines behind a place',
      `[src/main.rs:4:5] msg = [\n${[33, 1, 4, 0, 4, 0, 0, 86, 128, 0, 0, 0].map((byte) => `    ${byte},`).join('\n')}\n]`,
      [A],
    ],
    ['a Buffer', '<Buffer 21 01 04 00 04 00 00 56 80 00 00 00>', [A]],
  ])('%s', (_, lines, expected) => {
    expect(read(text(`${lines}\n`))).toEqual(fine(expected));
  });
});

describe('a message at the end of a line of a log', () => {
  const stamped = (rest: string) => text(`[   12.345678] Linux version\n[   12.345679] rm: ${rest}\n`);

  it.each([
    ['%*ph', 'tx 21 01 04 00 04 00 00 56 80 00 00 00'],
    ['%*phC', 'msg=21:01:04:00:04:00:00:56:80:00:00:00'],
    ['%*phD', 'tx 21-01-04-00-04-00-00-56-80-00-00-00'],
    ['%*phN', `tx (${A})`],
    ['0x', 'tx 0x21 0x01 0x04 0x00 0x04 0x00 0x00 0x56 0x80 0x00 0x00 0x00'],
  ])('%s', (_, rest) => {
    expect(read(stamped(rest))).toEqual(fine([A]));
  });

  it.each([
    ['a number of 64 bits', 'x0 : 2101040004000056'],
    ['a hash', 'commit 21f1e04c9a84fbaa566b80b8e2b5a08e1d2f3a4b'],
    ['a UUID', 'uuid 21010400-0400-0056-8000-000000000000'],
    ['fewer bytes than a header', 'tx 21 01 04 00 04 00 00'],
  ])('%s is none', (_, rest) => {
    expect(read(stamped(rest))).toEqual(fine([]));
  });
});

describe('refused with what to do', () => {
  const long = 'ab'.repeat(29);
  it.each([
    ['lines of one length', `${A}${'00'.repeat(26)}\n00${long}\n`, /--format hex .*--format xxd-p/],
    ['one byte a line', '21\n01\n04\n', /--format hex .*--format xxd-p/],
    ['a prompt behind base64', 'IQEEAAQAAFaAAAAAroot@phone:~# \n', /line end behind the base64/],
    [
      'lines that od leaves out',
      `21 01 04 00 04 00 00 56 80 00 00 00 00 00 00 00\n${'00 '.repeat(16)}\n*\n`,
      /-v of od/,
    ],
    [
      'characters that gdb leaves out',
      `$1 = "!\\001\\004\\000\\004\\000\\000V", '\\000' <repeats 11 times>\n`,
      /p\/x/,
    ],
  ])('%s', (_, lines, expected) => {
    expect(read(text(lines)).error).toMatch(expected);
  });
});
