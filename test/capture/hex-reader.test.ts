import { describe, expect, it } from 'vitest';
import { formatHex } from '../../src/base/hex.js';
import type { HexStyle } from '../../src/capture/hex/index.js';
import { hexLine, hexReader } from '../../src/capture/hex/index.js';
import { ascii } from './build.js';
import { collect, packetsOf, placeOf } from './collect.js';

const HEX = '2101000017000056';
const reader =
  (style?: HexStyle) => (sink: Parameters<typeof hexReader>[0], warn: Parameters<typeof hexReader>[1]) =>
    hexReader(sink, warn, style);
const read = (text: string, style?: HexStyle) => collect(reader(style), ascii(text));
const messages = (text: string, style?: HexStyle) =>
  packetsOf(reader(style), ascii(text)).map(({ hex }) => hex);

describe('one message per line', () => {
  it('reads bare lines and lines with VMIDs, in all the ways people write them', () => {
    const text = [
      '# a comment',
      `3>255 ${HEX}`,
      '',
      `0xff>0x3 0x${HEX.toUpperCase()}`,
      '  3 > 128 21:01:00:00:17:00:00:56',
      '3>255\t21 01 0000 17000056 ',
      '0x21 0x01, 0x00,0x00 0x17 0x00 0x00 0x56',
      HEX,
      '65535>0 ',
    ].join('\r\n');
    const at = { time: undefined, comment: undefined, hex: HEX };
    expect(packetsOf(reader(), ascii(text))).toEqual([
      { frame: 1, from: 3, to: 255, ...at },
      { frame: 2, from: 255, to: 3, ...at },
      { frame: 3, from: 3, to: 128, ...at },
      { frame: 4, from: 3, to: 255, ...at },
      { frame: 5, from: undefined, to: undefined, ...at },
      { frame: 6, from: undefined, to: undefined, ...at },
      { frame: 7, from: 65535, to: 0, ...at, hex: '' },
    ]);
  });

  it.each([
    ['an odd number of digits', '210'],
    ['something else', '21 01 zz'],
    ['a VMID that is none', `65536>255 ${HEX}`],
    ['a lone prefix', '3>255 0x'],
    ['half bytes apart', '2 1 0 1'],
  ])('refuses a line with %s, after all before it', (_, bad) => {
    const { packets, error } = read(`${HEX}\n# é\n${HEX}\n${bad}\n${HEX}\n`);
    expect(packets).toHaveLength(2);
    expect(placeOf(error)).toEqual(['hex', 'line 4', 17 + 5 + 17]);
  });

  it('gives back what hexLine wrote', () => {
    const bytes = Uint8Array.from({ length: 256 }, (_, index) => 255 - index);
    expect(hexLine(3, 255, Uint8Array.of(0x21, 0xa))).toBe('3>255 210a\n');
    expect(hexLine(undefined, 255, Uint8Array.of(0x21, 0xa))).toBe('210a\n');
    const text = hexLine(3, 255, bytes) + hexLine(65535, 0, new Uint8Array(0));
    expect(packetsOf(reader(), ascii(text)).map(({ from, to, hex }) => [from, to, hex])).toEqual([
      [3, 255, formatHex(bytes)],
      [65535, 0, ''],
    ]);
  });
});

describe('plain hex that is cut into lines', () => {
  const full = HEX.padEnd(60, '0');
  const more = ''.padEnd(60, '7');

  it.each([
    ['full lines and a shorter last one: a dump', [full, full, '2101'], [`${full}${full}2101`]],
    ['full lines that do not all start a message: a dump', [full, more], [full + more]],
    ['full lines that all start a message: messages', [full, full], [full, full]],
    ['a shorter line before the last: messages', [full, HEX, full], [full, HEX, full]],
    ['a longer line: messages', [full, `${full}00`], [full, `${full}00`]],
    ['one line: a message', [HEX], [HEX]],
    ['VMIDs: messages', [`3>255 ${full}`, `255>3 ${HEX}`], [full, HEX]],
  ])('%s', (_, lines, expected) => {
    expect(messages(lines.join('\n'))).toEqual(expected);
  });

  it('when told so: a shorter or a blank line ends a dump, of any width', () => {
    const text = `${full}\n${more}\n${HEX}\n${full}\n\n# next\n21010000\n17000056\n33\n`;
    expect(messages(text, 'xxd-p')).toEqual([full + more + HEX, full, '210100001700005633']);
  });

  it('refuses what is no hex, after the dump before it', () => {
    const { packets, error } = read(`${full}\n${more}\n3>255 21\n`, 'xxd-p');
    expect(packets.map(({ hex }) => hex)).toEqual([full + more]);
    expect(placeOf(error)).toEqual(['hex', 'line 3', 122]);
  });
});

describe('dumps with offsets', () => {
  it('delivers the dump before a line that cannot be read', () => {
    const { packets, error } = read('00000000: 2101 0000 1700 0056\n00000008: 33zz\n');
    expect(packets.map(({ hex }) => hex)).toEqual([HEX]);
    expect(placeOf(error)).toEqual(['hex', 'line 2', 30]);
  });

  it('starts at any offset and says when lines are missing', () => {
    const text = '00000010: 2101\n00000012: 0000\n00000020: 1700\n';
    const { packets, warnings, error } = read(text);
    expect(error).toBeUndefined();
    expect(packets.map(({ hex }) => hex)).toEqual(['21010000', '1700']);
    expect(warnings).toEqual([
      {
        code: 'gap',
        frame: 1,
        offset: 30,
        message: 'line 3 has the offset 00000020, 0x14 would follow: taken as a new message',
      },
    ]);
  });

  it('says when a dump does not end where its end offset is', () => {
    const { packets, warnings } = read('00000000  21 01 00 00\n00000044\n');
    expect(packets.map(({ hex }) => hex)).toEqual(['21010000']);
    expect(warnings).toMatchObject([{ code: 'gap', frame: 1, offset: 22 }]);
    const cut = read(`00000000  ${'00 '.repeat(16)}\n*\n`);
    expect(cut.packets.map(({ hex }) => hex)).toEqual(['00'.repeat(16)]);
    expect(cut.warnings).toMatchObject([{ code: 'gap', frame: 1 }]);
  });

  it('bounds the memory that a repetition or an endless dump can take', () => {
    const { packets, error } = read(`00000000  ${'00 '.repeat(16)}\n*\n7ffffff0\n`);
    expect(packets).toEqual([]);
    expect(placeOf(error)).toEqual(['dump_length', 'line 3', 61]);
    const endless = read(`${'ab'.repeat(30)}\n`.repeat(35_000), 'xxd-p');
    expect(endless.error).toMatchObject({ code: 'dump_length', path: 'line 34953' });
  });

  it('bounds the memory that a line can take', () => {
    const file = ascii(`${HEX}\n${'ab'.repeat(600_000)}`);
    const { packets, error } = collect(reader('hex'), file, 4096);
    expect(packets).toHaveLength(1);
    expect(placeOf(error)).toEqual(['line_length', 'line 2', 17]);
  });
});

describe('recognition while reading', () => {
  it('reads a text longer than what recognition looks at', () => {
    const text = `3>255 ${HEX}\n`.repeat(10_000);
    const { packets, error } = collect(reader(), ascii(text), 1000);
    expect(error).toBeUndefined();
    expect(packets).toHaveLength(10_000);
    expect(packets.at(-1)).toMatchObject({ frame: 10_000, hex: HEX });
  });

  it('takes an empty text as empty and names the first line of one that is no hex', () => {
    expect(read('')).toEqual({ packets: [], warnings: [], error: undefined });
    expect(placeOf(read('# note\nhello\n').error)).toEqual(['hex', 'line 2', 7]);
  });
});
