import { type Line, lineReaders } from '../../base/line-readers.js';
import type { SavedState } from '../../fuzz/merge/merge.js';

const { object, natural, list, text, refuse } = lineReaders('campaign');

/**
 * The form of the state, and how cases follow from their numbers: both are other than before when this is. A campaign
 * goes on only with the version that began it.
 */
export const STATE_VERSION = 4;

/** Reads a saved state from JSON. @throws WireError `campaign` with the key of what is none. */
export function readState(json: unknown): SavedState {
  const state = object(json, '');
  if (state.version !== STATE_VERSION)
    refuse(
      'version',
      `${STATE_VERSION}, the version of the campaigns of this program (begin another folder)`,
      state.version ?? 'none',
    );
  object(state.origin, 'origin');
  naturals(state, '', ['serial', 'cases', 'steps']);
  objects(state, '', 'history', ['elapsedMs', 'cases', 'steps', 'pairs', 'findings'], []);
  naturals(object(state.spent, 'spent'), 'spent.', ['elapsedMs', 'refiningMs']);
  const counts = object(state.counts, 'counts');
  naturals(counts, 'counts.', Object.keys(counts));
  const coverage = object(state.coverage, 'coverage');
  objects(coverage, 'coverage.', 'endings', ['count', 'firstCase'], ['kind', 'text', 'message', 'from']);
  for (const key of ['pairs', 'mutated', 'cases', 'gains'])
    for (const [index, entry] of list(coverage[key], `coverage.${key}`).entries()) {
      const pair = list(entry, `coverage.${key}[${index}]`);
      if (pair.length !== 2) refuse(`coverage.${key}[${index}]`, 'an index and a count', entry);
      for (const number of pair) natural(number, `coverage.${key}[${index}]`);
    }
  return state as unknown as SavedState;
}

/** Checks a list of objects, by the keys of their integers and of their texts. */
function objects(
  line: Line,
  place: string,
  key: string,
  integers: readonly string[],
  texts: readonly string[],
): void {
  for (const [index, value] of list(line[key], place + key).entries()) {
    const at = `${place}${key}[${index}].`;
    const entry = object(value, `${place}${key}[${index}]`);
    naturals(entry, at, integers);
    for (const name of texts) text(entry[name], at + name);
  }
}

function naturals(line: Line, place: string, keys: readonly string[]): void {
  for (const key of keys) natural(line[key], place + key);
}
