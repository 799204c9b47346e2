import { useEffect, useLayoutEffect, useRef } from 'preact/hooks';
import type { Row } from '../data/rows.js';
import type { SortKey } from '../data/sorting.js';
import type { Client } from './client.js';
import { type Column, cellText, spoken, type TimeMode, timeModes } from './columns.js';
import { useRows } from './row-cache.js';
import { type Keys, press } from './shortcuts.js';
import { useVirtualList } from './virtual.js';

/** Equal to `--row` in the style sheets. */
const rowHeight = 24;

interface MessageTableProps {
  readonly client: Client;
  readonly view: number;
  readonly count: number;
  /** Grows when the notes of messages change. */
  readonly edits: number;
  /** The chosen row, if the chosen message is in the view. */
  readonly chosen: number | undefined;
  /** The same, also before it is drawn. */
  latestRow(): number | undefined;
  readonly columns: readonly Column[];
  readonly timeMode: TimeMode;
  readonly sort: SortKey | undefined;
  setSort(key: SortKey | undefined): void;
  choose(row: number): void;
  chooseNo(no: number): void;
  /** Moves the focus to the chosen message. */
  enter(): void;
  /** Chooses nothing. */
  leave(): void;
}

/** The messages as a table. Only the visible rows are elements of the page. */
export function MessageTable(props: MessageTableProps) {
  const { client, view, count, edits, chosen, latestRow, columns, timeMode, choose, chooseNo, enter, leave } =
    props;
  const body = useRef<HTMLDivElement>(null);
  const list = useVirtualList(body, count, rowHeight, rowHeight);
  const names = columns.map(({ name }) => name);
  const rowAt = useRows(client, { view, edits, columns: names }, count, list.first, list.last);
  const template = columns.map(({ width }) => width).join(' ');

  useEffect(() => {
    if (chosen !== undefined) list.reveal(chosen);
    // `list` is no input, because it changes with each scroll. Only a new choice may scroll.
  }, [chosen, view]);
  const wasShown = useRef(false);
  useLayoutEffect(() => {
    // The details and the find bar take room from the table.
    if (chosen !== undefined && wasShown.current) list.reveal(chosen);
  }, [list.viewport]);
  useLayoutEffect(() => {
    wasShown.current = chosen !== undefined && list.shows(chosen);
  });

  const move = (row: number) => {
    if (count > 0) choose(Math.min(count - 1, Math.max(0, row)));
  };
  const keys: Keys = {
    ArrowDown: () => move((latestRow() ?? list.first - 1) + 1),
    ArrowUp: () => move((latestRow() ?? 1) - 1),
    PageDown: () => move((latestRow() ?? 0) + list.page),
    PageUp: () => move((latestRow() ?? 0) - list.page),
    Home: () => move(0),
    End: () => move(count - 1),
    Enter: () => (latestRow() === undefined ? move(list.first) : enter()),
    Escape: leave,
  };

  const rows = Array.from(
    { length: Math.max(0, list.last - list.first) },
    (_, offset) => list.first + offset,
  );
  return (
    <div
      class="table"
      ref={body}
      role="grid"
      aria-label="Messages"
      aria-rowcount={count + 1}
      aria-colcount={columns.length}
      aria-activedescendant={chosen === undefined ? undefined : `row-${chosen}`}
      tabIndex={0}
      onKeyDown={(event) => press(keys, event)}
    >
      <TableHead {...props} template={template} />
      <div class="table-space" role="rowgroup" style={{ height: `${list.height}px` }}>
        {rows.map((row) => (
          <TableRow
            key={row}
            index={row}
            row={rowAt(row)}
            top={list.top(row)}
            template={template}
            columns={columns}
            timeMode={timeMode}
            chosen={row === chosen}
            choose={choose}
            chooseNo={chooseNo}
          />
        ))}
      </div>
    </div>
  );
}

/** The order that a click on a column's heading asks for: ascending, then descending, then that of the file. */
function nextSort(name: string, sort: SortKey | undefined): SortKey | undefined {
  if (sort?.column !== name) return { column: name, descending: false };
  return sort.descending ? undefined : { column: name, descending: true };
}

type TableHeadProps = Pick<MessageTableProps, 'columns' | 'timeMode' | 'sort' | 'setSort'> & {
  readonly template: string;
};

/** The headings, which sort. They are one stop of the Tab key; arrow keys move between them. */
function TableHead({ columns, timeMode, sort, setSort, template }: TableHeadProps) {
  const head = useRef<HTMLDivElement>(null);
  const stop = columns.some(({ name }) => name === sort?.column) ? sort?.column : columns[0]?.name;
  const step = (by: number) => {
    const buttons = [...(head.current?.querySelectorAll('button') ?? [])];
    const place = buttons.indexOf(document.activeElement as HTMLButtonElement);
    buttons[place + by]?.focus();
  };
  return (
    <div
      class="table-head"
      role="row"
      aria-rowindex={1}
      style={{ gridTemplateColumns: template }}
      ref={head}
      onKeyDown={(event) => {
        if (event.key === 'Escape') return;
        // The keys of the table are for its rows.
        event.stopPropagation();
        press({ ArrowRight: () => step(1), ArrowLeft: () => step(-1) }, event);
      }}
    >
      {columns.map(({ name, label, doc, isNumber }) => {
        const isSorted = sort?.column === name;
        const order = sort?.descending ? 'descending' : 'ascending';
        const text = name === 'time' ? timeModes.find(({ mode }) => mode === timeMode)?.head : label;
        return (
          <span
            key={name}
            role="columnheader"
            aria-sort={isSorted ? order : 'none'}
            class={isNumber ? 'cell numeric' : 'cell'}
          >
            <button
              type="button"
              tabIndex={name === stop ? 0 : -1}
              title={`${doc} Click to sort.`}
              onClick={() => setSort(nextSort(name, sort))}
            >
              {text}
              <span class="sort-sign" aria-hidden="true">
                {isSorted ? (sort.descending ? '▾' : '▴') : ''}
              </span>
            </button>
          </span>
        );
      })}
    </div>
  );
}

interface TableRowProps {
  readonly index: number;
  readonly row: Row | undefined;
  readonly top: number;
  readonly template: string;
  readonly columns: readonly Column[];
  readonly timeMode: TimeMode;
  readonly chosen: boolean;
  choose(row: number): void;
  chooseNo(no: number): void;
}

function TableRow(props: TableRowProps) {
  const { index, row, top, template, columns, timeMode, chosen, choose, chooseNo } = props;
  const classes = [
    'row',
    chosen && 'chosen',
    row?.type,
    row?.failed && 'failed',
    row?.problem && 'problem',
    row?.hazard && 'hazard',
    row?.unanswered && 'waits',
    row?.marked && 'marked',
  ];
  return (
    // No key handler here: the grid handles the keys for all rows.
    <div
      id={`row-${index}`}
      class={classes.filter(Boolean).join(' ')}
      role="row"
      aria-rowindex={index + 2}
      aria-selected={chosen}
      style={{ gridTemplateColumns: template, transform: `translateY(${top}px)` }}
      onClick={() => choose(index)}
      onDblClick={() => row?.partner !== undefined && chooseNo(row.partner)}
    >
      {columns.map(({ name, isNumber }, place) => {
        const text = row === undefined ? '' : cellText(row, name, row.cells[place] ?? '', timeMode);
        return (
          <span
            key={name}
            role="gridcell"
            class={isNumber || name === 'time' ? `cell col-${name} numeric` : `cell col-${name}`}
            aria-label={row && spoken(row, name)}
            title={titleOf(row, name, text)}
          >
            {text}
            {name === 'info' && row !== undefined && <Remarks row={row} />}
          </span>
        );
      })}
    </div>
  );
}

/** What is wrong with the message and what people have noted, behind its info. */
function Remarks({ row: { problem, hazard, comment } }: { readonly row: Row }) {
  const note = comment.replace(/^marked(; |\n|$)/, '');
  return (
    <>
      {problem !== '' && <span class="remark problem-text">! {problem}</span>}
      {hazard !== '' && <span class="remark problem-text">! {hazard}</span>}
      {note !== '' && <span class="remark note-text">“{note}”</span>}
    </>
  );
}

/** The whole text of a cell that may be cut. */
function titleOf(row: Row | undefined, name: string, text: string): string | undefined {
  const whole =
    name === 'info' ? [text, row?.problem, row?.hazard, row?.comment].filter(Boolean).join('\n') : text;
  return whole.length > 12 ? whole : undefined;
}
