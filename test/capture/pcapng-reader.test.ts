import { describe, expect, it } from 'vitest';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { ascii, concat, PcapngBuilder, tag, upperPdu, user0 } from './build.js';
import { collect, packetsOf } from './collect.js';

const REQUEST = Uint8Array.of(0x21, 1, 0, 0, 0x17, 0, 0, 0x56);
const REQUEST_HEX = '2101000017000056';
const NS = { code: 9, value: Uint8Array.of(9) };
const seen = (frame: number, time: bigint | undefined, from = 3, to = 255, comment?: string) => ({
  frame,
  time,
  from,
  to,
  hex: REQUEST_HEX,
  comment,
});
const comment = (text: string) => ({ code: 1, value: ascii(text) });

describe.each([
  ['little-endian', true],
  ['big-endian', false],
])('pcapng, %s', (_, little) => {
  const builder = () => new PcapngBuilder(little);

  it('reads enhanced, simple and obsolete packet blocks of both link types', () => {
    const file = builder()
      .interface(252, [NS])
      .interface(147, [NS])
      .enhanced(0, 0x1798_0123_4567_89abn, upperPdu(3, 255, REQUEST))
      .simple(upperPdu(255, 3, REQUEST))
      .enhanced(1, 5n, user0(0x8001, 0xfffe, REQUEST))
      .obsolete(1, 0xffff_ffff_0000_0001n, user0(3, 255, REQUEST))
      .done();
    expect(packetsOf(pcapngReader, file)).toEqual([
      seen(1, 0x1798_0123_4567_89abn),
      seen(2, undefined, 255, 3),
      seen(3, 5n, 0x8001, 0xfffe),
      seen(4, 0xffff_ffff_0000_0001n),
    ]);
  });

  it.each([
    ['default: microseconds', undefined, 1_700_000_000_123_456n, 1_700_000_000_123_456_000n],
    ['seconds', 0, 1_700_000_000n, 1_700_000_000_000_000_000n],
    ['nanoseconds', 9, 7n, 7n],
    ['picoseconds, rounded down', 12, 1_700_000_000_000_001_999n, 1_700_000_000_000_001n],
    ['10^-127 s', 127, 2n ** 64n - 1n, 0n],
    ['2^-10 s', 0x8a, 1_536n, 1_500_000_000n],
    ['2^0 s', 0x80, 3n, 3_000_000_000n],
    ['2^-30 s, rounded down', 0x9e, 2n ** 30n + 1n, 1_000_000_000n],
  ])('reads the resolution %s', (_name, resolution, ticks, ns) => {
    const options = resolution === undefined ? [] : [{ code: 9, value: Uint8Array.of(resolution) }];
    const file = builder()
      .interface(147, options)
      .enhanced(0, ticks, user0(3, 255, REQUEST))
      .done();
    expect(packetsOf(pcapngReader, file)).toEqual([seen(1, ns)]);
  });

  it('adds the offset of the interface, which may lead before 1970', () => {
    const section = builder();
    const file = section
      .interface(147, [NS, section.option(14, 1_700_000_000n, 8)])
      .interface(147, [section.option(14, -2n, 8)])
      .enhanced(0, 42n, user0(3, 255, REQUEST))
      .enhanced(1, 1n, user0(3, 255, REQUEST))
      .done();
    expect(packetsOf(pcapngReader, file)).toEqual([
      seen(1, 1_700_000_000_000_000_042n),
      seen(2, -1_999_999_000n),
    ]);
  });

  it('keeps comments, joined, and passes other options by', () => {
    const flags = { code: 2, value: Uint8Array.of(1, 0, 0, 0) };
    const file = builder()
      .interface(147, [NS])
      .enhanced(0, 1n, user0(3, 255, REQUEST), [comment('first – ü'), flags, comment('second')])
      .enhanced(0, 2n, user0(3, 255, REQUEST), [flags])
      .enhanced(0, 3n, user0(3, 255, REQUEST), [comment('')])
      .done();
    expect(packetsOf(pcapngReader, file)).toEqual([
      seen(1, 1n, 3, 255, 'first – ü\nsecond'),
      seen(2, 2n),
      seen(3, 3n, 3, 255, ''),
    ]);
  });

  it('skips unknown blocks and starts each section with no interfaces', () => {
    const file = concat(
      builder().interface(147).block(0xbad, ascii('custom..')).block(5, new Uint8Array(12)).done(),
      new PcapngBuilder(!little)
        .interface(252, [NS])
        .enhanced(0, 9n, upperPdu(3, 255, REQUEST))
        .done(),
    );
    expect(packetsOf(pcapngReader, file)).toEqual([seen(1, 9n)]);
  });

  it('reads a packet cut by the snapshot length, with a warning', () => {
    const data = user0(3, 255, REQUEST);
    const file = builder()
      .interface(147, [NS], data.length)
      .enhanced(0, 1n, data, [], 99)
      .simple(data, 77)
      .done();
    const { packets, warnings, error } = collect(pcapngReader, file);
    expect(error).toBeUndefined();
    expect(packets).toEqual([seen(1, 1n), seen(2, undefined)]);
    expect(warnings.map(({ code, frame, message }) => [code, frame, message])).toEqual([
      ['snaplen', 1, '12 of 99 bytes were captured'],
      ['snaplen', 2, '12 of 77 bytes were captured'],
    ]);
  });
});

describe('what pcapng packets are skipped', () => {
  it('those with a broken framing, counted and named with their place', () => {
    const builder = new PcapngBuilder().interface(252, [NS]).interface(147, [NS]);
    const start = builder.done().length;
    const endTag = tag(0, new Uint8Array(0));
    const file = builder
      .enhanced(0, 1n, Uint8Array.of(0, 12, 0, 12, 0x67))
      .enhanced(0, 1n, tag(12, ascii('gunyah_rm')))
      .enhanced(0, 1n, concat(tag(12, ascii('gunyah_rm')), endTag, Uint8Array.of(3, 0, 255)))
      .enhanced(1, 1n, Uint8Array.of(3, 0, 255))
      .enhanced(7, 1n, user0(3, 255, REQUEST))
      .enhanced(1, 6n, user0(3, 255, REQUEST))
      .done();
    const { packets, warnings, error } = collect(pcapngReader, file);
    expect(error).toBeUndefined();
    expect(packets).toEqual([seen(6, 6n)]);
    expect(warnings.map(({ code, frame, offset }) => [code, frame, offset])).toEqual([
      ['packet', 1, start],
      ['packet', 2, start + 40],
      ['packet', 3, start + 88],
      ['packet', 4, start + 144],
      ['packet', 5, start + 180],
    ]);
  });

  it('those for another dissector, or for none', () => {
    const end = tag(0, new Uint8Array(0));
    const file = new PcapngBuilder()
      .interface(252, [NS])
      .enhanced(0, 1n, upperPdu(3, 255, REQUEST, 'sip'))
      .enhanced(0, 2n, concat(end, user0(3, 255, REQUEST)))
      .enhanced(
        0,
        3n,
        concat(
          tag(33, ascii('abc')),
          tag(12, ascii('gunyah_rm')),
          tag(20, ascii('x')),
          end,
          user0(3, 255, REQUEST),
        ),
      )
      .enhanced(0, 4n, concat(Uint8Array.of(0, 12, 0, 9), ascii('gunyah_rm'), end, user0(3, 255, REQUEST)))
      .done();
    const { packets, warnings } = collect(pcapngReader, file);
    expect(packets).toEqual([seen(3, 3n), seen(4, 4n)]);
    expect(warnings.map(({ code, frame, message }) => [code, frame, message])).toEqual([
      ['dissector', 1, 'the packet is for the dissector "sip"'],
      ['dissector', 2, 'the packet names no dissector'],
    ]);
  });

  it('those of another link type, with one warning per interface', () => {
    const file = new PcapngBuilder()
      .interface(1)
      .interface(147, [NS])
      .enhanced(0, 1n, ascii('ethernet'))
      .enhanced(0, 2n, ascii('ethernet'))
      .enhanced(1, 3n, user0(3, 255, REQUEST))
      .done();
    const { packets, warnings, error } = collect(pcapngReader, file);
    expect(error).toBeUndefined();
    expect(packets).toEqual([seen(3, 3n)]);
    expect(warnings).toHaveLength(1);
    expect(warnings[0]).toMatchObject({ code: 'link_type', frame: 1 });
  });

  it('none because of broken options: what was good of them counts', () => {
    const overrun = { code: 1, value: ascii('cut') };
    const builder = new PcapngBuilder();
    const packet = user0(3, 255, REQUEST);
    const body = new PcapngBuilder()
      .interface(147, [NS])
      .enhanced(0, 5n, packet, [comment('good'), overrun])
      .done();
    // The length of the second comment, behind header (28), interface (32) and packet (28 + 12 + 8).
    body[28 + 32 + 40 + 8 + 2] = 0xff;
    const { packets, warnings, error } = collect(pcapngReader, body);
    expect(error).toBeUndefined();
    expect(packets).toEqual([seen(1, 5n, 3, 255, 'good')]);
    expect(warnings.map(({ code, frame }) => [code, frame])).toEqual([['option', 1]]);

    const wrongSize = builder
      .interface(147, [{ code: 9, value: Uint8Array.of(9, 9) }])
      .enhanced(0, 5n, packet)
      .done();
    expect(collect(pcapngReader, wrongSize)).toMatchObject({
      packets: [seen(1, 5000n)],
      warnings: [{ code: 'option', frame: 0 }],
    });
  });
});
