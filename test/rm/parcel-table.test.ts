import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { Parcel, Participant } from '../../src/rm/parcels/parcel.js';
import { ParcelTable } from '../../src/rm/parcels/table.js';
import { holds } from '../seeded.js';

const OWNERS = [3, 128];
const HANDLE_MAX = 0xffffffff;

function parcelOf(handle: number, owner: number): Parcel {
  return new Parcel(handle, owner, {}, 0, 0, 0, false, [new Participant(131 - owner, 7, 0)], []);
}

describe('the table of parcels', () => {
  it('finds parcels by handle and lists them oldest first, whichever came and went', () => {
    const step = fc.record({
      owner: fc.constantFrom(...OWNERS),
      // Now and then one that another manager gave out. Some share a list with small ones.
      next: fc.option(fc.constantFrom(64, 65, 128, 0x80000000, HANDLE_MAX - 1, HANDLE_MAX), { freq: 4 }),
      removed: fc.option(fc.nat(20), { freq: 1 }),
    });
    holds(
      fc.property(fc.array(step, { maxLength: 60 }), (steps) => {
        const table = new ParcelTable();
        const model = new Map<number, Parcel>();
        for (const { owner, next, removed } of steps) {
          if (next !== null) table.nextHandle = next;
          const parcel = parcelOf(table.takeHandle(), owner);
          expect(parcel.handle).not.toBe(HANDLE_MAX);
          expect(model.has(parcel.handle)).toBe(false);
          table.add(parcel);
          model.set(parcel.handle, parcel);
          const gone = removed === null ? undefined : [...model.values()][removed];
          if (gone === undefined) continue;
          table.delete(gone);
          model.delete(gone.handle);
          expect(table.get(gone.handle)).toBeUndefined();
        }
        const left = [...model.values()];
        expect([...table.all()]).toEqual(left);
        for (const parcel of left) expect(table.get(parcel.handle)).toBe(parcel);
        for (const owner of OWNERS) {
          expect([...table.ownedBy(owner)]).toEqual(left.filter((parcel) => parcel.owner === owner));
          expect(table.namedFor(131 - owner)).toEqual(left.filter((parcel) => parcel.owner === owner));
        }
      }),
    );
  });

  it('finds parcels of which more share a list than it takes', () => {
    const table = new ParcelTable();
    const parcels = Array.from({ length: 200 }, (_, index) => parcelOf(index * 64, 3));
    for (const parcel of parcels) table.add(parcel);
    const [even, odd] = [0, 1].map((rest) => parcels.filter((_, index) => index % 2 === rest)) as [
      Parcel[],
      Parcel[],
    ];
    for (const parcel of even) table.delete(parcel);
    for (const { handle } of even) expect(table.get(handle)).toBeUndefined();
    for (const parcel of odd) expect(table.get(parcel.handle)).toBe(parcel);
    const again = even.map(({ handle }) => parcelOf(handle, 3));
    for (const parcel of again) table.add(parcel);
    for (const parcel of [...odd, ...again]) expect(table.get(parcel.handle)).toBe(parcel);
    expect([...table.all()]).toEqual([...odd, ...again]);
  });

  it('lists the parcels of one owner without a look at those of others', () => {
    const table = new ParcelTable();
    let reads = 0;
    const watched: ProxyHandler<Parcel> = {
      get(parcel, key) {
        reads++;
        return Reflect.get(parcel, key);
      },
    };
    for (let handle = 0; handle < 100; handle++) table.add(new Proxy(parcelOf(handle, 128), watched));
    const own = parcelOf(100, 3);
    table.add(own);
    reads = 0;
    const [first, ...others] = table.ownedBy(3);
    expect(first).toBe(own);
    expect(others).toHaveLength(0);
    expect(reads).toBe(0);
  });
});
