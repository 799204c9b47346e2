import type { LaneDensity } from '../data/timeline/lanes.js';
import { axisHeight, gutter, type LanesLayout } from './lanes-layout.js';
import { durationText, ticks } from './ticks.js';

/** The colours of the style sheet, by name. */
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
  new LanesPainter(context, layout, palette).draw(chosen);
}

class LanesPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #layout: LanesLayout;
  readonly #palette: Palette;

  constructor(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette) {
    this.#context = context;
    this.#layout = layout;
    this.#palette = palette;
  }

  draw(chosen: number | undefined): void {
    const { width, height, window } = this.#layout;
    const context = this.#context;
    context.clearRect(0, 0, width, height);
    context.textBaseline = 'middle';
    this.#labels();
    this.#axis();
    context.save();
    context.beginPath();
    context.rect(gutter, 0, width - gutter, height);
    context.clip();
    this.#calls();
    for (const pair of window.density) this.#density(pair);
    this.#messages(chosen);
    this.#states();
    this.#parcels();
    context.restore();
  }

  /** The names in the gutter, and the line of each VM. */
  #labels(): void {
    const { window, width, stateVms, stateTop, parcelTop } = this.#layout;
    for (const { vmid, label } of window.vms) {
      const y = this.#layout.laneY(vmid);
      this.#text(label, 8, y);
      this.#line(this.#palette.line, gutter, y, width, y);
    }
    if (stateVms.size > 0) this.#title(stateTop, 'VM states');
    for (const [vmid, vm] of stateVms) this.#barLabel(vm, this.#layout.stateBar(vmid));
    const leftOut = window.parcelsLeftOut > 0 ? ` (${window.parcelsLeftOut} more: zoom in)` : '';
    if (window.parcels.length > 0) this.#title(parcelTop, `Memory parcels${leftOut}`);
    for (const [index, { handle }] of window.parcels.entries())
      this.#barLabel(`#${handle}`, this.#layout.parcelBar(index));
  }

  #title(top: number, text: string): void {
    this.#line(this.#palette.line, 0, top + 0.5, this.#layout.width, top + 0.5);
    this.#text(text, 8, top + 12, this.#palette.faint, small);
  }

  #barLabel(text: string, [top, height]: readonly [number, number]): void {
    this.#text(text, 8, top + height / 2, this.#palette.text, small, gutter - 12);
  }

  #axis(): void {
    const { start, end, width, window, height } = this.#layout;
    const room = Math.max(2, Math.floor((width - gutter) / 110));
    for (const position of ticks(start, end, room)) {
      const x = this.#layout.x(position);
      this.#line(this.#palette.line, x, axisHeight - 6, x, height);
      const text = window.hasTimes ? durationText(position - window.first) : `no ${Math.round(position) + 1}`;
      this.#text(text, x + 4, axisHeight / 2, this.#palette.faint, small);
    }
  }

  #calls(): void {
    for (const { vmid, start, end } of this.#layout.window.calls) {
      const x = this.#layout.x(start);
      const width = Math.max(1, this.#layout.x(end) - x);
      this.#box(this.#palette.slice, x, this.#layout.laneY(vmid) - 6, width, 12);
    }
  }

  /** Counts of messages, drawn where there are too many messages for arrows. More messages give a stronger colour. */
  #density({ from, to, counts }: LaneDensity): void {
    const context = this.#context;
    const ends = [this.#layout.laneY(from), this.#layout.laneY(to)];
    const top = Math.min(...ends);
    const most = counts.reduce((max, count) => Math.max(max, count), 1);
    const step = (this.#layout.width - gutter) / counts.length;
    for (const [part, count] of counts.entries()) {
      if (count === 0) continue;
      context.globalAlpha = 0.12 + 0.5 * Math.sqrt(count / most);
      this.#box(this.#palette.accent, gutter + part * step, top, step, Math.max(...ends) - top);
    }
    context.globalAlpha = 1;
  }

  #messages(chosen: number | undefined): void {
    const palette = this.#palette;
    for (const { no, at, from, to, type, failed, problem, unanswered } of this.#layout.window.messages) {
      const x = this.#layout.x(at);
      const start = this.#layout.laneY(from);
      const end = this.#layout.laneY(to);
      const isChosen = no === chosen;
      const kind = type === 'notification' ? palette.warn : type === 'reply' ? palette.good : palette.accent;
      const colour = isChosen ? palette.chosen : problem || failed ? palette.bad : kind;
      if (isChosen) this.#box(palette.slice, x - 4, Math.min(start, end), 8, Math.abs(end - start));
      this.#line(colour, x, start, x, end, isChosen ? 2.5 : 1.2);
      this.#arrow(colour, x, end, Math.sign(end - start) || 1);
      if (type === 'notification') this.#diamond(colour, x, start);
      if (unanswered) this.#text('?', x + 4, start - 10, palette.bad);
    }
  }

  #states(): void {
    const { good, bad, accent } = this.#palette;
    for (const { vmid, state, start, end } of this.#layout.window.states) {
      const colour = state === 'RUNNING' ? good : /FAILED|EXITED/.test(state) ? bad : accent;
      this.#bar(colour, start, end, this.#layout.stateBar(vmid), state);
    }
  }

  #parcels(): void {
    const { good, warn } = this.#palette;
    for (const [index, { kind, owner, start, end, mapped }] of this.#layout.window.parcels.entries()) {
      const bar = this.#layout.parcelBar(index);
      this.#bar(warn, start, end, bar, `${kind} of ${owner}`);
      // A line at the bottom of the bar shows when a VM has the parcel mapped.
      for (const span of mapped) {
        const x = this.#layout.x(span.start);
        this.#box(good, x, bar[0] + bar[1] - 4, Math.max(1, this.#layout.x(span.end) - x), 4);
      }
    }
  }

  /** A bar between two positions, with its text if there is room for it. */
  #bar(
    colour: string,
    start: number,
    end: number,
    [top, height]: readonly [number, number],
    text: string,
  ): void {
    const context = this.#context;
    const left = this.#layout.x(start);
    const right = this.#layout.x(end);
    const width = Math.max(1, right - left);
    context.globalAlpha = 0.35;
    this.#box(colour, left, top, width, height);
    context.globalAlpha = 1;
    this.#box(colour, left, top, Math.min(2, width), height);
    context.font = small;
    const visible = Math.max(left, gutter);
    if (context.measureText(text).width + 8 > right - visible) return;
    this.#text(text, visible + 5, top + height / 2 + 0.5, this.#palette.text, small);
  }

  #text(
    text: string,
    x: number,
    y: number,
    colour = this.#palette.text,
    textFont = font,
    width?: number,
  ): void {
    this.#context.font = textFont;
    this.#context.fillStyle = colour;
    this.#context.fillText(text, x, y, width);
  }

  #box(colour: string, x: number, y: number, width: number, height: number): void {
    this.#context.fillStyle = colour;
    this.#context.fillRect(x, y, width, height);
  }

  #line(colour: string, x: number, y: number, toX: number, toY: number, width = 1): void {
    const context = this.#context;
    context.strokeStyle = colour;
    context.lineWidth = width;
    context.beginPath();
    context.moveTo(x, y);
    context.lineTo(toX, toY);
    context.stroke();
  }

  /** @param direction 1 = down, -1 = up */
  #arrow(colour: string, x: number, y: number, direction: number): void {
    const base = y - 7 * direction;
    this.#shape(colour, [x, y], [x - 3.5, base], [x + 3.5, base]);
  }

  #diamond(colour: string, x: number, y: number): void {
    this.#shape(colour, [x, y - 5], [x + 5, y], [x, y + 5], [x - 5, y]);
  }

  #shape(colour: string, ...points: readonly (readonly [x: number, y: number])[]): void {
    this.#context.fillStyle = colour;
    this.#context.beginPath();
    for (const [x, y] of points) this.#context.lineTo(x, y);
    this.#context.fill();
  }
}
