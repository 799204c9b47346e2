import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useState } from 'preact/hooks';

/** Browsers end elements at some ten million pixels (Firefox at 17.8); longer lists are scrolled in larger steps. */
const heightMax = 15_000_000;
/** Rows drawn above and below what is seen. */
const margin = 4;

/** The part of a long list that is drawn. */
export interface VirtualList {
  /** Rows [first, last) are drawn. */
  readonly first: number;
  readonly last: number;
  /** Rows that are seen at once, for paging. */
  readonly page: number;
  /** Height of everything, in pixels. */
  readonly height: number;
  /** Where a row stands in it. */
  top(row: number): number;
  /** Scrolls as little as possible so that the row is seen; with `center` to the middle unless it is seen. */
  reveal(row: number, center?: boolean): void;
}

/**
 * Rows of one height in a scrolling element, of which only those are drawn that are seen.
 *
 * @param inset height of what stands above the rows and stays there, in pixels
 */
export function useVirtualList(
  element: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  inset = 0,
): VirtualList {
  const [seen, setSeen] = useState({ scrollTop: 0, viewport: 400 });
  const total = count * rowHeight;
  const height = Math.min(total, heightMax);
  const measure = useCallback(() => {
    const { current } = element;
    if (current === null) return;
    const { scrollTop } = current;
    const viewport = current.clientHeight - inset;
    setSeen((before) =>
      before.scrollTop === scrollTop && before.viewport === viewport ? before : { scrollTop, viewport },
    );
  }, [element, inset]);

  useLayoutEffect(() => {
    const { current } = element;
    if (current === null) return;
    measure();
    const resized = new ResizeObserver(measure);
    resized.observe(current);
    current.addEventListener('scroll', measure, { passive: true });
    return () => {
      resized.disconnect();
      current.removeEventListener('scroll', measure);
    };
  }, [element, measure]);
  // A list that has become shorter moves what is seen.
  useEffect(measure, [height, measure]);

  const { viewport } = seen;
  const ratio = height > viewport ? (total - viewport) / (height - viewport) : 1;
  const start = seen.scrollTop * ratio;
  const first = Math.max(0, Math.floor(start / rowHeight) - margin);
  const last = Math.min(count, Math.ceil((start + viewport) / rowHeight) + margin);
  return {
    first,
    last,
    page: Math.max(1, Math.floor(viewport / rowHeight) - 1),
    height,
    top: (row) => row * rowHeight - start + seen.scrollTop,
    reveal(row, center = false) {
      const { current } = element;
      if (current === null) return;
      const from = current.scrollTop * ratio;
      const top = row * rowHeight;
      if (top >= from && top + rowHeight <= from + viewport) return;
      const middle = top - (viewport - rowHeight) / 2;
      const edge = top < from ? top : top + rowHeight - viewport;
      current.scrollTop = (center ? middle : edge) / ratio;
      measure();
    },
  };
}
