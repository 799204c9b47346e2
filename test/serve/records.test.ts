import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { WireError } from '../../src/base/error.js';
import { RecordSplitter, writeRecord } from '../../src/serve/index.js';
import { expectEqual, expectIs } from '../same.js';
import { holds } from '../seeded.js';

interface Taken {
  readonly from: number;
  readonly to: number;
  readonly message: Uint8Array;
}

const vmid = fc.integer({ min: 0, max: 0xffff });
const records = fc.array(
  fc.record({
    from: vmid.filter((from) => from !== 255),
    to: vmid,
    message: fc.uint8Array({ maxLength: 300 }),
  }),
);

function join(list: readonly Taken[]): Uint8Array {
  return Uint8Array.from(list.flatMap(({ from, to, message }) => [...writeRecord(from, to, message)]));
}

/** What comes out when the bytes arrive in pieces of these sizes, over and over. */
function split(bytes: Uint8Array, sizes: readonly number[]): { taken: Taken[]; error: unknown } {
  const taken: Taken[] = [];
  const splitter = new RecordSplitter((from, to, message) => taken.push({ from, to, message }));
  try {
    for (let at = 0, turn = 0; at < bytes.length; turn++) {
      const size = sizes[turn % sizes.length] as number;
      // Overwritten afterwards, as a socket's buffer may be.
      const piece = Buffer.from(bytes.subarray(at, at + size));
      splitter.push(piece);
      piece.fill(0xa5);
      at += size;
    }
  } catch (error) {
    return { taken, error };
  }
  return { taken, error: undefined };
}

const pieces = fc.array(fc.integer({ min: 1, max: 700 }), { minLength: 1, maxLength: 8 });

describe('records of the stream transport', () => {
  it('have the form of cli.md', () => {
    expect([...writeRecord(0x0102, 255, Uint8Array.of(7, 8))]).toEqual([6, 0, 2, 1, 255, 0, 7, 8]);
  });

  it('come back whole, however they are cut', () => {
    holds(
      fc.property(records, pieces, (list, sizes) => {
        expectEqual(split(join(list), sizes), { taken: list, error: undefined });
      }),
      300,
      1,
    );
  });

  it('end with an error at the first that cannot be, after those before it', () => {
    const short = fc.integer({ min: 0, max: 3 }).map((size) => Uint8Array.of(size, 0, 3, 0, 255, 0));
    const fromManager = fc.uint8Array({ maxLength: 20 }).map((message) => writeRecord(255, 3, message));
    holds(
      fc.property(records, pieces, fc.oneof(short, fromManager), (list, sizes, wrong) => {
        const { taken, error } = split(Uint8Array.from([...join(list), ...wrong]), sizes);
        expectEqual(taken, list);
        expect(error).toBeInstanceOf(WireError);
        expect(error).toMatchObject({ code: 'record', offset: join(list).length });
      }),
      300,
      2,
    );
  });

  it('are random bytes or an error', () => {
    holds(
      fc.property(fc.uint8Array({ maxLength: 2000 }), pieces, (bytes, sizes) => {
        const { error } = split(bytes, sizes);
        expectIs(error === undefined || error instanceof WireError, true);
      }),
      300,
      3,
    );
  });
});
