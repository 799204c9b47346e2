import { useEffect, useMemo, useRef } from 'preact/hooks';
import type { Detail } from '../data/detail.js';
import { type FieldSelection, fill } from './field-tree.js';
import { useMedia } from './settings.js';
import { type Keys, press } from './shortcuts.js';
import { useVirtualList } from './virtual.js';

/** Equal to `--hex-row` in the style sheets. */
const rowHeight = 22;

/** A line: the title of a frame, or bytes [start, end) of a frame. */
type HexLine =
  | { readonly frame: Detail['frames'][number] }
  | { readonly start: number; readonly end: number; readonly offset: number };

interface HexViewProps extends FieldSelection {
  /** The byte that the keys move. It is scrolled into view. */
  readonly cursor: number | undefined;
  setCursor(byte: number): void;
}

/** The frames of a message as hex and characters. Each byte has the colour of its field. */
export function HexView({ detail, chosen, hovered, cursor, choose, hover, setCursor }: HexViewProps) {
  const narrow = useMedia('(max-width: 460px)');
  const width = narrow ? 8 : 16;
  const body = useRef<HTMLDivElement>(null);
  const lines = useMemo(() => linesOf(detail, width), [detail, width]);
  const owners = useMemo(() => ownersOf(detail), [detail]);
  const wrong = useMemo(
    () =>
      new Map([
        ...detail.hazards.flatMap(({ rule, runs }) =>
          runs.flatMap(([start, end]) => marks(start, end, rule)),
        ),
        ...detail.issues.map(({ at, text }): [number, string] => [
          Math.min(at, detail.bytes.length - 1),
          text,
        ]),
      ]),
    [detail],
  );
  const list = useVirtualList(body, lines.length, rowHeight);
  const lineOf = (byte: number) =>
    lines.findIndex((line) => 'start' in line && byte >= line.start && byte < line.end);

  useEffect(() => {
    const first = chosen === undefined ? undefined : detail.nodes[chosen]?.runs[0]?.[0];
    if (first !== undefined) list.reveal(lineOf(first), true);
  }, [chosen, detail]);
  useEffect(() => {
    if (cursor !== undefined) list.reveal(lineOf(cursor));
  }, [cursor, detail]);

  const goTo = (byte: number) => {
    const bounded = Math.min(detail.bytes.length - 1, Math.max(0, byte));
    setCursor(bounded);
    choose(owners[bounded]);
  };
  const at = cursor ?? -1;
  const keys: Keys = {
    ArrowRight: () => goTo(at + 1),
    ArrowLeft: () => goTo(at - 1),
    ArrowDown: () => goTo(Math.max(0, at) + width),
    ArrowUp: () => goTo(at - width),
    PageDown: () => goTo(at + width * list.page),
    PageUp: () => goTo(at - width * list.page),
    Home: () => goTo(0),
    End: () => goTo(detail.bytes.length - 1),
    ...(chosen !== undefined && { Escape: () => choose(undefined) }),
  };
  const byteOf = (event: Event) => {
    const text = (event.target as HTMLElement).dataset.byte;
    return text === undefined ? undefined : Number(text);
  };
  const looksOf = (byte: number) => {
    const owner = owners[byte];
    const node = owner === undefined ? undefined : detail.nodes[owner];
    const classes = [
      'byte',
      node?.mark,
      covers(detail, chosen, byte) && 'chosen',
      covers(detail, hovered, byte) && 'hot',
      wrong.has(byte) && 'problem',
      byte === cursor && 'cursor',
    ];
    return { class: classes.filter(Boolean).join(' '), style: fill(node?.colour) };
  };
  const visible = lines.slice(list.first, list.last);
  return (
    <div
      class={narrow ? 'hex narrow' : 'hex'}
      role="grid"
      aria-label="Bytes"
      aria-rowcount={lines.length}
      aria-activedescendant={cursor === undefined ? undefined : `byte-${cursor}`}
      tabIndex={0}
      ref={body}
      onKeyDown={(event) => press(keys, event)}
      onClick={(event) => {
        const byte = byteOf(event);
        if (byte !== undefined) goTo(byte);
      }}
      onMouseOver={(event) => {
        const byte = byteOf(event);
        hover(byte === undefined ? undefined : owners[byte]);
      }}
      onMouseLeave={() => hover(undefined)}
    >
      <div role="presentation" class="hex-space" style={{ height: `${list.height}px` }}>
        {visible.map((line, index) => {
          const row = list.first + index;
          const style = { transform: `translateY(${list.top(row)}px)` };
          if ('frame' in line) {
            const { frame, time, comment, start, end } = line.frame;
            const facts = [`packet ${frame}`, `${end - start} bytes`, time, comment].filter(Boolean);
            return (
              <div key={row} class="hex-line title" role="row" aria-rowindex={row + 1} style={style}>
                <span role="gridcell" title={facts.join(', ')}>
                  {facts.join(', ')}
                </span>
              </div>
            );
          }
          const bytes = Array.from({ length: line.end - line.start }, (_, offset) => line.start + offset);
          return (
            <div key={row} class="hex-line" role="row" aria-rowindex={row + 1} style={style}>
              <span class="offset" role="rowheader">
                {line.offset.toString(16).padStart(4, '0')}
              </span>
              {bytes.map((byte) => (
                <span
                  key={byte}
                  id={`byte-${byte}`}
                  role="gridcell"
                  data-byte={byte}
                  {...looksOf(byte)}
                  title={wrong.get(byte)}
                  aria-selected={covers(detail, chosen, byte)}
                >
                  {(detail.bytes[byte] as number).toString(16).padStart(2, '0')}
                </span>
              ))}
              {Array.from({ length: width - bytes.length }, (_, gap) => (
                <span key={`gap-${gap}`} class="byte gap" aria-hidden="true" />
              ))}
              <span class="ascii" aria-hidden="true">
                {bytes.map((byte) => (
                  <span key={byte} data-byte={byte} {...looksOf(byte)}>
                    {character(detail.bytes[byte] as number)}
                  </span>
                ))}
              </span>
            </div>
          );
        })}
      </div>
    </div>
  );
}

/** The same text for each byte. */
function marks(start: number, end: number, text: string): [number, string][] {
  return Array.from({ length: end - start }, (_, offset) => [start + offset, text]);
}

function linesOf({ frames }: Detail, width: number): HexLine[] {
  return frames.flatMap((frame) => {
    const { start, end } = frame;
    const lines: HexLine[] = [{ frame }];
    for (let at = start; at < end; at += width)
      lines.push({ start: at, end: Math.min(end, at + width), offset: at - start });
    return lines;
  });
}

/** The innermost field of each byte. */
function ownersOf({ bytes, nodes }: Detail): readonly (number | undefined)[] {
  const owners = new Array<number | undefined>(bytes.length).fill(undefined);
  for (const { id, group, runs } of nodes) {
    if (group) continue;
    for (const [start, end] of runs) for (let byte = start; byte < end; byte++) owners[byte] ??= id;
  }
  return owners;
}

function covers({ nodes }: Detail, node: number | undefined, byte: number): boolean {
  if (node === undefined) return false;
  return nodes[node]?.runs.some(([start, end]) => byte >= start && byte < end) ?? false;
}

function character(byte: number): string {
  return byte >= 0x20 && byte < 0x7f ? String.fromCharCode(byte) : '.';
}
