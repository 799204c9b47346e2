import { describe, expect, it } from 'vitest';
import { protocol } from '../../schemas/index.js';
import { Comparison, type DiffEntry, entryAssembler } from '../../src/capture/diff/index.js';
import { type Level, levelsOf } from '../../src/capture/diff/numbering.js';
import { keysOfContents } from '../../src/capture/keys/index.js';
import { emptyPacket, packetWith } from '../../src/capture/packets/index.js';
import { Assembler, type AssemblerOptions, type CaptureRecord } from '../../src/capture/records/index.js';
import { rulesOf } from '../../src/rpc/index.js';
import { Random } from '../random.js';
import { Mutator, recordedFrames } from '../rpc/mutate.js';
import { withSeed } from '../seeded.js';

const frames = recordedFrames();
const ids = protocol.messages.map(({ id }) => id);

/** Gives the packets of a stream with changed messages; a few have a comment, are cut, or come after a gap. */
function play(assembler: Assembler, seed: number, count: number): void {
  const random = new Random(seed);
  const mutator = new Mutator(random, frames, ids);
  for (let frame = 1; frame <= count; frame++) {
    const data = mutator.frame();
    const isRequest = ((data[1] ?? 0) & 3) === 1;
    assembler.packet(
      packetWith(emptyPacket(), {
        frame,
        from: isRequest ? 3 : 255,
        to: isRequest ? 255 : 3,
        data,
        view: new DataView(data.buffer),
        end: data.length,
        comment: random.once(20) ? random.pick(['first', 'second', '']) : undefined,
        wholeSize: random.once(50) ? data.length + random.below(2) : undefined,
        lost: random.once(50) ? { count: random.pick([undefined, 1]) } : undefined,
        queue: random.once(50) ? 'other' : undefined,
      }),
    );
  }
  assembler.end();
}

const line = (record: CaptureRecord) => keysOfContents.toText(record, protocol);

describe.each(['rm', 'q515'])('what diff compares, by the rules %s', (name) => {
  const rules = rulesOf(name);
  const comparison = new Comparison(protocol);
  const { same, hash } = levelsOf(comparison)[0] as Level;

  it('is equal exactly where the lines of the messages are', () => {
    withSeed(17, (seed) => {
      const entries: DiffEntry[] = [];
      const expected: string[] = [];
      const plain: AssemblerOptions = { protocol, rules, record: (record) => expected.push(line(record)) };
      for (const stream of [seed, seed + 1]) {
        play(
          entryAssembler(comparison, rules, (entry) => entries.push(entry)),
          stream,
          1500,
        );
        play(new Assembler(plain), stream, 1500);
      }
      expect(entries.map((entry) => line(comparison.recordOf(entry)))).toEqual(expected);
      const byLine = new Map<string, DiffEntry[]>();
      for (const [at, entry] of entries.entries()) {
        const text = expected[at] as string;
        byLine.set(text, [...(byLine.get(text) ?? []), entry]);
      }
      for (const [first, ...others] of byLine.values())
        for (const other of others) {
          expect(same(first as DiffEntry, other)).toBe(true);
          expect(hash(first as DiffEntry)).toBe(hash(other));
        }
      expect(byLine.size).toBeLessThan(entries.length);
      // Whatever the hashes are, nothing else is equal.
      const firsts = Array.from(byLine.values(), ([first]) => first as DiffEntry);
      let equal = 0;
      for (const one of firsts) for (const other of firsts) if (same(one, other)) equal++;
      expect(equal).toBe(firsts.length);
    });
  });
});
