import { describe, expect, it } from 'vitest';
import type { Case } from '../../src/conform/case.js';
import { managerCases } from '../../src/conform/index.js';
import { isWhole, partOf } from '../part.js';
import { type Place, RecordedPlaces } from './recorded-places.js';

const PLANTED = 'planted: ';

/** The case with another error than the manager answers. */
function withWrongError(item: Case): Case[] {
  const [first, ...rest] = item.steps;
  if (first === undefined || typeof first.expect !== 'string') return [];
  const expect = first.expect === 'BUSY' ? 'NOMEM' : 'BUSY';
  return [{ ...item, name: `${PLANTED}${item.name}`, steps: [{ ...first, expect }, ...rest] }];
}

const cases = managerCases();
const found = new RecordedPlaces([...cases, ...cases.flatMap(withWrongError)]);
const recordings = isWhole ? ['rm23', 'rm23-qemu', 'rm23-lives', 'rm23-production'] : ['rm23', 'rm23-qemu'];
for (const name of recordings) found.read(`${name}.ndjson`, partOf);

const all = [...found.places];
const isPlanted = ([name]: readonly [string, unknown]) => name.startsWith(PLANTED);
const own = all.filter((entry) => !isPlanted(entry));
const contradicted = (places: readonly Place[]) => places.filter(({ differences }) => differences > 0);

describe('the cases for managers, at the places of recordings where the same is asked in the same state', () => {
  it('demand what the recorded manager did', () => {
    expect(
      own.flatMap(([name, places]) => contradicted(places).map((place) => ({ name, ...place }))),
    ).toEqual([]);
  });

  it('are found there', () => {
    const places = own.reduce((sum, [, { length }]) => sum + length, 0);
    const chapters = new Set(own.map(([name]) => name.split('/')[0]));
    const counts = { cases: own.length, chapters: chapters.size, places };
    // Of 521 cases and twelve chapters.
    const least = isWhole
      ? { cases: 126, chapters: 9, places: 3945 }
      : { cases: 20, chapters: 6, places: 300 };
    for (const [name, count] of Object.entries(least))
      expect([name, counts[name as keyof typeof counts]]).toEqual([
        name,
        expect.toSatisfy((own) => own >= count),
      ]);
  });

  it('contradict the recordings where they demand another error', () => {
    const planted = all.filter(isPlanted);
    expect(planted.length).toBeGreaterThan(isWhole ? 60 : 5);
    for (const [name, places] of planted) expect([name, contradicted(places)]).toEqual([name, places]);
  });
});
