import { useEffect, useRef } from 'preact/hooks';
import type { Row } from '../data/rows.js';
import type { Client } from './client.js';
import { type Column, columns, type TimeMode } from './columns.js';
import { useRows } from './row-cache.js';
import { type Keys, press } from './shortcuts.js';
import { useVirtualList } from './virtual.js';

/** Equal to `--row` in the style sheets. */
const rowHeight = 24;

interface MessageTableProps {
  readonly client: Client;
  readonly view: number;
  readonly count: number;
  /** The chosen row, if the chosen message is in the view. */
  readonly chosen: number | undefined;
  readonly shown: ReadonlySet<string>;
  readonly timeMode: TimeMode;
  choose(row: number): void;
  /** Goes to the reply of the chosen request, or the request of the chosen reply. */
  follow(): void;
}

/** The messages as a table. Only the visible rows are elements of the page. */
export function MessageTable(props: MessageTableProps) {
  const { client, view, count, chosen, shown, timeMode, choose, follow } = props;
  const body = useRef<HTMLDivElement>(null);
  const list = useVirtualList(body, count, rowHeight, rowHeight);
  const rowAt = useRows(client, view, count, list.first, list.last);
  const visible = columns.filter(({ key }) => shown.has(key));
  const template = visible.map(({ width }) => width).join(' ');

  useEffect(() => {
    if (chosen !== undefined) list.reveal(chosen);
    // `list` is no input, because it changes with each scroll. Only a new choice may scroll.
  }, [chosen, view]);

  const move = (row: number) => {
    if (count > 0) choose(Math.min(count - 1, Math.max(0, row)));
  };
  const keys: Keys = {
    ArrowDown: () => move(chosen === undefined ? list.first : chosen + 1),
    ArrowUp: () => move((chosen ?? 1) - 1),
    PageDown: () => move((chosen ?? 0) + list.page),
    PageUp: () => move((chosen ?? 0) - list.page),
    Home: () => move(0),
    End: () => move(count - 1),
    Enter: follow,
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
      aria-colcount={visible.length}
      aria-activedescendant={chosen === undefined ? undefined : `row-${chosen}`}
      tabIndex={0}
      onKeyDown={(event) => press(keys, event)}
    >
      <div class="table-head" role="row" aria-rowindex={1} style={{ gridTemplateColumns: template }}>
        {visible.map(({ key, label, numeric }) => (
          <span key={key} role="columnheader" class={numeric ? 'cell numeric' : 'cell'}>
            {label}
          </span>
        ))}
      </div>
      <div class="table-space" role="rowgroup" style={{ height: `${list.height}px` }}>
        {rows.map((row) => (
          <TableRow
            key={row}
            index={row}
            row={rowAt(row)}
            top={list.top(row)}
            template={template}
            columns={visible}
            timeMode={timeMode}
            chosen={row === chosen}
            choose={choose}
          />
        ))}
      </div>
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
}

function TableRow({ index, row, top, template, columns: visible, timeMode, chosen, choose }: TableRowProps) {
  const classes = [
    'row',
    chosen && 'chosen',
    row?.type,
    row?.issues && 'problem',
    row?.unanswered && 'waits',
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
    >
      {visible.map((column) => {
        const text = row === undefined ? '' : column.text(row, timeMode);
        const failed = column.key === 'error' && text !== '' && text !== 'OK';
        const classNames = ['cell', `col-${column.key}`, column.numeric && 'numeric', failed && 'failed'];
        return (
          <span
            key={column.key}
            role="gridcell"
            class={classNames.filter(Boolean).join(' ')}
            aria-label={row && column.spoken?.(row)}
          >
            {text}
          </span>
        );
      })}
    </div>
  );
}
