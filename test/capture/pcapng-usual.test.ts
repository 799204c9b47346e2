import { expect, it } from 'vitest';
import { emptyPacket, type UsualSink } from '../../src/capture/packets/index.js';
import { pcapngReader } from '../../src/capture/pcap/index.js';
import { Random } from '../random.js';
import { withSeed } from '../seeded.js';
import { ascii, PcapngBuilder, upperPdu, user0 } from './build.js';
import { collect, type MakeReader } from './collect.js';

/** Less than any block: the reader puts each block together and then looks at it closely. */
const SMALL_PIECE = 7;

/** A capture of either byte order with blocks of all kinds, of which some bytes are changed. */
function capture(random: Random, little: boolean): Uint8Array {
  const builder = new PcapngBuilder(little);
  const resolution = { code: 9, value: Uint8Array.of(9) };
  builder.interface(random.below(20) === 0 ? 1 : 252, random.below(3) > 0 ? [resolution] : []);
  builder.interface(147, [{ code: 2, value: ascii('eth') }], random.below(4) === 0 ? 20 : 0);
  if (random.below(3) === 0) builder.interface(1);
  for (let count = random.below(30); count > 0; count--) {
    const message = Uint8Array.from({ length: random.below(40) }, () => random.below(256));
    const index = random.below(2);
    const name = random.below(10) > 0 ? 'gunyah_rm' : 'other';
    const data = index === 0 ? upperPdu(3, 255, message, name) : user0(255, 3, message);
    const time = BigInt(random.below(2 ** 32)) << BigInt(random.below(33));
    const kind = random.below(20);
    if (kind === 0) builder.simple(data);
    else if (kind === 1) builder.obsolete(index, time, data);
    else if (kind === 2) builder.enhanced(index, time, data, [{ code: 1, value: ascii('comment') }]);
    else if (kind === 3) builder.enhanced(index, time, data, [], data.length + random.below(9));
    else if (kind === 4) builder.enhanced(random.below(5), time, data);
    else builder.enhanced(index, time, data);
  }
  const file = builder.done();
  for (let count = random.below(4); count > 0; count--) {
    const value = random.below(3) === 0 ? random.below(256) : random.pick([0, 1, 4, 0xfc, 0xff]);
    file[random.below(file.length)] = value;
  }
  return file;
}

/** A reader of which some packets are taken as usual ones, and then passed on as all others. */
function readerOfUsual(takes: () => boolean): MakeReader {
  return (sink, warn) => {
    const usual: UsualSink = (view, start, end, from, to, frame, clockTime) => {
      if (!takes()) return false;
      const data = new Uint8Array(view.buffer, view.byteOffset, view.byteLength);
      const time = clockTime.ns;
      sink(Object.assign(emptyPacket(), { frame, time, from, to, data, view, start, end }));
      return true;
    };
    return pcapngReader(sink, warn, undefined, usual);
  };
}

it('reads usual packets without a second look as it reads others', () =>
  withSeed(4117, (seed) => {
    const random = new Random(seed);
    let packets = 0;
    for (let run = 0; run < 600; run++) {
      const file = capture(random, random.below(2) === 0);
      const expected = collect(pcapngReader, file, SMALL_PIECE);
      expect(collect(pcapngReader, file)).toEqual(expected);
      expect(collect(pcapngReader, file, 100 + random.below(300))).toEqual(expected);
      packets += expected.packets.length;
    }
    expect(packets).toBeGreaterThan(1000);
  }));

it('gives packets to who takes usual ones as it gives them to others', () =>
  withSeed(4118, (seed) => {
    const random = new Random(seed);
    let taken = 0;
    const takes = () => {
      const isTaken = random.below(2) === 0;
      if (isTaken) taken++;
      return isTaken;
    };
    for (let run = 0; run < 300; run++) {
      const file = capture(random, random.below(2) === 0);
      expect(collect(readerOfUsual(takes), file)).toEqual(collect(pcapngReader, file));
    }
    expect(taken).toBeGreaterThan(300);
  }));

it('calls no packet usual whose time is of another clock than UTC', () => {
  const builder = new PcapngBuilder(true);
  builder.interface(147, [{ code: 3, value: ascii('gunyah-rm: clock boot') }]);
  builder.enhanced(0, 5n, user0(255, 3, Uint8Array.of(1)));
  const file = builder.done();
  let asked = 0;
  const { packets } = collect(
    readerOfUsual(() => ++asked > 0),
    file,
  );
  expect(packets).toHaveLength(1);
  expect(asked).toBe(0);
});
