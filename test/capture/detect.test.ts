import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { parseHex } from '../../src/base/hex.js';
import { DETECT_SIZE } from '../../src/capture/input/detect.js';
import { binaryFormats } from '../../src/capture/input/formats.js';
import { detectFormat, INPUT_FORMATS, inputFormats, openReader } from '../../src/capture/input/index.js';
import { ascii, PcapngBuilder, pcapFile } from './build.js';
import { packetsOf } from './collect.js';

const HEX = '2101000017000056';
const binaryNames: ReadonlySet<string> = new Set(binaryFormats.map(({ name }) => name));
const FULL = HEX.padEnd(60, '0');
const LIST = '[21, 01, 00, 00, 17, 00, 00, 56, 00, 00, 00, 00]';
const RAW_EVENT = `         qcrosvm-202   [000]-0x0    10.100046: tx:     capid=0x61 size=12 data=ARRAY${LIST}`;

describe('detectFormat', () => {
  it.each([
    ['pcapng', new PcapngBuilder(true).done(), 'pcapng'],
    ['pcapng, big-endian', new PcapngBuilder(false).done(), 'pcapng'],
    ['pcap', pcapFile(true, 0xa1b2c3d4, 147, []), 'pcap'],
    ['pcap, big-endian', pcapFile(false, 0xa1b2c3d4, 147, []), 'pcap'],
    ['pcap in nanoseconds', pcapFile(true, 0xa1b23c4d, 147, []), 'pcap'],
    ['pcap in nanoseconds, big-endian', pcapFile(false, 0xa1b23c4d, 147, []), 'pcap'],
    ['NDJSON', ascii('{"no":1,"frame":1}\n'), 'ndjson'],
    ['NDJSON after blank lines and a byte-order mark', ascii('\ufeff\r\n\t {"no":1}'), 'ndjson'],
    ['VMIDs and hex', ascii(`3>255 ${HEX}\n`), 'hex'],
    ['hex', ascii(`${HEX}\n`), 'hex'],
    ['hex with a mistake', ascii('210\n'), 'hex'],
    ['hex with colons', ascii('21:01:00:00:17:00:00:56\n'), 'hex'],
    ['hex in groups', ascii('21010000 17000056\n'), 'hex'],
    ['full lines and a rest', ascii(`${FULL}\n${FULL}\n${HEX}\n`), 'xxd-p'],
    ['an old xxd', ascii('0000000: 2101 0000  !...\n'), 'xxd'],
    ['words that only the kernel prints so', ascii('00000000: 00000121 56000017\n'), 'dmesg'],
    ['a log whose first line is cut', ascii('ersion 6.12\n[    1.000000] rm: 00000000: 21 01\n'), 'dmesg'],
    ['lists of bytes', ascii(`${LIST}\n${LIST}\n`), 'array'],
    ['one list of bytes', ascii(LIST), 'array'],
    ['a trace whose first line is cut before its list', ascii(`${LIST}\n${RAW_EVENT}\n`), 'trace'],
    ['nothing', new Uint8Array(0), undefined],
    ['blank lines', ascii('\n \r\n'), undefined],
    ['prose', ascii('Hello, world\nand so on\n'), undefined],
    ['binary', Uint8Array.of(0x7f, 0x45, 0x4c, 0x46, 2, 1, 1, 0), undefined],
    ['a JSON array', ascii('[1,2]\n'), undefined],
  ])('%s', (_, file, expected) => {
    expect(detectFormat(file)).toBe(expected);
  });

  it('is not misled by a line that the end of the prefix cuts', () => {
    const text = ascii(`3>255 ${HEX}\n`.repeat(4000)).subarray(0, DETECT_SIZE);
    expect(detectFormat(text)).toBe('hex');
    // 1074 full lines and a piece of the next: without the next it is not known whether the last is shorter.
    const messages = ascii(`${FULL}\n`.repeat(2000)).subarray(0, DETECT_SIZE);
    expect(detectFormat(messages)).toBe('hex');
  });

  it('names only formats that exist', () => {
    expect(new Set(INPUT_FORMATS).size).toBe(INPUT_FORMATS.length);
  });
});

describe.each(inputFormats)('the example of $name', ({ name, example }) => {
  const file = binaryNames.has(name)
    ? (parseHex(example.replaceAll('\n', '')) as Uint8Array)
    : ascii(example);

  it('is recognised, and read with and without its name', () => {
    expect(detectFormat(file)).toBe(name);
    for (const isGiven of [false, true]) {
      const packets = packetsOf((sink, warn) => openReader(protocol, name, sink, warn, { isGiven }), file);
      expect(packets[0]?.hex).toMatch(/^21010[047]00/);
    }
  });
});
