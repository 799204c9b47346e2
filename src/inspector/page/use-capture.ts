import { useEffect, useLayoutEffect, useRef, useState } from 'preact/hooks';
import type { CaptureSource, Event } from '../data/api.js';
import { Client } from './client.js';

/** Shortest time between two updates of panes that show all messages, while a capture is read. */
const refreshMs = 1000;

/** The latest events of the worker. */
export interface CaptureState {
  readonly progress: Extract<Event, { kind: 'progress' }> | undefined;
  readonly view: Extract<Event, { kind: 'view' }>;
  readonly problem: Extract<Event, { kind: 'problem' }> | undefined;
  readonly warnings: readonly string[];
  /** Findings of `lint` so far. */
  readonly hazards: number;
}

const initialState: CaptureState = {
  progress: undefined,
  view: { kind: 'view', view: 0, rows: 0, scanned: 0, sorted: 1, complete: false },
  problem: undefined,
  warnings: [],
  hazards: 0,
};

/** A worker that holds the capture, and its state. */
export function useCapture(source: CaptureSource): {
  readonly client: Client | undefined;
  readonly state: CaptureState;
} {
  const [client, setClient] = useState<Client>();
  const [told, setTold] = useState({ source, state: initialState });
  // Before the next event: what is asked by then is meant for the new capture.
  useLayoutEffect(() => {
    setTold({ source, state: initialState });
    const opened = new Client(source, (event) =>
      setTold(({ state }) => ({ source, state: stateAfter(state, event) })),
    );
    setClient(opened);
    return () => opened.close();
  }, [source]);
  // The first drawing with a new source comes before the effect. It must not show the numbers of the source before.
  return { client, state: told.source === source ? told.state : initialState };
}

function stateAfter(before: CaptureState, event: Event): CaptureState {
  switch (event.kind) {
    case 'progress':
      return { ...before, progress: event };
    case 'view':
      return event.view < before.view.view ? before : { ...before, view: event };
    case 'problem':
      return { ...before, problem: event };
    case 'hazards':
      return { ...before, hazards: event.count };
    case 'warning':
      return { ...before, warnings: [...before.warnings, event.text] };
  }
}

/** Throttles a number that grows fast: it is updated once a second and at the end. */
export function useSettled(value: number, done: boolean): number {
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

/** The number of messages, how many of them the filter shows, and how much of the file has been read. */
export function summaryText({ progress, view, problem }: CaptureState, filter: string): string {
  if (progress === undefined) return problem === undefined ? 'Opening…' : '';
  const { messages, packets, bytes, size, done } = progress;
  const number = (value: number) => value.toLocaleString('en');
  const parts = [`${number(messages)} messages in ${number(packets)} packets`];
  if (filter.trim() !== '') {
    const tested = view.complete ? '' : ` of ${number(view.scanned)} looked at so far`;
    parts.unshift(`${number(view.rows)} match${tested}`);
  }
  const percent = (share: number) => `${Math.min(100, Math.floor(share * 100))} %`;
  if (view.sorted < 1) parts.push(`sorting, ${percent(view.sorted)}`);
  if (!done) parts.push(size === undefined ? 'live' : `reading, ${percent(bytes / Math.max(1, size))}`);
  return parts.join(' · ');
}
