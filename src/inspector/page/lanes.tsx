import { useEffect, useLayoutEffect, useMemo, useRef, useState } from 'preact/hooks';
import type { LanesWindow } from '../data/timeline/lanes.js';
import type { Client } from './client.js';
import { LanesPainter } from './lanes-draw.js';
import { gutter, LanesLayout } from './lanes-layout.js';
import { LanesMap } from './lanes-map.js';
import { paletteOf } from './lanes-palette.js';
import { bounded, type Span, wholeOf } from './lanes-span.js';
import { LanesText } from './lanes-text.js';
import { useMedia } from './settings.js';
import { type Keys, press } from './shortcuts.js';
import { durationText } from './ticks.js';
import { useAnswer } from './use-answer.js';

/** Width in pixels of the parts in which messages are counted if there are too many to draw. */
const partWidth = 2;
/** Pixels by which the pointer may move during a click. A longer way is a drag. */
const clickMax = 3;

interface LanesProps {
  readonly client: Client;
  /** Messages of the capture. The lanes are asked for again when their number changes. */
  readonly count: number;
  /** Findings so far. */
  readonly hazards: number;
  /** `no` of the chosen message. */
  readonly chosen: number | undefined;
  readonly theme: string;
  chooseNo(no: number): void;
}

/** One lane for each VM and for RM over time. */
export function Lanes({ client, count, hazards, chosen, theme, chooseNo }: LanesProps) {
  const frame = useRef<HTMLDivElement>(null);
  const canvas = useRef<HTMLCanvasElement>(null);
  const width = useWidth(frame);
  const [whole, setWhole] = useState<Span>();
  const [span, setSpan] = useState<Span>();
  const [hint, setHint] = useState('');
  const parts = Math.max(1, Math.floor((width - gutter) / partWidth));
  const window = useLanesWindow(client, count + hazards, span ?? whole, parts);
  const dark = useMedia('(prefers-color-scheme: dark)');
  const shown = window && (span ?? whole ?? wholeOf(window.value));

  const map = useLanesWindow(client, count + hazards, whole, parts);
  useEffect(() => {
    if (window !== undefined) setWhole(wholeOf(window.value));
  }, [window?.value.first, window?.value.last]);

  const layout = useMemo(
    () => window && new LanesLayout(window.value, window.span.start, window.span.end, width),
    [window, width],
  );
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context || layout === undefined) return;
    const scale = devicePixelRatio;
    element.width = Math.round(width * scale);
    element.height = Math.round(layout.height * scale);
    context.setTransform(scale, 0, 0, scale, 0, 0);
    new LanesPainter(context, layout, paletteOf(element)).draw(chosen);
  }, [layout, width, chosen, theme, dark]);

  /** Shows from `start` over `size`, bounded by the whole. */
  const show = (start: number, size: number) => {
    if (whole !== undefined) setSpan(bounded({ start, end: start + size }, whole));
  };
  const size = shown === undefined ? 0 : shown.end - shown.start;
  const zoom = (factor: number, at?: number) => {
    if (shown === undefined) return;
    const center = at ?? (shown.start + shown.end) / 2;
    show(center - (center - shown.start) * factor, size * factor);
  };
  const pan = (share: number) => {
    if (shown !== undefined) show(shown.start + size * share, size);
  };
  const toChosen = () => {
    const message = window?.value.messages.find(({ no }) => no === chosen);
    if (message !== undefined) show(message.at - size / 8, size / 4);
  };
  const neighbour = (step: number) => {
    const messages = window?.value.messages ?? [];
    const place = messages.findIndex(({ no }) => no === chosen);
    const next = messages[place < 0 ? 0 : place + step];
    if (next !== undefined) chooseNo(next.no);
  };
  const keys: Keys = {
    '+': () => zoom(0.5),
    '=': () => zoom(0.5),
    '-': () => zoom(2),
    '0': () => setSpan(undefined),
    ArrowLeft: () => pan(-0.2),
    ArrowRight: () => pan(0.2),
    PageUp: () => pan(-0.9),
    PageDown: () => pan(0.9),
    Home: () => whole && show(whole.start, size),
    End: () => whole && show(whole.end - size, size),
    ArrowDown: () => neighbour(1),
    ArrowUp: () => neighbour(-1),
  };

  const drag = useRef<{ readonly x: number; readonly span: Span; moved: boolean } | undefined>(undefined);
  const [brush, setBrush] = useState<readonly [left: number, right: number]>();
  const onPointerDown = (event: PointerEvent) => {
    if (shown === undefined) return;
    drag.current = { x: event.offsetX, span: shown, moved: false };
    (event.currentTarget as HTMLElement).setPointerCapture(event.pointerId);
  };
  const onPointerMove = (event: PointerEvent) => {
    const from = drag.current;
    if (from === undefined) {
      setHint(layout?.hit(event.offsetX, event.offsetY)?.text ?? '');
      return;
    }
    from.moved ||= Math.abs(event.offsetX - from.x) > clickMax;
    if (!from.moved) return;
    // A finger, or the pointer with Shift, moves the picture. The pointer alone marks the part to zoom to.
    if (event.pointerType === 'touch' || event.shiftKey)
      show(from.span.start + ((from.x - event.offsetX) / (width - gutter)) * size, size);
    else setBrush([Math.max(gutter, Math.min(from.x, event.offsetX)), Math.max(from.x, event.offsetX)]);
  };
  const onPointerUp = (event: PointerEvent) => {
    const from = drag.current;
    drag.current = undefined;
    setBrush(undefined);
    if (from === undefined || layout === undefined) return;
    if (brush !== undefined) {
      const [start, end] = [layout.position(brush[0]), layout.position(brush[1])];
      show(start, end - start);
    } else if (!from.moved) {
      const no = layout.hit(event.offsetX, event.offsetY)?.no;
      if (no !== undefined) chooseNo(no);
    }
  };
  // Before the next event: an effect after drawing would still have the part that was shown before.
  useLayoutEffect(() => {
    const element = canvas.current;
    if (element === null) return;
    const onWheel = (event: WheelEvent) => {
      event.preventDefault();
      if (event.shiftKey || Math.abs(event.deltaX) > Math.abs(event.deltaY))
        pan((event.deltaX || event.deltaY) / 1000);
      else if (layout !== undefined) zoom(2 ** (event.deltaY / 300), layout.position(event.offsetX));
    };
    // Only a listener that is not passive can prevent the page from scrolling.
    element.addEventListener('wheel', onWheel, { passive: false });
    return () => element.removeEventListener('wheel', onWheel);
  });

  return (
    <section class="lanes" aria-label="Lanes">
      <div class="lanes-bar" role="toolbar" aria-label="Zoom">
        <button type="button" onClick={() => zoom(0.5)} aria-label="Zoom in">
          +
        </button>
        <button type="button" onClick={() => zoom(2)} aria-label="Zoom out">
          −
        </button>
        <button type="button" onClick={() => setSpan(undefined)}>
          Whole
        </button>
        <button type="button" onClick={toChosen} disabled={chosen === undefined}>
          To chosen
        </button>
        <Legend />
        <span class="faint lanes-hint" role="status">
          {hint || (window ? spanText(window.value, window.span) : '')}
        </span>
      </div>
      {map !== undefined && whole !== undefined && shown !== undefined && (
        <LanesMap
          window={map.value}
          whole={whole}
          shown={shown}
          width={width}
          theme={theme}
          dark={dark}
          show={show}
        />
      )}
      <div class="lanes-frame" ref={frame}>
        {brush !== undefined && (
          <div
            class="lanes-brush"
            style={{
              left: `${brush[0]}px`,
              width: `${brush[1] - brush[0]}px`,
              height: `${layout?.height ?? 0}px`,
            }}
          />
        )}
        <canvas
          ref={canvas}
          tabIndex={0}
          role="img"
          aria-label={window === undefined ? 'Lanes' : pictureText(window.value)}
          style={{ height: `${layout?.height ?? 100}px` }}
          onKeyDown={(event) => press(keys, event)}
          onPointerDown={onPointerDown}
          onPointerMove={onPointerMove}
          onPointerUp={onPointerUp}
          onPointerLeave={() => setHint('')}
          onDblClick={() => setSpan(undefined)}
        />
        {window !== undefined && <LanesText window={window.value} chooseNo={chooseNo} />}
      </div>
    </section>
  );
}

const legend = [
  ['accent', 'request'],
  ['good', 'reply'],
  ['warn', 'notification'],
  ['bad', 'error'],
] as const;

/** What the colours of messages mean. */
function Legend() {
  return (
    <span class="legend">
      {legend.map(([colour, text]) => (
        <span key={text}>
          <span class={`legend-sign ${colour}`} aria-hidden="true" />
          {text}
        </span>
      ))}
    </span>
  );
}

function pictureText({ vms, total, alarms, states, parcels }: LanesWindow): string {
  const counts = alarms.map(({ name, total: all }) => `, ${all} ${name}`).join('');
  return `${vms.length} lanes, ${total} messages${counts}, ${states.length} VM states, ${parcels.length} parcels; as text below`;
}

function spanText({ total, first, hasTimes }: LanesWindow, { start, end }: Span): string {
  const at = (position: number) =>
    hasTimes ? durationText(Math.max(0, position - first)) : `no ${Math.round(position) + 1}`;
  return `${total} messages, ${at(start)} to ${at(end)}`;
}

/** The lanes in a span. Until the worker answers they are those asked for before. */
function useLanesWindow(client: Client, count: number, span: Span | undefined, parts: number) {
  return useAnswer(async () => {
    const value = await client.ask('lanes', span?.start ?? 0, span?.end ?? 0, parts);
    return { value, span: span ?? wholeOf(value) };
  }, [client, count, span?.start, span?.end, parts]);
}

function useWidth(element: { readonly current: HTMLElement | null }): number {
  const [width, setWidth] = useState(600);
  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    const measure = () => setWidth(current.clientWidth);
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(current);
    return () => resized.disconnect();
  }, [element]);
  return width;
}
