import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CaptureSource } from '../data/api.js';
import { columns, type TimeMode } from './columns.js';
import { ColumnsMenu } from './columns-menu.js';
import { Details } from './details.js';
import { FilterBar } from './filter-bar.js';
import { Lanes } from './lanes.js';
import { MessageTable } from './message-table.js';
import { Overview } from './overview.js';
import { SaveButton } from './save-button.js';
import { useMedia, useSetting } from './settings.js';
import { useShortcuts } from './shortcuts.js';
import { type TabName, Tabs } from './tabs.js';
import { summaryText, useCapture, useSettled } from './use-capture.js';

interface Choice {
  readonly no: number | undefined;
  /** Undefined when the filter hides the message. */
  readonly row: number | undefined;
}

interface CaptureProps {
  readonly source: CaptureSource;
  readonly theme: string;
}

/** One open capture. */
export function Capture({ source, theme }: CaptureProps) {
  const { client, state } = useCapture(source);
  const [tab, setTab] = useState<TabName>('messages');
  const [choice, setChoice] = useState<Choice>({ no: undefined, row: undefined });
  const latestFilter = useRef('');
  /** Number of filters set other than by typing. Each makes a new filter bar, which begins with that filter. */
  const [filtersSet, setFiltersSet] = useState(0);
  const [filterInUse, setFilterInUse] = useState('');
  const [filterError, setFilterError] = useState<string>();
  const [notice, setNotice] = useState('');
  const narrow = useMedia('(max-width: 700px)');
  const usual = columns.filter((column) => !narrow || column.narrow).map(({ key }) => key);
  const [chosenColumns, setColumns] = useSetting<readonly string[] | null>(
    narrow ? 'columns-narrow' : 'columns',
    null,
  );
  const [timeMode, setTimeMode] = useSetting<TimeMode>('time', 'utc');
  const filterInput = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const { progress, view, problem, warnings } = state;
  const messages = useSettled(progress?.messages ?? 0, progress?.done ?? false);

  const focusTable = () => main.current?.querySelector<HTMLElement>('[role=grid]')?.focus();
  const chooseRow = useCallback(
    (row: number) => {
      setChoice((before) => ({ ...before, row }));
      void client?.ask('rows', row, row + 1).then(([found]) => {
        // The user may have chosen another row since.
        if (found !== undefined) setChoice((now) => (now.row === row ? { row, no: found.no } : now));
      });
    },
    [client],
  );
  const chooseNo = useCallback(
    async (no: number) => {
      const row = await client?.ask('rowOf', no);
      setChoice({ no, row });
      if (row === undefined) setNotice(`The filter hides message ${no}.`);
    },
    [client],
  );
  const follow = useCallback(async () => {
    if (client === undefined || choice.row === undefined) return;
    const [row] = await client.ask('rows', choice.row, choice.row + 1);
    if (row === undefined) return;
    if (row.partner !== undefined) await chooseNo(row.partner);
    else setNotice(row.unanswered ? 'No reply answers this request.' : 'This message has no counterpart.');
  }, [client, choice.row, chooseNo]);
  const toProblem = useCallback(
    async (step: 1 | -1) => {
      const row = await client?.ask('nextProblem', choice.row ?? -1, step);
      if (row !== undefined) chooseRow(row);
      else setNotice(step > 0 ? 'No issues from here on.' : 'No issues before.');
    },
    [client, choice.row, chooseRow],
  );
  const apply = useCallback(
    async (text: string) => {
      setNotice('');
      latestFilter.current = text;
      const answer = await client?.ask('filter', text);
      if (answer === undefined) return;
      setFilterError('error' in answer ? answer.error : undefined);
      // After an error the worker keeps the filter before.
      if ('error' in answer) return;
      setFilterInUse(text);
      setChoice(({ no }) => ({ no, row: undefined }));
    },
    [client],
  );
  const show = (filter: string) => {
    setTab('messages');
    setFiltersSet((times) => times + 1);
    return apply(filter);
  };

  // The chosen message has another row in each view.
  useEffect(() => {
    const { no } = choice;
    if (no === undefined || client === undefined) return;
    void client.ask('rowOf', no).then((row) => setChoice((now) => (now.no === no ? { no, row } : now)));
  }, [client, view.view, view.complete]);
  useEffect(() => {
    if (notice === '') return;
    const timer = setTimeout(() => setNotice(''), 4000);
    return () => clearTimeout(timer);
  }, [notice]);
  useShortcuts({
    '/': () => {
      setTab('messages');
      // If another tab was shown, the input exists only after the next rendering.
      if (filterInput.current === null) setTimeout(() => filterInput.current?.focus());
      else filterInput.current.focus();
    },
    n: () => void toProblem(1),
    p: () => void toProblem(-1),
    '1': () => setTab('messages'),
    '2': () => setTab('lanes'),
    '3': () => setTab('overview'),
  });

  if (client === undefined) return null;
  const shown = new Set(chosenColumns ?? usual);
  return (
    <main class="capture" ref={main}>
      <Tabs tab={tab} setTab={setTab} />
      {problem !== undefined && (
        <p class="problem-box" role="alert">
          {problem.text}
        </p>
      )}
      {warnings.length > 0 && (
        <details class="warnings">
          <summary>{warnings.length} parts of the file were skipped or are incomplete</summary>
          <ul>
            {warnings.map((text) => (
              <li key={text}>{text}</li>
            ))}
          </ul>
        </details>
      )}
      <div class="pane" role="tabpanel" id="pane" aria-labelledby={`tab-${tab}`}>
        {tab === 'messages' && (
          <>
            <div class="toolbar">
              <FilterBar
                input={filterInput}
                key={filtersSet}
                initial={latestFilter.current}
                error={filterError}
                apply={apply}
                leave={focusTable}
              />
              <ColumnsMenu
                shown={shown}
                timeMode={timeMode}
                setShown={setColumns}
                setTimeMode={setTimeMode}
              />
              <SaveButton client={client} rows={view.rows} name={source.name} />
            </div>
            <MessageTable
              client={client}
              view={view.view}
              count={view.rows}
              chosen={choice.row}
              shown={shown}
              timeMode={timeMode}
              choose={chooseRow}
              follow={() => void follow()}
            />
          </>
        )}
        {tab === 'lanes' && (
          <Lanes
            client={client}
            count={messages}
            chosen={choice.no}
            theme={theme}
            chooseNo={(no) => void chooseNo(no)}
          />
        )}
        {tab === 'overview' && (
          <Overview
            client={client}
            count={messages}
            show={(filter) => void show(filter)}
            chooseNo={(no) => {
              void show('').then(() => chooseNo(no));
            }}
          />
        )}
        {tab !== 'overview' && <Details client={client} no={choice.no} />}
      </div>
      <p class="summary" role="status">
        {notice || summaryText(state, filterInUse)}
      </p>
    </main>
  );
}
