import { useCallback, useEffect, useState } from 'preact/hooks';
import type { Client } from './client.js';
import type { CaptureState } from './use-capture.js';

/** The chosen message. */
export interface Choice {
  readonly no: number | undefined;
  /** Undefined when the filter hides the message. */
  readonly row: number | undefined;
}

const nothing: Choice = { no: undefined, row: undefined };

/** The chosen message and the ways to choose another one. @param tell tells the user why nothing is chosen */
export function useChoice(
  client: Client | undefined,
  view: CaptureState['view'],
  tell: (text: string) => void,
) {
  const [choice, setChoice] = useState<Choice>(nothing);
  useEffect(() => setChoice(nothing), [client]);
  const chooseRow = useCallback(
    (row: number) => {
      setChoice((before) => ({ ...before, row }));
      void client?.ask('rows', row, row + 1, []).then(([found]) => {
        // The user may have chosen another row since.
        if (found !== undefined) setChoice((now) => (now.row === row ? { row, no: found.no } : now));
      });
    },
    [client],
  );
  const chooseNo = useCallback(
    (no: number) => {
      void client?.ask('rowOf', no).then((row) => {
        setChoice({ no, row });
        if (row === undefined) tell(`The filter hides message ${no}.`);
      });
    },
    [client],
  );
  /** From a request to its reply and back. */
  const follow = useCallback(async () => {
    if (client === undefined || choice.row === undefined) return;
    const [row] = await client.ask('rows', choice.row, choice.row + 1, []);
    if (row === undefined) return;
    if (row.partner !== undefined) chooseNo(row.partner);
    else tell(row.unanswered ? 'No reply answers this request.' : 'This message has no counterpart.');
  }, [client, choice.row, chooseNo]);

  // The chosen message has another row in each view.
  useEffect(() => {
    const { no } = choice;
    if (no === undefined || client === undefined) return;
    void client.ask('rowOf', no).then((row) => setChoice((now) => (now.no === no ? { no, row } : now)));
  }, [client, view.view, view.complete]);
  return { choice, chooseRow, chooseNo, chooseNothing: () => setChoice(nothing), follow };
}
