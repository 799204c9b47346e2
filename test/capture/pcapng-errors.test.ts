import { describe, expect, it } from 'vitest';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { ascii, Bytes, concat, PcapngBuilder, user0 } from './build.js';
import { collect, placeOf } from './collect.js';

const DATA = user0(3, 255, Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56));
/** Section header 28 bytes, interface 20, then packet blocks of 44. */
const good = () => new PcapngBuilder().interface(147).enhanced(0, 1n, DATA);
const AFTER_GOOD = 28 + 20 + 44;

/** A block as it stands, its lengths not checked against its body. */
function lyingBlock(type: number, total: number, body: Uint8Array, trailing: number): Uint8Array {
  return new Bytes(true).uint(type, 4).uint(total, 4).raw(body).uint(trailing, 4).done();
}

function enhancedBody(captured: number): Uint8Array {
  return new Bytes(true).uint(0, 12).uint(captured, 4).uint(captured, 4).raw(DATA).done();
}

describe('pcapng that is none', () => {
  it.each([
    ['another file', ascii('%PDF-1.7 and so on'), ['magic', 'section_header.block_type', 0]],
    ['four wrong bytes', Uint8Array.of(1, 2, 3, 4), ['magic', 'section_header.block_type', 0]],
    ['nothing', new Uint8Array(0), ['truncated', 'section_header', 0]],
    ['less than a magic', Uint8Array.of(0x0a, 0x0d), ['truncated', 'block', 0]],
    ['a cut magic', Uint8Array.of(0x0a, 0x0d, 0x0d, 0x0a, 28), ['truncated', 'section_header', 0]],
  ])('%s', (_, file, place) => {
    expect(placeOf(collect(pcapngReader, file).error)).toEqual(place);
    expect(placeOf(collect(pcapngReader, file, 1).error)).toEqual(place);
  });

  it('refuses a byte-order magic and a version it does not know', () => {
    const magic = new PcapngBuilder().done();
    magic[9] = 0;
    expect(placeOf(collect(pcapngReader, magic).error)).toEqual([
      'magic',
      'section_header.byte_order_magic',
      8,
    ]);
    const version = new PcapngBuilder().done();
    version[12] = 2;
    expect(placeOf(collect(pcapngReader, version).error)).toEqual([
      'version',
      'section_header.major_version',
      12,
    ]);
  });
});

describe('block lengths that lie', () => {
  it.each([
    ['no multiple of 4', lyingBlock(6, 45, enhancedBody(12), 45), 'enhanced_packet.total_length', 4],
    ['zero', lyingBlock(6, 0, enhancedBody(12), 0), 'enhanced_packet.total_length', 4],
    ['below the fixed fields', lyingBlock(6, 28, enhancedBody(12), 28), 'enhanced_packet.total_length', 4],
    [
      'below the fixed fields of an obsolete packet',
      lyingBlock(2, 28, enhancedBody(12), 28),
      'packet.total_length',
      4,
    ],
    [
      'below the fixed fields of a simple packet',
      lyingBlock(3, 12, DATA, 12),
      'simple_packet.total_length',
      4,
    ],
    [
      'below the fixed fields of an interface',
      lyingBlock(1, 16, DATA, 16),
      'interface_description.total_length',
      4,
    ],
    ['below any block', lyingBlock(0x99, 8, DATA, 8), 'block.total_length', 4],
    ['absurd', lyingBlock(6, 0xffff_fffc, enhancedBody(12), 44), 'enhanced_packet.total_length', 4],
    ['different at the end', lyingBlock(6, 44, enhancedBody(12), 48), 'enhanced_packet.trailing_length', 40],
    [
      'more captured than the block holds',
      lyingBlock(6, 44, enhancedBody(13), 44),
      'enhanced_packet.captured_length',
      20,
    ],
    [
      'far more captured',
      lyingBlock(6, 44, enhancedBody(0xffff_ffff), 44),
      'enhanced_packet.captured_length',
      20,
    ],
    ['more in an obsolete packet', lyingBlock(2, 44, enhancedBody(16), 44), 'packet.captured_length', 20],
    [
      'more in a simple packet',
      lyingBlock(3, 28, concat(Uint8Array.of(13, 0, 0, 0), DATA), 28),
      'simple_packet.original_length',
      8,
    ],
  ])('%s', (_, block, path, at) => {
    const file = concat(good().done(), block);
    const whole = collect(pcapngReader, file);
    expect(placeOf(whole.error)).toEqual(['block_length', path, AFTER_GOOD + at]);
    expect(whole.packets).toHaveLength(1);
    expect(collect(pcapngReader, file, 1)).toEqual(whole);
  });

  it('allocates nothing for what has not arrived', () => {
    const file = concat(good().done(), lyingBlock(6, 256 * 1024 * 1024, enhancedBody(12), 0));
    const { packets, error } = collect(pcapngReader, file);
    expect(packets).toHaveLength(1);
    expect(placeOf(error)).toEqual(['truncated', 'enhanced_packet', AFTER_GOOD]);
    expect([error?.expected, error?.actual]).toEqual([256 * 1024 * 1024, 44]);
  });
});

it('says link_type at the end when no packet was of one we read', () => {
  const file = new PcapngBuilder().interface(147).interface(1).enhanced(1, 1n, ascii('ethernet')).done();
  const { warnings, error } = collect(pcapngReader, file);
  expect(placeOf(error)).toEqual(['link_type', 'interface_description.link_type', 48]);
  expect([error?.expected, error?.actual]).toEqual(['252 or 147', 1]);
  expect(warnings.map(({ code }) => code)).toEqual(['link_type']);
});

it('takes a file without packets as empty, whatever its interfaces', () => {
  expect(collect(pcapngReader, new PcapngBuilder().interface(1).done()).error).toBeUndefined();
  expect(collect(pcapngReader, new PcapngBuilder().done()).error).toBeUndefined();
});
