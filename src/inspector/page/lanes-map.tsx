import { useLayoutEffect, useRef } from 'preact/hooks';
import type { LanesWindow } from '../data/timeline/lanes.js';
import { gutter } from './lanes-layout.js';
import { paletteOf } from './lanes-palette.js';
import type { Span } from './lanes-span.js';

const height = 40;

interface LanesMapProps {
  /** What was counted of the whole capture, and its span. */
  readonly window: LanesWindow;
  readonly whole: Span;
  readonly shown: Span;
  readonly width: number;
  readonly theme: string;
  readonly dark: boolean;
  show(start: number, size: number): void;
}

/** The whole capture as a strip, with the part that is shown. A drag shows another part. */
export function LanesMap({ window, whole, shown, width, theme, dark, show }: LanesMapProps) {
  const canvas = useRef<HTMLCanvasElement>(null);
  const from = useRef<number | undefined>(undefined);
  const size = whole.end - whole.start;
  const room = Math.max(1, width - gutter);
  useLayoutEffect(() => {
    const element = canvas.current;
    const context = element?.getContext('2d');
    if (!element || !context) return;
    element.width = Math.round(room * devicePixelRatio);
    element.height = Math.round(height * devicePixelRatio);
    context.setTransform(devicePixelRatio, 0, 0, devicePixelRatio, 0, 0);
    const palette = paletteOf(element);
    // RM takes part in all messages.
    const { counts = [], sums = new Uint32Array(0) } = window.density[0] ?? {};
    const parts = sums.length;
    const errors = counts.at(-1);
    const most = sums.reduce((max, sum) => Math.max(max, sum), 1);
    for (const [part, sum] of sums.entries()) {
      if (sum === 0) continue;
      const x = (part / parts) * room;
      const bar = Math.max(1, Math.sqrt(sum / most) * (height - 10));
      context.fillStyle = palette.faint;
      context.fillRect(x, height - bar, Math.max(1, room / parts), bar);
      if (errors?.[part] === 0) continue;
      context.fillStyle = palette.bad;
      context.fillRect(x, 0, 2, 7);
    }
  }, [window, room, theme, dark]);

  const position = (event: PointerEvent) => whole.start + (event.offsetX / room) * size;
  const share = (at: number) => `${((at - whole.start) / size) * 100}%`;
  return (
    <div class="lanes-map" style={{ marginInlineStart: `${gutter}px`, width: `${room}px` }}>
      <canvas
        ref={canvas}
        role="img"
        aria-label="The whole capture, with the part that is shown"
        style={{ height: `${height}px` }}
        onPointerDown={(event) => {
          from.current = position(event);
          event.currentTarget.setPointerCapture(event.pointerId);
        }}
        onPointerMove={(event) => {
          if (from.current === undefined) return;
          const to = position(event);
          show(Math.min(from.current, to), Math.abs(to - from.current));
        }}
        onPointerUp={(event) => {
          const start = from.current;
          from.current = undefined;
          // A click shows what is around it.
          if (start !== undefined && Math.abs(position(event) - start) * room < 3 * size)
            show(start - (shown.end - shown.start) / 2, shown.end - shown.start);
        }}
      />
      <div
        class="lanes-map-window"
        style={{ left: share(shown.start), width: `${((shown.end - shown.start) / size) * 100}%` }}
      />
    </div>
  );
}
