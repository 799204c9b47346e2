import type { FindQuery } from '../data/find.js';
import type { Client } from './client.js';
import { queryOf, type Wanted } from './find-bar.js';

/** Goes to the messages that are looked for, from the chosen row on. @param tell tells the user what came of it */
export function useFind(
  client: Client | undefined,
  latestRow: () => number | undefined,
  chooseRow: (row: number) => void,
  tell: (text: string) => void,
) {
  const go = async (query: FindQuery, step: 1 | -1) => {
    if (client === undefined) return;
    tell('Looking…');
    const answer = await client.ask('find', query, latestRow() ?? -1, step);
    if ('error' in answer) tell(answer.error);
    else if ('none' in answer) tell(query.kind === 'mark' ? 'No message is marked.' : 'Nothing found.');
    else {
      const ends = step > 0 ? 'from the beginning again' : 'from the end again';
      tell(answer.wrapped ? `Found ${ends}.` : '');
      chooseRow(answer.row);
    }
  };
  return {
    kind: (kind: 'problem' | 'mark', step: 1 | -1) => void go({ kind }, step),
    /** @returns false if the user has not said yet what to find */
    text(wanted: Wanted, columns: readonly string[], step: 1 | -1): boolean {
      const query = queryOf(wanted, columns);
      if (query !== undefined) void go(query, step);
      return query !== undefined;
    },
  };
}
