import type { RefObject } from 'preact';
import { useCallback, useEffect, useLayoutEffect, useState } from 'preact/hooks';

/** Browsers limit the height of elements (Firefox to 17.8 million pixels). Longer lists scroll in larger steps. */
const heightMax = 15_000_000;
/** Rows rendered above and below the visible ones. */
const margin = 4;

/** The rendered part of a long list. */
export interface VirtualList {
  /** Rows [first, last) are rendered. */
  readonly first: number;
  readonly last: number;
  /** Number of rows by which a page key moves. */
  readonly page: number;
  /** Height of the visible part, in pixels. */
  readonly viewport: number;
  /** Height of the element that holds the rows, in pixels. */
  readonly height: number;
  /** Offset of a row from the top of that element, in pixels. */
  top(row: number): number;
  /** Whether the whole row is visible. */
  shows(row: number): boolean;
  /** Scrolls a row into view if it is not visible: as little as possible or, with `center`, to the middle. */
  reveal(row: number, center?: boolean): void;
}

/**
 * A list of rows of equal height in a scrolling element. Only visible rows are rendered.
 *
 * @param inset height in pixels of a heading above the rows that does not scroll
 */
export function useVirtualList(
  element: RefObject<HTMLElement | null>,
  count: number,
  rowHeight: number,
  inset = 0,
): VirtualList {
  const [visible, setVisible] = useState({ scrollTop: 0, viewport: 400 });
  const total = count * rowHeight;
  const height = Math.min(total, heightMax);
  const measure = useCallback(() => {
    const { current } = element;
    if (current === null) return;
    const { scrollTop } = current;
    const viewport = current.clientHeight - inset;
    setVisible((before) =>
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
  // If the list becomes shorter, the browser scrolls without an event.
  useEffect(measure, [height, measure]);

  const { scrollTop, viewport } = visible;
  const ratio = height > viewport ? (total - viewport) / (height - viewport) : 1;
  const start = scrollTop * ratio;
  const first = Math.max(0, Math.floor(start / rowHeight) - margin);
  const last = Math.min(count, Math.ceil((start + viewport) / rowHeight) + margin);
  return {
    first,
    last,
    page: Math.max(1, Math.floor(viewport / rowHeight) - 1),
    viewport,
    height,
    shows: (row) => row * rowHeight >= start && (row + 1) * rowHeight <= start + viewport,
    top: (row) => row * rowHeight - start + scrollTop,
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
