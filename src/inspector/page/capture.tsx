import { useCallback, useEffect, useRef, useState } from 'preact/hooks';
import type { Event, Source } from '../data/api.js';
import { Client } from './client.js';
import { columns, type TimeMode } from './columns.js';
import { ColumnsMenu } from './columns-menu.js';
import { Details } from './details.js';
import { FilterBar } from './filter-bar.js';
import { Lanes } from './lanes.js';
import { MessageTable } from './message-table.js';
import { Overview } from './overview.js';
import { SaveButton } from './save-button.js';
import { useMedia, useSetting } from './settings.js';
import { type TabName, Tabs } from './tabs.js';

/** What the worker has told so far. */
interface Known {
  readonly progress: Extract<Event, { kind: 'progress' }> | undefined;
  readonly view: Extract<Event, { kind: 'view' }>;
  readonly problem: Extract<Event, { kind: 'problem' }> | undefined;
  readonly warnings: readonly string[];
}

const nothing: Known = {
  progress: undefined,
  view: { kind: 'view', view: 0, rows: 0, scanned: 0, complete: false },
  problem: undefined,
  warnings: [],
};

interface Choice {
  readonly no: number | undefined;
  /** Undefined when the filter hides the message. */
  readonly row: number | undefined;
}

/** How often at most panes that show all messages are made anew while a capture is read. */
const refreshMs = 1000;

interface CaptureProps {
  readonly source: Source;
  readonly theme: string;
}

/** One open capture. */
export function Capture({ source, theme }: CaptureProps) {
  const { client, known } = useCapture(source);
  const [tab, setTab] = useState<TabName>('messages');
  const [choice, setChoice] = useState<Choice>({ no: undefined, row: undefined });
  const [filter, setFilter] = useState('');
  const [filterError, setFilterError] = useState<string>();
  const [said, say] = useState('');
  const narrow = useMedia('(max-width: 700px)');
  const usual = columns.filter((column) => !narrow || column.narrow).map(({ key }) => key);
  const [chosenColumns, setColumns] = useSetting<readonly string[] | null>(
    narrow ? 'columns-narrow' : 'columns',
    null,
  );
  const [timeMode, setTimeMode] = useSetting<TimeMode>('time', 'utc');
  const filterInput = useRef<HTMLInputElement>(null);
  const main = useRef<HTMLElement>(null);
  const { progress, view, problem, warnings } = known;
  const messages = useSettled(progress?.messages ?? 0, progress?.done ?? false);

  const focusTable = () => main.current?.querySelector<HTMLElement>('[role=grid]')?.focus();
  const chooseRow = useCallback(
    (row: number) => {
      setChoice((before) => ({ ...before, row }));
      void client?.ask('rows', row, row + 1).then(([found]) => {
        // Keys may have gone on since.
        if (found !== undefined) setChoice((now) => (now.row === row ? { row, no: found.no } : now));
      });
    },
    [client],
  );
  const chooseNo = useCallback(
    async (no: number) => {
      const row = await client?.ask('rowOf', no);
      setChoice({ no, row });
      if (row === undefined) say(`The filter hides message ${no}.`);
    },
    [client],
  );
  const follow = useCallback(async () => {
    if (client === undefined || choice.row === undefined) return;
    const [row] = await client.ask('rows', choice.row, choice.row + 1);
    if (row === undefined) return;
    if (row.partner !== undefined) await chooseNo(row.partner);
    else say(row.unanswered ? 'No reply answers this request.' : 'This message has no counterpart.');
  }, [client, choice.row, chooseNo]);
  const toProblem = useCallback(
    async (step: 1 | -1) => {
      const row = await client?.ask('nextProblem', choice.row ?? -1, step);
      if (row !== undefined) chooseRow(row);
      else say(step > 0 ? 'No issues from here on.' : 'No issues before.');
    },
    [client, choice.row, chooseRow],
  );
  const apply = useCallback(
    async (text: string) => {
      setFilter(text);
      const answer = await client?.ask('filter', text);
      if (answer === undefined) return;
      setFilterError('error' in answer ? answer.error : undefined);
      if ('error' in answer) return;
      setChoice(({ no }) => ({ no, row: undefined }));
    },
    [client],
  );
  const show = (text: string) => {
    setTab('messages');
    void apply(text);
  };

  // The row of what is chosen is another one in each view.
  useEffect(() => {
    const { no } = choice;
    if (no === undefined || client === undefined) return;
    void client.ask('rowOf', no).then((row) => setChoice((now) => (now.no === no ? { no, row } : now)));
  }, [client, view.view, view.complete]);
  useEffect(() => {
    if (said === '') return;
    const timer = setTimeout(() => say(''), 4000);
    return () => clearTimeout(timer);
  }, [said]);
  useEffect(() => {
    const keys: Readonly<Record<string, () => void>> = {
      '/': () => {
        setTab('messages');
        setTimeout(() => filterInput.current?.focus());
      },
      n: () => void toProblem(1),
      p: () => void toProblem(-1),
      '1': () => setTab('messages'),
      '2': () => setTab('lanes'),
      '3': () => setTab('overview'),
    };
    const onKeyDown = (event: KeyboardEvent) => {
      const typing = event.target instanceof HTMLInputElement && event.target.type !== 'checkbox';
      if (typing || event.ctrlKey || event.metaKey || event.altKey || document.querySelector('dialog[open]'))
        return;
      const action = keys[event.key];
      if (action === undefined) return;
      event.preventDefault();
      action();
    };
    addEventListener('keydown', onKeyDown);
    return () => removeEventListener('keydown', onKeyDown);
  }, [toProblem]);

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
                text={filter}
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
            show={show}
            chooseNo={(no) => {
              setTab('messages');
              void apply('').then(() => chooseNo(no));
            }}
          />
        )}
        {tab !== 'overview' && <Details client={client} no={choice.no} />}
      </div>
      <p class="summary" role="status">
        {said || summaryText(known, filter)}
      </p>
    </main>
  );
}

/** A worker with the capture, and what it has told. */
function useCapture(source: Source): { readonly client: Client | undefined; readonly known: Known } {
  const [client, setClient] = useState<Client>();
  const [known, setKnown] = useState(nothing);
  useEffect(() => {
    setKnown(nothing);
    const opened = new Client(source, (event) => setKnown((before) => told(before, event)));
    setClient(opened);
    return () => opened.close();
  }, [source]);
  return { client, known };
}

function told(before: Known, event: Event): Known {
  switch (event.kind) {
    case 'progress':
      return { ...before, progress: event };
    case 'view':
      return event.view < before.view.view ? before : { ...before, view: event };
    case 'problem':
      return { ...before, problem: event };
    case 'warning':
      return { ...before, warnings: [...before.warnings, event.text] };
  }
}

/** A number that grows fast, as it is once a second and at the end. */
function useSettled(value: number, done: boolean): number {
  const [settled, setSettled] = useState(value);
  const latest = useRef(value);
  latest.current = value;
  useEffect(() => {
    if (done) {
      setSettled(latest.current);
      return;
    }
    const timer = setInterval(() => setSettled(latest.current), refreshMs);
    return () => clearInterval(timer);
  }, [done]);
  return settled;
}

function summaryText({ progress, view, problem }: Known, filter: string): string {
  if (progress === undefined) return problem === undefined ? 'Opening…' : '';
  const { messages, packets, bytes, size, done } = progress;
  const number = (value: number) => value.toLocaleString('en');
  const parts = [`${number(messages)} messages in ${number(packets)} packets`];
  if (filter.trim() !== '') {
    const looked = view.complete ? '' : ` of ${number(view.scanned)} looked at so far`;
    parts.unshift(`${number(view.rows)} match${looked}`);
  }
  if (!done) parts.push(`reading, ${Math.min(100, Math.floor((bytes / Math.max(1, size)) * 100))} %`);
  return parts.join(' · ');
}
