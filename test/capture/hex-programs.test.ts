import { describe, expect, it } from 'vitest';
import { parseHex } from '../../src/base/hex.js';
import type { HexStyle } from '../../src/capture/hex/index.js';
import { hexReader } from '../../src/capture/hex/index.js';
import { detectFormat } from '../../src/capture/input/index.js';
import { ascii } from './build.js';
import { packetsOf } from './collect.js';

// One message of 71 bytes as the programs print it (xxd 2022-01-14, util-linux 2.38, coreutils 9.1). Its text
// `!~ |> tail: ab` is there to be mistaken for bytes, its zeros are long enough to be left out.
const MESSAGE = `21010700090000560102030405060708${'00'.repeat(40)}217e207c3e207461696c3a20616200`;

const OUTPUT: readonly (readonly [string, HexStyle, string])[] = [
  [
    'xxd',
    'xxd',
    `00000000: 2101 0700 0900 0056 0102 0304 0506 0708  !......V........
00000010: 0000 0000 0000 0000 0000 0000 0000 0000  ................
00000020: 0000 0000 0000 0000 0000 0000 0000 0000  ................
00000030: 0000 0000 0000 0000 217e 207c 3e20 7461  ........!~ |> ta
00000040: 696c 3a20 6162 00                        il: ab.
`,
  ],
  [
    'xxd -g1 -u',
    'xxd',
    `00000000: 21 01 07 00 09 00 00 56 01 02 03 04 05 06 07 08  !......V........
00000010: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
00000020: 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  ................
00000030: 00 00 00 00 00 00 00 00 21 7E 20 7C 3E 20 74 61  ........!~ |> ta
00000040: 69 6C 3A 20 61 62 00                             il: ab.
`,
  ],
  [
    'xxd -p',
    'xxd-p',
    `210107000900005601020304050607080000000000000000000000000000
0000000000000000000000000000000000000000000000000000217e207c
3e207461696c3a20616200
`,
  ],
  [
    'hexdump -C',
    'hexdump',
    `00000000  21 01 07 00 09 00 00 56  01 02 03 04 05 06 07 08  |!......V........|
00000010  00 00 00 00 00 00 00 00  00 00 00 00 00 00 00 00  |................|
*
00000030  00 00 00 00 00 00 00 00  21 7e 20 7c 3e 20 74 61  |........!~ |> ta|
00000040  69 6c 3a 20 61 62 00                              |il: ab.|
00000047
`,
  ],
  [
    'hexdump',
    'od',
    `0000000 0121 0007 0009 5600 0201 0403 0605 0807
0000010 0000 0000 0000 0000 0000 0000 0000 0000
*
0000030 0000 0000 0000 0000 7e21 7c20 203e 6174
0000040 6c69 203a 6261 0000                    
0000047
`,
  ],
  [
    'od -A x -t x1',
    'od',
    `000000 21 01 07 00 09 00 00 56 01 02 03 04 05 06 07 08
000010 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
*
000030 00 00 00 00 00 00 00 00 21 7e 20 7c 3e 20 74 61
000040 69 6c 3a 20 61 62 00
000047
`,
  ],
  [
    'od -A x -t x1z',
    'od',
    `000000 21 01 07 00 09 00 00 56 01 02 03 04 05 06 07 08  >!......V........<
000010 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00  >................<
*
000030 00 00 00 00 00 00 00 00 21 7e 20 7c 3e 20 74 61  >........!~ |> ta<
000040 69 6c 3a 20 61 62 00                             >il: ab.<
000047
`,
  ],
  [
    'od -t x1',
    'od',
    `0000000 21 01 07 00 09 00 00 56 01 02 03 04 05 06 07 08
0000020 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00 00
*
0000060 00 00 00 00 00 00 00 00 21 7e 20 7c 3e 20 74 61
0000100 69 6c 3a 20 61 62 00
0000107
`,
  ],
  [
    'od -A x -t x4',
    'od',
    `000000 00070121 56000009 04030201 08070605
000010 00000000 00000000 00000000 00000000
*
000030 00000000 00000000 7c207e21 6174203e
000040 203a6c69 00006261
000047
`,
  ],
];

/** All zeros: nothing but the end offset says how long the message is. */
const ZEROS: readonly (readonly [string, HexStyle, string])[] = [
  [
    'hexdump -C',
    'hexdump',
    `00000000  ${'00 '.repeat(8)} ${'00 '.repeat(8)} |................|\n*\n00000030\n`,
  ],
  ['hexdump', 'od', `0000000${' 0000'.repeat(8)}\n*\n0000030\n`],
  ['od -A x -t x1', 'od', `000000${' 00'.repeat(16)}\n*\n000030\n`],
  [
    'xxd -a',
    'xxd',
    `00000000:${' 0000'.repeat(8)}  ................\n*\n00000020:${' 0000'.repeat(8)}  ................\n`,
  ],
];

describe.each(OUTPUT)('the output of %s', (_, style, text) => {
  const file = ascii(text);
  const hexes = (bytes: Uint8Array, given?: HexStyle) =>
    packetsOf((sink, warn) => hexReader(sink, warn, given), bytes).map(({ hex }) => hex);

  it('is recognised and read', () => {
    expect(detectFormat(file)).toBe(style);
    expect(hexes(file)).toEqual([MESSAGE]);
    expect(hexes(file, style)).toEqual([MESSAGE]);
  });

  it('is read with CR LF, a byte-order mark, comments and no last line end', () => {
    const odd = ascii(`\ufeff# a dump\r\n\r\n${text.trimEnd().replaceAll('\n', '\r\n')}`);
    expect(detectFormat(odd)).toBe(style);
    expect(hexes(odd)).toEqual([MESSAGE]);
  });

  it('is read several times over, one message each', () => {
    expect(hexes(ascii(text + text), style)).toEqual([MESSAGE, MESSAGE]);
    expect(hexes(ascii(`${text}\n${text}`), style)).toEqual([MESSAGE, MESSAGE]);
  });

  it('has no time and no VMIDs', () => {
    const [packet] = packetsOf((sink, warn) => hexReader(sink, warn), file);
    expect(packet).toEqual({
      frame: 1,
      time: undefined,
      from: undefined,
      to: undefined,
      comment: undefined,
      hex: MESSAGE,
    });
  });
});

it.each(ZEROS)('48 zeros as %s prints them', (_, style, text) => {
  const [packet] = packetsOf((sink, warn) => hexReader(sink, warn, style), ascii(text));
  expect(packet?.hex).toBe('00'.repeat(48));
});

it('has the message the outputs were made of', () => {
  expect(parseHex(MESSAGE)).toHaveLength(71);
});
