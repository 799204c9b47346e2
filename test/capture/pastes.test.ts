import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import type { WireError } from '../../src/base/error.js';
import { parseHex } from '../../src/base/hex.js';
import { CaptureInput } from '../../src/capture/input/index.js';
import { ascii } from './build.js';
import { collect } from './collect.js';

/** A request of 12 bytes, its reply, and a message of 45 bytes whose text is there to be mistaken for bytes. */
const A = '210104000400005680000000';
const B = '210204000400005600000000';
const C = `21010700090000560102030405060708217e207c3e207461696c3a20616200${'00'.repeat(14)}`;

const bytesOf = (hex: string) => [...(parseHex(hex) as Uint8Array)];
const rows = <T>(list: readonly T[], size: number) =>
  Array.from({ length: Math.ceil(list.length / size) }, (_, row) => list.slice(row * size, (row + 1) * size));
const pairs = (hex: string) => bytesOf(hex).map((byte) => byte.toString(16).padStart(2, '0'));
const prefixed = (hex: string) => pairs(hex).map((pair) => `0x${pair}`);
const escaped = (hex: string) =>
  pairs(hex)
    .map((pair) => `\\x${pair}`)
    .join('');
const hexOf = (value: number, size: number) => value.toString(16).padStart(size, '0');
const textOf = (bytes: readonly number[]) =>
  bytes.map((byte) => (byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : '.')).join('');
const base64 = (hex: string, form: 'base64' | 'base64url' = 'base64') =>
  Buffer.from(parseHex(hex) as Uint8Array).toString(form);

/** Lines of a dump: address, bytes as `show` prints them, text. */
function dump(hex: string, size: number, line: (at: number, bytes: readonly number[]) => string): string {
  return rows(bytesOf(hex), size)
    .map((bytes, row) => line(row * size, bytes))
    .join('\n');
}

/** Little-endian numbers. */
const words = (bytes: readonly number[], size: number) =>
  rows(bytes, size).map((group) =>
    [...group]
      .reverse()
      .map((byte) => hexOf(byte, 2))
      .join(''),
  );
const list = (hex: string) => bytesOf(hex).join(', ');
/** As `repr` of Python prints bytes. */
const repr = (hex: string) =>
  bytesOf(hex)
    .map((byte) => {
      if (byte === 0x27 || byte === 0x5c) return `\\${String.fromCharCode(byte)}`;
      return byte > 0x1f && byte < 0x7f ? String.fromCharCode(byte) : `\\x${hexOf(byte, 2)}`;
    })
    .join('');
const wireshark = (hex: string, gap: string) =>
  dump(hex, 16, (at, bytes) => {
    const digits = bytes.map((byte) => hexOf(byte, 2)).join(' ');
    return `${hexOf(at, 4)}${gap}${digits.padEnd(47)}   ${textOf(bytes)}`;
  });
const LINK = `000c000c67756e7961685f726d000000${'00000000'}0300ff00`;

/** What was pasted, as it is, and the messages in it. */
const PASTES: readonly (readonly [string, string, readonly string[]])[] = [
  ['a C array', `static const uint8_t req[12] = { ${prefixed(A).join(', ')} };`, [A]],
  ['a slice of Go', `msg := []byte{${prefixed(A).join(', ')}}`, [A]],
  ['an array of Swift', `let m: [UInt8] = [${prefixed(A).join(', ')}]`, [A]],
  ['an array of C#', `byte[] m = { ${prefixed(A).join(', ')} };`, [A]],
  ['a string of Ruby', `m = "${escaped(A)}"`, [A]],
  ['bytes.fromhex', `bytes.fromhex('${A}')`, [A]],
  ['pack of Perl', `my $m = pack('H*', '${A}');`, [A]],
  ['a bytearray', `bytearray([${list(A)}])`, [A]],
  ['a Uint8Array', `new Uint8Array([${list(A)}])`, [A]],
  ['a literal of SQL', `X'${A.toUpperCase()}'`, [A]],
  ['an argument of printf', `printf '${escaped(A)}' | nc -U sock`, [A]],
  [
    'memory read of lldb',
    dump(C, 8, (at, bytes) => {
      const digits = bytes.map((byte) => hexOf(byte, 2)).join(' ');
      return `0x${hexOf(0x16fdff2a0 + at, 9)}: ${digits.padEnd(23)}  ${textOf(bytes)}`;
    }),
    [C],
  ],
  ['C arrays', `u8 a[] = {${prefixed(A).join(',')}};\nu8 b[] = {${prefixed(B).join(',')}};`, [A, B]],
  [
    'a C array with comments',
    `u8 a[] = {\n  /* header */ ${prefixed(A).slice(0, 8).join(', ')},\n  ${prefixed(A).slice(8).join(', ')}, // vmid\n};`,
    [A],
  ],
  [
    'xxd -i',
    `unsigned char m_bin[] = {\n${rows(prefixed(C), 12)
      .map((row) => `  ${row.join(', ')}`)
      .join(',\n')}\n};\nunsigned int m_bin_len = 45;`,
    [C],
  ],
  [
    'xxd -i of standard input',
    rows(prefixed(C), 12)
      .map((row) => `  ${row.join(', ')}`)
      .join(',\n'),
    [C],
  ],
  ['a Rust slice', `let m: &[u8] = &[${prefixed(C).join(', ')}];`, [C]],
  [
    'a Rust array',
    `let m: [u8; 12] = [${prefixed(A)
      .map((byte) => `${byte}u8`)
      .join(', ')}];`,
    [A],
  ],
  ['what {:02x?} of Rust prints', `m = [${pairs(A).join(', ')}]`, [A]],
  ['a JSON array', `[${list(A)}]`, [A]],
  ['JSON arrays in an array', `[[${list(A)}],\n [${list(B)}]]`, [A, B]],
  ['a list of Python', `data = bytes([${list(C)}])`, [C]],
  ['signed bytes of Java', 'byte[] m = {33, 1, 4, 0, 4, 0, 0, 86, -128, 0, 0, 0};', [A]],
  ['p/x of gdb', `$1 = {${'0x21, 0x1, 0x4, 0x0, 0x4, 0x0, 0x0, 0x56, 0x80, 0x0 <repeats 3 times>'}}`, [A]],
  ['bytes of Python', `msg = b'${escaped(A)}'`, [A]],
  ['bytes as Python prints them', `b'${repr(C)}'`, [C]],
  [
    'bytes of Python in lines',
    `msg = (\n    b'${escaped(C).slice(0, 80)}'\n    b'${escaped(C).slice(80)}'\n)`,
    [C],
  ],
  ['a list of bytes of Python', `[b'${repr(A)}',\n b'${repr(B)}']`, [A, B]],
  ['bytes of Python, one each line', `b'${repr(A)}'\nb'${repr(B)}'`, [A, B]],
  ['a byte string of Rust', `let m = b"${escaped(C)}";`, [C]],
  ['a string of C', `char m[] = "${escaped(A).slice(0, 24)}"\n  "${escaped(A).slice(24)}";`, [A]],
  ['a string as gdb prints it', `$2 = "!\\001\\004\\000\\004\\000\\000V\\200\\000\\000\\000"`, [A]],
  ['escapes', escaped(C), [C]],
  ['printf of a shell', `printf '${escaped(A)}' > m.bin`, [A]],
  ['hex in quotes', `bytes.fromhex("${C}")`, [C]],
  ['base64', base64(C), [C]],
  ['base64, one each line', `${base64(A)}\n${base64(B)}`, [A, B]],
  ['base64url', base64(`${A}fbfffe`, 'base64url'), [`${A}fbfffe`]],
  [
    'base64 in lines',
    rows([...base64(C + C.slice(16))], 76)
      .map((row) => row.join(''))
      .join('\n'),
    [C + C.slice(16)],
  ],
  ['Wireshark, copied', wireshark(C, '   '), [C]],
  [
    'Wireshark, copied without text',
    dump(C, 16, (at, bytes) => `${hexOf(at, 4)}   ${bytes.map((b) => hexOf(b, 2)).join(' ')}`),
    [C],
  ],
  ['tshark -x', `${wireshark(LINK + A, '  ')}\n\n${wireshark(LINK + C, '  ')}`, [A, C]],
  ['tshark -x of link type 147', wireshark(`0300ff00${C}`, '  '), [C]],
  [
    'xxd -b',
    dump(
      C,
      6,
      (at, bytes) =>
        `${hexOf(at, 8)}: ${bytes
          .map((byte) => byte.toString(2).padStart(8, '0'))
          .join(' ')
          .padEnd(53)}  ${textOf(bytes)}`,
    ),
    [C],
  ],
  [
    'x/16xb of gdb',
    dump(
      A,
      8,
      (at, bytes) =>
        `0x${hexOf(0x4020 + at, 4)} <msg+${at}>:\t${bytes.map((b) => `0x${hexOf(b, 2)}`).join('\t')}`,
    ),
    [A],
  ],
  [
    'x/16xw of gdb',
    dump(
      A,
      16,
      (at, bytes) =>
        `0x7ffe${hexOf(at + 0x10, 8)}:\t${words(bytes, 4)
          .map((word) => `0x${word}`)
          .join('\t')}`,
    ),
    [A],
  ],
  [
    'x/xg of gdb',
    `(gdb) x/2xg msg\n${dump(
      `${A}00000000`,
      16,
      (at, bytes) =>
        `0x${hexOf(at + 0x5000, 4)}:\t${words(bytes, 8)
          .map((word) => `0x${word}`)
          .join('\t')}`,
    )}`,
    [`${A}00000000`],
  ],
  [
    'Trace32 in bytes',
    dump(
      `${A}00000000`,
      16,
      (at, bytes) =>
        `NSD:${hexOf(0x80001000 + at, 8)}|>${bytes.map((b) => hexOf(b, 2)).join(' ')} ${textOf(bytes)}`,
    ),
    [`${A}00000000`],
  ],
  [
    'Trace32 in words',
    `    address|_0________4________8________C________0123456789ABCDEF\n${dump(`${C}000000`, 16, (at, bytes) => ` SD:${hexOf(0x80001000 + at, 8)}| ${words(bytes, 4).join(' ')} ${textOf(bytes)}`)}`,
    [`${C}000000`],
  ],
  ['hex with 0x and commas', `${prefixed(A).join(', ')}`, [A]],
  [
    'hex with 0x, commas and line breaks',
    rows(prefixed(C), 8)
      .map((row) => row.join(', '))
      .join(',\n'),
    [C],
  ],
  ['hex with colons', pairs(C).join(':'), [C]],
  [
    'hex with colons in lines',
    rows(pairs(C), 15)
      .map((row) => row.join(':'))
      .join(':\n    '),
    [C],
  ],
  [
    'hex in lines of 16',
    rows(pairs(C), 16)
      .map((row) => row.join(' '))
      .join('\n'),
    [C],
  ],
  [
    'hex in lines of 8',
    rows(pairs(C), 8)
      .map((row) => row.join(' '))
      .join('\n'),
    [C],
  ],
  [
    'two messages in lines of 16',
    `${rows(pairs(C), 16)
      .map((row) => row.join(' '))
      .join('\n')}\n\n${rows(pairs(C), 16)
      .map((row) => row.join(' '))
      .join('\n')}`,
    [C, C],
  ],
  ['lines with VMs', `3>255 ${A}\n255>3 ${B}`, [A, B]],
  ['lines without', `${A}\n${B}`, [A, B]],
  [
    'xxd',
    dump(
      C,
      16,
      (at, bytes) =>
        `${hexOf(at, 8)}: ${rows(bytes, 2)
          .map((two) => two.map((b) => hexOf(b, 2)).join(''))
          .join(' ')
          .padEnd(39)}  ${textOf(bytes)}`,
    ),
    [C],
  ],
  [
    'a dump with short offsets',
    dump(C, 16, (at, bytes) => `${hexOf(at, 4)}: ${bytes.map((b) => hexOf(b, 2)).join(' ')}`),
    [C],
  ],
  [
    'hexdump -C',
    `${dump(
      C,
      16,
      (at, bytes) =>
        `${hexOf(at, 8)}  ${bytes
          .map((b) => hexOf(b, 2))
          .join(' ')
          .padEnd(48)}  |${textOf(bytes)}|`,
    )}\n0000002d`,
    [C],
  ],
  [
    'od -A x -t x1z',
    `${dump(
      C,
      16,
      (at, bytes) =>
        `${hexOf(at, 6)} ${bytes
          .map((b) => hexOf(b, 2))
          .join(' ')
          .padEnd(48)} >${textOf(bytes)}<`,
    )}\n00002d`,
    [C],
  ],
];

const input = (text: string, size?: number) => {
  const make = (...sinks: Parameters<Parameters<typeof collect>[0]>) =>
    new CaptureInput(protocol, undefined, ...sinks);
  const { packets, error } = collect(make, typeof text === 'string' ? ascii(text) : text, size);
  return { hexes: packets.map(({ hex }) => hex), error };
};

describe.each(PASTES)('%s', (_, text, expected) => {
  it('is read whole, without a last line end, with CR LF, and byte by byte', () => {
    expect(input(`${text}\n`)).toEqual({ hexes: expected, error: undefined });
    expect(input(text)).toEqual({ hexes: expected, error: undefined });
    expect(input(`${text.replaceAll('\n', '\r\n')}\r\n`)).toEqual({ hexes: expected, error: undefined });
    expect(input(text, 1)).toEqual({ hexes: expected, error: undefined });
  });

  it('is read amid prose', () => {
    const prose = `Hello,\n\nthe manager on our board (rev. 2) said this, it's odd:\n\n${text}\n\nAny ideas? Thanks\n`;
    expect(input(prose)).toEqual({ hexes: expected, error: undefined });
  });

  it('is never misread when it is cut', () => {
    for (let size = 0; size < text.length; size++) {
      const { hexes } = input(text.slice(0, size));
      // The beginning of a word or of an offset can look like a byte or two: no header.
      for (const [index, hex] of hexes.entries())
        if (hex.length >= 16)
          expect(
            expected[index]?.startsWith(hex),
            `${size}: ${JSON.stringify(text.slice(0, size).slice(-60))} gave ${hex}`,
          ).toBe(true);
    }
  });
});

it('there are at least forty', () => {
  expect(PASTES.length).toBeGreaterThanOrEqual(40);
});

const line16 = pairs(C).slice(0, 16).join(' ');

describe('refused by name', () => {
  it.each([
    [
      'lines of 32 digits, pieces or messages',
      `${C.slice(0, 32)}\n${C.slice(32, 64)}\n`,
      /--format hex .*--format xxd-p/,
    ],
    [
      'a piece that begins as a message does',
      `${line16}\n00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00\n${line16}\n`,
      /--format xxd-p/,
    ],
    ['literals on lines of their own', `b'${repr(A)}'\nb'\\x00\\x01'\n`, /--format literal/],
    ['numbers that are no bytes', `{${prefixed(A).join(', ')}, 0x1234}`, /0 to 255/],
    ['an escape whose end depends on the language', `"${escaped(A)}\\x00a"`, /escapes/],
    ['Intel HEX', `:0C000000${A.toUpperCase()}F7\n:00000001FF\n`, /expected hex bytes/],
    ['prose', 'Hello,\nno bytes here\n', /describe --formats/],
  ])('%s', (_, text, expected) => {
    const { error } = input(text);
    expect((error as WireError | undefined)?.message).toMatch(expected);
  });
});
