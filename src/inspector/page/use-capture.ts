import { useEffect, useRef, useState } from 'preact/hooks';
import type { Event, Source } from '../data/api.js';
import { Client } from './client.js';

/** How often at most panes that show all messages are made anew while a capture is read. */
const refreshMs = 1000;

/** What the worker has told so far. */
export interface Known {
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

/** A worker with the capture, and what it has told. */
export function useCapture(source: Source): { readonly client: Client | undefined; readonly known: Known } {
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

/** How much there is, how much of it the filter shows, and how far reading has come. */
export function summaryText({ progress, view, problem }: Known, filter: string): string {
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
