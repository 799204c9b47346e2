import { useRef } from 'preact/hooks';
import { type Keys, press } from './shortcuts.js';

/** Smallest and largest share of the lower part. */
const shareMin = 0.15;
const shareMax = 0.85;
const keyStep = 0.05;

interface SplitterProps {
  /** Share of the height that the lower part has, 0..1. */
  readonly share: number;
  setShare(share: number): void;
}

/** The line between the upper and the lower part. It is dragged, or moved with the arrow keys. */
export function Splitter({ share, setShare }: SplitterProps) {
  const isDragged = useRef(false);
  const set = (wanted: number) => setShare(Math.min(shareMax, Math.max(shareMin, wanted)));
  const keys: Keys = {
    ArrowUp: () => set(share + keyStep),
    ArrowDown: () => set(share - keyStep),
    Home: () => set(shareMax),
    End: () => set(shareMin),
  };
  return (
    <div
      class="splitter"
      role="separator"
      aria-label="Height of the message"
      aria-orientation="horizontal"
      aria-valuemin={shareMin * 100}
      aria-valuemax={shareMax * 100}
      aria-valuenow={Math.round(share * 100)}
      tabIndex={0}
      onKeyDown={(event) => press(keys, event)}
      onPointerDown={(event) => {
        isDragged.current = true;
        event.currentTarget.setPointerCapture(event.pointerId);
      }}
      onPointerMove={(event) => {
        const pane = event.currentTarget.parentElement?.getBoundingClientRect();
        if (isDragged.current && pane !== undefined) set((pane.bottom - event.clientY) / pane.height);
      }}
      onPointerUp={() => {
        isDragged.current = false;
      }}
    />
  );
}
