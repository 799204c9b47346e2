import type { ComponentChildren } from 'preact';
import type { SummaryItem } from '../../capture/print/index.js';
import type { Overview as Facts } from '../data/api.js';
import type { Client } from './client.js';
import { Activity, Bar, LatencyRange } from './plots.js';
import { durationText } from './ticks.js';
import { useAnswer } from './use-answer.js';

interface OverviewProps {
  readonly client: Client;
  /** Messages of the capture. The overview is asked for again when their number changes. */
  readonly count: number;
  /** Findings so far. */
  readonly hazards: number;
  /** Shows the messages that match. */
  show(filter: string): void;
  chooseNo(no: number): void;
}

const kinds = ['request', 'reply', 'notification'] as const;

/** The capture in numbers: counts, latencies, errors, unanswered requests and issues. */
export function Overview({ client, count, hazards, show, chooseNo }: OverviewProps) {
  const facts = useAnswer(() => client.ask('overview'), [client, count]);
  if (facts === undefined) return <section class="overview" aria-label="Overview" />;
  const { records, packets, unanswered, issues, activity, durationNs } = facts;
  return (
    <section class="overview" aria-label="Overview">
      <dl class="totals">
        <Total label="messages" value={records} />
        <Total label="queue messages" value={packets} />
        <Total label="unanswered" value={unanswered.count} />
        <Total label="with issues" value={issues.count} />
        <Total label="hazards" value={hazards} />
        {durationNs !== undefined && <Total label="duration" value={durationText(durationNs)} />}
      </dl>
      <h2>Hazards</h2>
      <HazardsTable client={client} hazards={hazards} chooseNo={chooseNo} />
      <h2>Messages over {durationNs === undefined ? 'the file' : 'time'}</h2>
      <Activity counts={activity} />
      <h2>Messages</h2>
      <MessagesTable facts={facts} show={show} />
      <h2>Error replies</h2>
      <ErrorsTable facts={facts} show={show} />
      <h2>Unanswered requests</h2>
      <Items {...unanswered} chooseNo={chooseNo} />
      <h2>Messages with issues</h2>
      <Items {...issues} chooseNo={chooseNo} />
    </section>
  );
}

function Total({ label, value }: { readonly label: string; readonly value: number | string }) {
  return (
    <div>
      <dt>{label}</dt>
      <dd>{typeof value === 'number' ? value.toLocaleString('en') : value}</dd>
    </div>
  );
}

interface WideTableProps {
  readonly label: string;
  readonly headings: readonly { readonly text: string; readonly numeric?: true }[];
  readonly children: ComponentChildren;
}

/** A table that scrolls by itself on a narrow screen, with the keyboard too. */
function WideTable({ label, headings, children }: WideTableProps) {
  return (
    <section class="scroll" tabIndex={0} aria-label={label}>
      <table>
        <thead>
          <tr>
            {headings.map(({ text, numeric }) => (
              <th key={text} scope="col" class={numeric && 'numeric'}>
                {text}
              </th>
            ))}
          </tr>
        </thead>
        <tbody>{children}</tbody>
      </table>
    </section>
  );
}

const messageHeadings = [
  { text: 'Message' },
  { text: 'All' },
  ...kinds.map((kind) => ({ text: kind === 'reply' ? 'replies' : `${kind}s`, numeric: true as const })),
  { text: 'Latency, min to max' },
  { text: 'median', numeric: true as const },
  { text: 'p99', numeric: true as const },
];

function MessagesTable({ facts, show }: { readonly facts: Facts; show(filter: string): void }) {
  const { messages, latency_ns: latencies } = facts;
  const rows = Object.entries(messages);
  const most = Math.max(1, ...rows.map(([, counts]) => sum(counts)));
  const all = Object.values(latencies);
  const range = { min: Math.min(...all.map(({ min }) => min)), max: Math.max(...all.map(({ max }) => max)) };
  return (
    <WideTable label="Counts and latencies" headings={messageHeadings}>
      {rows.map(([name, counts]) => {
        const latency = latencies[name];
        return (
          <tr key={name}>
            <th scope="row">
              <button type="button" class="link" onClick={() => show(filterOf(name))}>
                {name}
              </button>
            </th>
            <td>
              <Bar value={sum(counts)} most={most} />
            </td>
            {kinds.map((kind) => (
              <td key={kind} class="numeric">
                {counts[kind] ?? ''}
              </td>
            ))}
            <td>{latency && <LatencyRange {...latency} range={range} />}</td>
            <td class="numeric">{latency && durationText(latency.median)}</td>
            <td class="numeric">{latency && durationText(latency.p99)}</td>
          </tr>
        );
      })}
    </WideTable>
  );
}

function ErrorsTable({ facts, show }: { readonly facts: Facts; show(filter: string): void }) {
  const rows = Object.entries(facts.errors).flatMap(([name, codes]) =>
    Object.entries(codes).map(([code, times]) => ({ name, code, times })),
  );
  const byCode = new Map<string, typeof rows>();
  for (const row of rows) byCode.set(row.code, [...(byCode.get(row.code) ?? []), row]);
  const groups = [...byCode]
    .map(([code, own]) => ({ code, own, times: own.reduce((total, { times }) => total + times, 0) }))
    .sort((a, b) => b.times - a.times);
  const most = Math.max(1, ...groups.map(({ times }) => times));
  if (groups.length === 0) return <p class="faint">None.</p>;
  return (
    <WideTable
      label="Errors by code"
      headings={[{ text: 'Code' }, { text: 'Replies' }, { text: 'Messages' }]}
    >
      {groups.map(({ code, own, times }) => (
        <tr key={code}>
          <th scope="row">
            <button type="button" class="link" onClick={() => show(`error == ${literal(code)}`)}>
              {code}
            </button>
          </th>
          <td>
            <Bar value={times} most={most} bad />
          </td>
          <td class="wrap">
            {own.map(({ name, times: count }) => (
              <button
                key={name}
                type="button"
                class="link item"
                onClick={() => show(`${filterOf(name)} and error == ${literal(code)}`)}
              >
                {name} {count}
              </button>
            ))}
          </td>
        </tr>
      ))}
    </WideTable>
  );
}

const hazardHeadings = [
  { text: 'Rule' },
  { text: 'Level' },
  { text: 'Findings', numeric: true as const },
  { text: 'First message', numeric: true as const },
  { text: 'Why, and what to do instead' },
];

/** What `lint` has found, by rule. */
function HazardsTable({ client, hazards, chooseNo }: Pick<OverviewProps, 'client' | 'hazards' | 'chooseNo'>) {
  const found = useAnswer(() => client.ask('hazards'), [client, hazards]);
  if (found === undefined || found.counts.length === 0) return <p class="faint">None found.</p>;
  return (
    <WideTable label="Hazards" headings={hazardHeadings}>
      {found.counts.map(({ rule, level, why, instead, count, first }) => (
        <tr key={rule}>
          <th scope="row">{rule}</th>
          <td>{level}</td>
          <td class="numeric">{count}</td>
          <td class="numeric">
            {first > 0 && (
              <button type="button" class="link" onClick={() => chooseNo(first)}>
                {first}
              </button>
            )}
          </td>
          <td class="wrap">
            {why}. Instead: {instead}.
          </td>
        </tr>
      ))}
    </WideTable>
  );
}

interface ItemsProps {
  readonly count: number;
  readonly list: readonly SummaryItem[];
  chooseNo(no: number): void;
}

function Items({ count, list, chooseNo }: ItemsProps) {
  if (count === 0) return <p class="faint">None.</p>;
  return (
    <>
      <ul class="items">
        {list.map(({ no, name, from, to, what }) => (
          <li key={no}>
            <button type="button" class="link" onClick={() => chooseNo(no)}>
              {no} {name}, {from} → {to}
              {what === undefined ? '' : `: ${what}`}
            </button>
          </li>
        ))}
      </ul>
      {count > list.length && <p class="faint">and {count - list.length} more</p>}
    </>
  );
}

function sum(counts: Readonly<Record<string, number>>): number {
  return Object.values(counts).reduce((total, count) => total + count, 0);
}

/** A filter for the messages with a name of the summary: their name, their id or `(malformed)`. */
function filterOf(name: string): string {
  if (name === '(malformed)') return 'type == malformed';
  return name.startsWith('0x') ? `id == ${name}` : `name == "${name}"`;
}

/** An error code in a filter: a name, or the number of a code without a name. */
function literal(code: string): string {
  return /^\d+$/.test(code) ? code : `"${code}"`;
}
