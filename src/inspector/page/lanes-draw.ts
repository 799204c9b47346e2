import type { LaneDensity } from '../data/timeline/lanes.js';
import { axisHeight, gutter, type LanesLayout } from './lanes-layout.js';
import { durationText, ticks } from './ticks.js';

/** Colours by what they are for, as CSS has them at the moment. */
export type Palette = Readonly<Record<PaletteName, string>>;
export const paletteNames = [
  'text',
  'faint',
  'line',
  'panel',
  'accent',
  'good',
  'bad',
  'warn',
  'slice',
  'chosen',
] as const;
export type PaletteName = (typeof paletteNames)[number];

const font = '12px system-ui, sans-serif';
const small = '11px system-ui, sans-serif';

/** Draws the lanes of a window. @param chosen `no` of the chosen message */
export function drawLanes(
  context: CanvasRenderingContext2D,
  layout: LanesLayout,
  palette: Palette,
  chosen: number | undefined,
): void {
  context.clearRect(0, 0, layout.width, layout.height);
  context.textBaseline = 'middle';
  drawLaneLines(context, layout, palette);
  drawAxis(context, layout, palette);
  context.save();
  context.beginPath();
  context.rect(gutter, 0, layout.width - gutter, layout.height);
  context.clip();
  drawCalls(context, layout, palette);
  for (const pair of layout.window.density) drawDensity(context, layout, palette, pair);
  drawMessages(context, layout, palette, chosen);
  drawStates(context, layout, palette);
  drawParcels(context, layout, palette);
  context.restore();
}

function drawLaneLines(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette): void {
  const { window, width } = layout;
  context.font = font;
  for (const { vmid, label } of window.vms) {
    const y = layout.laneY(vmid);
    context.fillStyle = palette.text;
    context.fillText(label, 8, y);
    line(context, palette.line, gutter, y, width, y);
  }
  title(context, layout, palette, layout.stateVms.size > 0, layout.stateTop, 'VM states');
  const left = window.parcelsLeftOut > 0 ? ` (${window.parcelsLeftOut} more: zoom in)` : '';
  title(context, layout, palette, window.parcels.length > 0, layout.parcelTop, `Memory parcels${left}`);
}

function title(
  context: CanvasRenderingContext2D,
  { width }: LanesLayout,
  palette: Palette,
  shown: boolean,
  top: number,
  text: string,
): void {
  if (!shown) return;
  line(context, palette.line, 0, top + 0.5, width, top + 0.5);
  context.fillStyle = palette.faint;
  context.font = small;
  context.fillText(text, 8, top + 12);
}

function drawAxis(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette): void {
  const { start, end, width, window, height } = layout;
  context.font = small;
  const room = Math.max(2, Math.floor((width - gutter) / 110));
  for (const position of ticks(start, end, room)) {
    const x = layout.x(position);
    line(context, palette.line, x, axisHeight - 6, x, height);
    context.fillStyle = palette.faint;
    const text = window.hasTimes ? durationText(position - window.first) : `no ${Math.round(position) + 1}`;
    context.fillText(text, x + 4, axisHeight / 2);
  }
}

function drawCalls(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette): void {
  context.fillStyle = palette.slice;
  for (const { vmid, start, end } of layout.window.calls) {
    const x = layout.x(start);
    context.fillRect(x, layout.laneY(vmid) - 6, Math.max(1, layout.x(end) - x), 12);
  }
}

/** Where there are too many messages for arrows: the busier, the stronger. */
function drawDensity(
  context: CanvasRenderingContext2D,
  layout: LanesLayout,
  palette: Palette,
  { from, to, counts }: LaneDensity,
): void {
  const [top, bottom] = [layout.laneY(from), layout.laneY(to)].sort((a, b) => a - b) as [number, number];
  const most = counts.reduce((max, count) => Math.max(max, count), 1);
  const step = (layout.width - gutter) / counts.length;
  context.fillStyle = palette.accent;
  for (const [part, count] of counts.entries()) {
    if (count === 0) continue;
    context.globalAlpha = 0.12 + 0.5 * Math.sqrt(count / most);
    context.fillRect(gutter + part * step, top, step, bottom - top);
  }
  context.globalAlpha = 1;
}

function drawMessages(
  context: CanvasRenderingContext2D,
  layout: LanesLayout,
  palette: Palette,
  chosen: number | undefined,
): void {
  for (const { no, at, from, to, type, failed, problem, unanswered } of layout.window.messages) {
    const x = layout.x(at);
    const start = layout.laneY(from);
    const end = layout.laneY(to);
    const isChosen = no === chosen;
    const kind = type === 'notification' ? palette.warn : type === 'reply' ? palette.good : palette.accent;
    const colour = isChosen ? palette.chosen : problem || failed ? palette.bad : kind;
    if (isChosen) {
      context.fillStyle = palette.slice;
      context.fillRect(x - 4, Math.min(start, end), 8, Math.abs(end - start));
    }
    line(context, colour, x, start, x, end, isChosen ? 2.5 : 1.2);
    arrow(context, colour, x, end, Math.sign(end - start) || 1);
    if (type === 'notification') diamond(context, colour, x, start);
    if (unanswered) {
      context.fillStyle = palette.bad;
      context.font = font;
      context.fillText('?', x + 4, start - 10);
    }
  }
}

function drawStates(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette): void {
  for (const { vmid, state, start, end } of layout.window.states) {
    const [top, height] = layout.stateBar(vmid);
    const fill =
      state === 'RUNNING' ? palette.good : /FAILED|EXITED/.test(state) ? palette.bad : palette.accent;
    bar(context, palette, fill, layout.x(start), top, layout.x(end), height, state);
  }
  label(context, layout, palette, [...layout.stateVms], ([vmid, vm]) => [vm, layout.stateBar(vmid)]);
}

function drawParcels(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette): void {
  for (const [index, { kind, owner, start, end, mapped }] of layout.window.parcels.entries()) {
    const [top, height] = layout.parcelBar(index);
    bar(context, palette, palette.warn, layout.x(start), top, layout.x(end), height, `${kind} of ${owner}`);
    // Who has it mapped: the lower half.
    for (const span of mapped) {
      const x = layout.x(span.start);
      context.fillStyle = palette.good;
      context.fillRect(x, top + height - 4, Math.max(1, layout.x(span.end) - x), 4);
    }
  }
  const indices = layout.window.parcels.map((_, index) => index);
  label(context, layout, palette, indices, (index) => [
    `#${layout.window.parcels[index]?.handle}`,
    layout.parcelBar(index),
  ]);
}

/** Names in the gutter, which the clip of the content leaves out. */
function label<T>(
  context: CanvasRenderingContext2D,
  { height }: LanesLayout,
  palette: Palette,
  items: readonly T[],
  of: (item: T) => readonly [string, readonly [number, number]],
): void {
  context.restore();
  context.font = small;
  context.fillStyle = palette.text;
  for (const item of items) {
    const [text, [top, size]] = of(item);
    context.fillText(text, 8, top + size / 2, gutter - 12);
  }
  context.save();
  context.beginPath();
  context.rect(gutter, 0, context.canvas.width, height);
  context.clip();
}

function bar(
  context: CanvasRenderingContext2D,
  palette: Palette,
  fill: string,
  left: number,
  top: number,
  right: number,
  height: number,
  text: string,
): void {
  const width = Math.max(1, right - left);
  context.globalAlpha = 0.35;
  context.fillStyle = fill;
  context.fillRect(left, top, width, height);
  context.globalAlpha = 1;
  context.fillRect(left, top, Math.min(2, width), height);
  context.font = small;
  const shown = Math.max(left, gutter);
  if (context.measureText(text).width + 8 > right - shown) return;
  context.fillStyle = palette.text;
  context.fillText(text, shown + 5, top + height / 2 + 0.5);
}

function line(
  context: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  toX: number,
  toY: number,
  width = 1,
): void {
  context.strokeStyle = colour;
  context.lineWidth = width;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(toX, toY);
  context.stroke();
}

/** @param direction 1 = downwards */
function arrow(
  context: CanvasRenderingContext2D,
  colour: string,
  x: number,
  y: number,
  direction: number,
): void {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x, y);
  context.lineTo(x - 3.5, y - 7 * direction);
  context.lineTo(x + 3.5, y - 7 * direction);
  context.fill();
}

function diamond(context: CanvasRenderingContext2D, colour: string, x: number, y: number): void {
  context.fillStyle = colour;
  context.beginPath();
  context.moveTo(x, y - 5);
  context.lineTo(x + 5, y);
  context.lineTo(x, y + 5);
  context.lineTo(x - 5, y);
  context.fill();
}
