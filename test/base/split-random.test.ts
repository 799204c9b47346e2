import { describe, expect, it } from 'vitest';
import { Random } from '../../src/base/random.js';

function draw(random: Random, count: number): number[] {
  return Array.from({ length: count }, () => random.u32());
}

describe('Random', () => {
  it('gives the numbers that it always gave', () => {
    expect(draw(new Random(0), 4)).toEqual([2328365716, 2844375698, 3127745742, 2657707841]);
    expect(draw(new Random(1).child('faults'), 4)).toEqual([4246689967, 3652102320, 390829255, 2105051257]);
    expect(Array.from({ length: 8 }, (_, index) => new Random(7, `/${index}`).below(1000))).toEqual([
      793, 38, 181, 969, 235, 737, 537, 365,
    ]);
  });

  it('splits by name: what others draw changes nothing', () => {
    const parent = new Random(5);
    const before = draw(parent.child('a'), 8);
    draw(parent, 100);
    draw(parent.child('b'), 100);
    expect(draw(parent.child('a'), 8)).toEqual(before);
    expect(draw(parent.child('b'), 8)).not.toEqual(before);
    expect(draw(new Random(6).child('a'), 8)).not.toEqual(before);
    expect(draw(parent.child('a').child('b'), 4)).not.toEqual(draw(parent.child('a/b0'), 4));
  });

  it('takes the low 32 bits of a seed', () => {
    expect(draw(new Random(2 ** 32 + 3), 4)).toEqual(draw(new Random(3), 4));
    expect(draw(new Random(-1), 4)).toEqual(draw(new Random(0xffffffff), 4));
  });

  it('spreads evenly', () => {
    const random = new Random(9);
    const counts = new Array<number>(6).fill(0);
    for (let run = 0; run < 60_000; run++) {
      const value = random.below(6);
      counts[value] = (counts[value] as number) + 1;
    }
    for (const count of counts) expect(Math.abs(count - 10_000)).toBeLessThan(400);
    let hits = 0;
    for (let run = 0; run < 10_000; run++) if (random.chance(0.25)) hits++;
    expect(Math.abs(hits - 2500)).toBeLessThan(150);
    expect(random.chance(0)).toBe(false);
    expect(random.chance(1)).toBe(true);
    expect(random.below(1)).toBe(0);
  });
});
