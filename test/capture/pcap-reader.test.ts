import { describe, expect, it } from 'vitest';
import { pcapReader } from '../../src/capture/pcap/index.js';
import { ascii, pcapFile, upperPdu, user0 } from './build.js';
import { collect, packetsOf, placeOf } from './collect.js';

const REQUEST = Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56);
const DATA = user0(3, 255, REQUEST);
const HEX = '2101000017000056';
const MICRO = 0xa1b2c3d4;
const NANO = 0xa1b23c4d;

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('pcap, %s', (_, little) => {
  it.each([
    ['microseconds', MICRO, 1000n],
    ['nanoseconds', NANO, 1n],
  ])('reads %s', (_unit, magic, nsPerTick) => {
    const file = pcapFile(little, magic, 147, [
      { second: 1_700_000_000, fraction: 123_456, data: DATA },
      { second: 1_700_000_000, fraction: 123_457, data: user0(255, 3, REQUEST) },
      { second: 0xffff_ffff, fraction: 999_999, data: DATA },
    ]);
    const time = (second: bigint, fraction: bigint) => second * 1_000_000_000n + fraction * nsPerTick;
    const common = { hex: HEX, comment: undefined };
    expect(packetsOf(pcapReader, file)).toEqual([
      { frame: 1, time: time(1_700_000_000n, 123_456n), from: 3, to: 255, ...common },
      { frame: 2, time: time(1_700_000_000n, 123_457n), from: 255, to: 3, ...common },
      { frame: 3, time: time(0xffff_ffffn, 999_999n), from: 3, to: 255, ...common },
    ]);
  });

  it('reads link type 252, whatever stands above the link type in its word', () => {
    const record = { second: 1, fraction: 2, data: upperPdu(3, 255, REQUEST) };
    const file = pcapFile(little, NANO, 252 + 0x1000_0000, [record]);
    expect(packetsOf(pcapReader, file)).toMatchObject([{ from: 3, to: 255, hex: HEX }]);
  });
});

describe('pcap with something wrong', () => {
  const record = { second: 1, fraction: 2, data: DATA };

  it.each([
    ['another file', ascii('PK\x03\x04 and so on'), ['magic', 'file_header.magic', 0]],
    ['nothing', new Uint8Array(0), ['truncated', 'file_header', 0]],
    ['a cut header', pcapFile(true, MICRO, 147, []).subarray(0, 23), ['truncated', 'file_header', 0]],
    ['a link type', pcapFile(true, MICRO, 1, [record]), ['link_type', 'file_header.link_type', 20]],
    ['a cut record', pcapFile(true, MICRO, 147, [record]).subarray(0, 51), ['truncated', 'record', 24]],
  ])('%s', (_, file, place) => {
    expect(placeOf(collect(pcapReader, file).error)).toEqual(place);
    expect(placeOf(collect(pcapReader, file, 1).error)).toEqual(place);
  });

  it('a version', () => {
    const file = pcapFile(false, MICRO, 147, [record]);
    file[5] = 3;
    expect(placeOf(collect(pcapReader, file).error)).toEqual(['version', 'file_header.major_version', 4]);
  });

  it('a captured length that lies', () => {
    const file = pcapFile(true, MICRO, 147, [record, record]);
    file.fill(0xff, 24 + 28 + 8, 24 + 28 + 12);
    const { packets, error } = collect(pcapReader, file);
    expect(packets).toHaveLength(1);
    expect(placeOf(error)).toEqual(['block_length', 'record.captured_length', 60]);
  });

  it('a packet without pseudo-header is counted and skipped, one cut short is delivered', () => {
    const file = pcapFile(true, MICRO, 147, [
      { second: 1, fraction: 2, data: Uint8Array.of(3, 0, 255) },
      { ...record, original: 250 },
    ]);
    const { packets, warnings } = collect(pcapReader, file);
    expect(packets).toMatchObject([{ frame: 2, hex: HEX }]);
    expect(warnings.map(({ code, frame, offset }) => [code, frame, offset])).toEqual([
      ['packet', 1, 24],
      ['snaplen', 2, 43],
    ]);
  });
});
