import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
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
  const [choice, render] = useState<Choice>(nothing);
  /** The choice at this moment: keys may come faster than the page is drawn. */
  const latest = useRef<Choice>(nothing);
  const setChoice = (next: Choice | ((before: Choice) => Choice)) => {
    latest.current = typeof next === 'function' ? next(latest.current) : next;
    render(latest.current);
  };
  /** How often something was chosen. An answer that belongs to an earlier choice comes too late. */
  const choices = useRef(0);
  const chooseNothing = () => {
    choices.current++;
    setChoice(nothing);
  };
  useEffect(chooseNothing, [client]);
  const chooseRow = useCallback(
    (row: number) => {
      const own = ++choices.current;
      setChoice((before) => ({ ...before, row }));
      void client?.ask('rows', row, row + 1, []).then(([found]) => {
        if (found !== undefined && own === choices.current) setChoice({ row, no: found.no });
      });
    },
    [client],
  );
  const chooseNo = useCallback(
    (no: number) => {
      const own = ++choices.current;
      void client?.ask('rowOf', no).then((row) => {
        if (own !== choices.current) return;
        setChoice({ no, row });
        if (row === undefined) tell(`The filter hides message ${no}.`);
      });
    },
    [client],
  );
  /** From a request to its reply and back. */
  const follow = useCallback(async () => {
    const { row: place } = latest.current;
    if (client === undefined || place === undefined) return;
    const own = choices.current;
    const [row] = await client.ask('rows', place, place + 1, []);
    if (row === undefined || own !== choices.current) return;
    if (row.partner !== undefined) chooseNo(row.partner);
    else tell(row.unanswered ? 'No reply answers this request.' : 'This message has no counterpart.');
  }, [client, chooseNo]);

  // The chosen message has another row in each view.
  useEffect(() => {
    const { no } = choice;
    if (no === undefined || client === undefined) return;
    const own = choices.current;
    void client.ask('rowOf', no).then((row) => {
      if (own === choices.current) setChoice((now) => (now.no === no ? { no, row } : now));
    });
  }, [client, view.view, view.complete]);
  return { choice, latestRow: () => latest.current.row, chooseRow, chooseNo, chooseNothing, follow };
}
