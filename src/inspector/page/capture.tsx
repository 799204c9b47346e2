import { options } from 'preact';
import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { CaptureSource } from '../data/api.js';
import type { SortKey } from '../data/sorting.js';
import { arranged, shownAtFirst, type TimeMode, timeModes } from './columns.js';
import { ColumnsMenu } from './columns-menu.js';
import { Details } from './details.js';
import { FilterBar } from './filter-bar.js';
import { FindBar, type Wanted } from './find-bar.js';
import { Lanes } from './lanes.js';
import { MessageTable } from './message-table.js';
import { Overview } from './overview.js';
import { SaveMenu } from './save-menu.js';
import { useMedia, useSetting } from './settings.js';
import { useShortcuts } from './shortcuts.js';
import { Splitter } from './splitter.js';
import { type TabName, Tabs } from './tabs.js';
import { useAnswer } from './use-answer.js';
import { summaryText, useCapture, useSettled } from './use-capture.js';
import { useChoice } from './use-choice.js';
import { useFind } from './use-find.js';
import { useNotes } from './use-notes.js';

interface CaptureProps {
  readonly source: CaptureSource;
  readonly theme: string;
}

/** Focuses an element, which may be rendered only with the next update. */
function focusSoon(element: () => HTMLElement | null | undefined): void {
  const now = element();
  if (now) now.focus();
  else setTimeout(() => element()?.focus());
}

/** Makes a change and draws it at once, so that what it shows can take the keys that follow. */
function drawNow(change: () => void): void {
  options.debounceRendering = (draw) => draw();
  change();
  delete options.debounceRendering;
}

/** One open capture. */
export function Capture({ source, theme }: CaptureProps) {
  const { client, state } = useCapture(source);
  const { progress, view, problem, warnings } = state;
  const [tab, setTab] = useState<TabName>('messages');
  const [notice, setNotice] = useState('');
  const latestFilter = useRef('');
  /** Number of filters set other than by typing. Each makes a new filter bar, which begins with that filter. */
  const [filtersSet, setFiltersSet] = useState(0);
  const [filterInUse, setFilterInUse] = useState('');
  const [filterError, setFilterError] = useState<string>();
  const [sort, setSort] = useState<SortKey>();
  const [wanted, setWanted] = useState<Wanted>({ kind: 'text', text: '' });
  const [isFinding, setFinding] = useState(false);
  const [split, setSplit] = useSetting('split', 0.55);
  const narrow = useMedia('(max-width: 700px)');
  const [chosenColumns, setColumns] = useSetting<readonly string[] | null>(
    narrow ? 'columns-narrow' : 'columns',
    null,
  );
  const [timeMode, setTimeMode] = useSetting<TimeMode>('time', 'utc');
  const filterInput = useRef<HTMLInputElement>(null);
  const findInput = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const isAwaited = useRef(false);
  const messages = useSettled(progress?.messages ?? 0, progress?.done ?? false);
  const allColumns = arranged(useAnswer(() => client?.ask('columns'), [client]) ?? []);
  const shown = new Set(chosenColumns ?? shownAtFirst(narrow));
  const columns = allColumns.filter(({ name }) => shown.has(name));
  const { choice, latestRow, chooseRow, chooseNo, chooseNothing, follow } = useChoice(
    client,
    view,
    setNotice,
  );
  const notes = useNotes(client);
  const find = useFind(client, latestRow, chooseRow, setNotice);

  const focusTable = () => main.current?.querySelector<HTMLElement>('[role=grid], canvas')?.focus();
  /** A filter is applied some time after it was typed. Another capture may have been opened since. */
  const latestClient = useRef(client);
  latestClient.current = client;
  const apply = useCallback(async (text: string) => {
    setNotice('');
    latestFilter.current = text;
    const answer = await latestClient.current?.ask('filter', text);
    if (answer === undefined) return;
    setFilterError('error' in answer ? answer.error : undefined);
    // After an error the worker keeps the filter before.
    if (!('error' in answer)) setFilterInUse(text);
  }, []);
  const show = (filter: string) => {
    setTab('messages');
    setFiltersSet((times) => times + 1);
    return apply(filter);
  };
  const sortBy = (key: SortKey | undefined) => {
    setSort(key);
    void client?.ask('sort', key);
  };
  const closeDetails = () => {
    isAwaited.current = false;
    chooseNothing();
    focusTable();
  };
  const openFind = () => {
    drawNow(() => {
      setTab('messages');
      setFinding(true);
    });
    findInput.current?.focus();
  };
  const findNext = (step: 1 | -1) =>
    find.text(
      wanted,
      columns.map(({ name }) => name),
      step,
    )
      ? undefined
      : openFind();
  const mark = async () => {
    if (client === undefined) return;
    // Of a row that was chosen just now the number is not known yet.
    const place = latestRow();
    const [row] = place === undefined ? [] : await client.ask('rows', place, place + 1, []);
    const no = row?.no ?? choice.no;
    if (no === undefined) return;
    const { note } = await client.ask('detail', no);
    await notes.set(no, { ...note, marked: !note.marked });
  };

  useEffect(() => {
    setSort(undefined);
    setFilterInUse('');
    // The filter bar still shows the filter that the capture before had.
    if (latestFilter.current !== '') void apply(latestFilter.current);
  }, [client]);
  useEffect(() => {
    if (notice === '') return;
    const timer = setTimeout(() => setNotice(''), 4000);
    return () => clearTimeout(timer);
  }, [notice]);
  useShortcuts({
    '/': () => {
      drawNow(() => setTab('messages'));
      filterInput.current?.focus();
    },
    f: openFind,
    'Ctrl+f': openFind,
    n: () => findNext(1),
    N: () => findNext(-1),
    F3: () => findNext(1),
    'Shift+F3': () => findNext(-1),
    e: () => find.kind('problem', 1),
    E: () => find.kind('problem', -1),
    ']': () => find.kind('mark', 1),
    '[': () => find.kind('mark', -1),
    m: () => void mark(),
    c: () => focusSoon(() => document.getElementById('note')),
    r: () => void follow(),
    t: () => {
      setTimeMode((before) => {
        const place = timeModes.findIndex(({ mode }) => mode === before);
        return timeModes[(place + 1) % timeModes.length]?.mode ?? 'utc';
      });
    },
    '1': () => setTab('messages'),
    '2': () => setTab('lanes'),
    '3': () => setTab('overview'),
    Escape: closeDetails,
  });

  if (client === undefined) return null;
  const hasDetails = tab !== 'overview' && choice.no !== undefined;
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
          <div class="upper">
            <div class="toolbar">
              <FilterBar
                client={client}
                input={filterInput}
                key={filtersSet}
                initial={latestFilter.current}
                error={filterError}
                apply={apply}
                leave={focusTable}
              />
              <button type="button" onClick={openFind}>
                Find
              </button>
              <ColumnsMenu
                columns={allColumns}
                shown={shown}
                timeMode={timeMode}
                setShown={setColumns}
                setTimeMode={setTimeMode}
              />
              <SaveMenu client={client} rows={view.rows} name={source.name} saved={notes.saved} />
            </div>
            {isFinding && (
              <FindBar
                input={findInput}
                wanted={wanted}
                setWanted={setWanted}
                find={findNext}
                close={() => {
                  setFinding(false);
                  focusTable();
                }}
              />
            )}
            <MessageTable
              client={client}
              view={view.view}
              count={view.rows}
              edits={notes.edits}
              chosen={choice.row}
              latestRow={latestRow}
              columns={columns}
              timeMode={timeMode}
              sort={sort}
              setSort={sortBy}
              choose={chooseRow}
              chooseNo={chooseNo}
              enter={() => {
                const tree = main.current?.querySelector<HTMLElement>('.tree');
                isAwaited.current = !tree;
                tree?.focus();
              }}
              leave={closeDetails}
            />
          </div>
        )}
        {tab === 'lanes' && (
          <Lanes
            client={client}
            count={messages}
            hazards={state.hazards}
            chosen={choice.no}
            theme={theme}
            chooseNo={chooseNo}
          />
        )}
        {tab === 'overview' && (
          <Overview
            client={client}
            count={messages}
            hazards={state.hazards}
            show={(filter) => void show(filter)}
            chooseNo={(no) => void show('').then(() => chooseNo(no))}
          />
        )}
        {hasDetails && (
          <>
            <Splitter share={split} setShare={setSplit} />
            <div class="lower" style={narrow ? undefined : { flexBasis: `${split * 100}%` }}>
              <Details
                client={client}
                no={choice.no as number}
                edits={notes.edits}
                isAwaited={isAwaited}
                isHidden={
                  tab === 'messages' && choice.row === undefined && filterInUse !== '' && view.complete
                }
                clearFilter={() => void show('')}
                setNote={(no, note) => void notes.set(no, note)}
                leave={focusTable}
                close={closeDetails}
              />
            </div>
          </>
        )}
      </div>
      <p class="summary" role="status">
        {notice || summaryText(state, filterInUse)}
      </p>
    </main>
  );
}
