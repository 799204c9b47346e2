import type { AlarmName } from '../data/timeline/density.js';
import { axisHeight, gutter, type LanesLayout } from './lanes-layout.js';
import type { Palette } from './lanes-palette.js';
import { durationText, ticks } from './ticks.js';

/** With more resets than this in a window, their lines would hide everything else. */
const resetLinesMax = 40;

type Bar = readonly [top: number, height: number];

const font = '12px system-ui, sans-serif';
const small = '11px system-ui, sans-serif';

/** Draws the lanes of a window. */
export class LanesPainter {
  readonly #context: CanvasRenderingContext2D;
  readonly #layout: LanesLayout;
  readonly #palette: Palette;

  constructor(context: CanvasRenderingContext2D, layout: LanesLayout, palette: Palette) {
    this.#context = context;
    this.#layout = layout;
    this.#palette = palette;
  }

  /** @param chosen `no` of the chosen message */
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
    this.#alarms();
    this.#states();
    this.#parcels();
    if (window.messages.length === 0) this.#histograms();
    this.#calls();
    this.#messages(chosen);
    context.restore();
  }

  /** The names in the gutter, and the line of each VM. */
  #labels(): void {
    const { window, width, stateVms, statesLeftOut, stateTop, parcelTop, laneTop } = this.#layout;
    const { parcels, parcelsLeftOut } = this.#layout;
    for (const [row, { name, total }] of window.alarms.entries())
      this.#barLabel(`${name} ${shortCount(total)}`, this.#layout.alarmBox(row), this.#alarmColour(name));
    const statesOut = statesLeftOut > 0 ? ` (${statesLeftOut} more VMs)` : '';
    if (stateVms.size > 0) this.#title(stateTop, `VM states${statesOut}`);
    for (const [vmid, vm] of stateVms) this.#barLabel(vm, this.#layout.stateBar(vmid) as Bar);
    const leftOut = parcelsLeftOut > 0 ? ` (${shortCount(parcelsLeftOut)} shorter ones: zoom in)` : '';
    if (parcels.length > 0) this.#title(parcelTop, `Memory parcels${leftOut}`);
    const lanesOut = window.vmsLeftOut > 0 ? ` (${window.vmsLeftOut} more VMs)` : '';
    this.#title(laneTop, `Messages${lanesOut}`);
    for (const { vmid, label } of window.vms) {
      const y = this.#layout.laneY(vmid);
      const [top, height] = this.#layout.laneBox(vmid);
      const line = window.messages.length === 0 ? top + height + 0.5 : y;
      this.#text(label, 8, y);
      this.#line(this.#palette.line, gutter, line, width, line);
    }
  }

  #title(top: number, text: string): void {
    this.#line(this.#palette.line, 0, top + 0.5, this.#layout.width, top + 0.5);
    this.#text(text, 8, top + 10, this.#palette.faint, small);
  }

  #barLabel(text: string, [top, height]: Bar, colour = this.#palette.text): void {
    this.#text(text, 8, top + height / 2, colour, small, gutter - 12);
  }

  #alarmColour(name: AlarmName): string {
    const { bad, warn, chosen } = this.#palette;
    return { errors: bad, 'no reply': warn, broken: bad, resets: chosen, hazards: bad }[name];
  }

  /** A row for each alarm. A line is as high as the row, however few messages it stands for. */
  #alarms(): void {
    const { window, width, height } = this.#layout;
    const context = this.#context;
    for (const [row, { name, counts }] of window.alarms.entries()) {
      const [top, size] = this.#layout.alarmBox(row);
      const colour = this.#alarmColour(name);
      const step = (width - gutter) / counts.length;
      const most = counts.reduce((max, count) => Math.max(max, count), 1);
      const hasLines = name === 'resets' && counts.filter((count) => count > 0).length <= resetLinesMax;
      this.#box(this.#palette.panel, gutter, top, width - gutter, size);
      for (const [part, count] of counts.entries()) {
        if (count === 0) continue;
        const x = gutter + part * step;
        context.globalAlpha = 0.55 + 0.45 * Math.sqrt(count / most);
        this.#box(colour, x, top, Math.max(2, step), size);
        if (!hasLines) continue;
        // A reset ends what came before it in all rows.
        context.globalAlpha = 0.3;
        this.#box(colour, x, top, 1, height - top);
      }
      context.globalAlpha = 1;
    }
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

  /**
   * Bars with the number of messages of each kind, where there are too many messages for arrows. Heights are square roots,
   * so that few messages are seen beside many. Errors are on top, at least three pixels high.
   */
  #histograms(): void {
    const { window, width } = this.#layout;
    const { accent, good, warn, faint, bad } = this.#palette;
    const colours = [accent, good, warn, faint, bad];
    for (const { vmid, counts, sums } of window.density) {
      const [top, height] = this.#layout.laneBox(vmid);
      const step = (width - gutter) / sums.length;
      const most = sums.reduce((max, count) => Math.max(max, count), 1);
      for (const [part, sum] of sums.entries()) {
        if (sum === 0) continue;
        const scale = (Math.sqrt(sum / most) * height) / sum;
        let y = top + height;
        for (const [kind, colour] of colours.entries()) {
          const count = counts[kind]?.[part] ?? 0;
          if (count === 0) continue;
          const size = Math.max(colour === bad ? 3 : 0.5, count * scale);
          y -= size;
          this.#box(colour, gutter + part * step, y, Math.max(1, step - 0.3), size);
        }
      }
    }
  }

  #messages(chosen: number | undefined): void {
    const palette = this.#palette;
    for (const { no, at, from, to, type, failed, problem, unanswered, hazards } of this.#layout.window
      .messages) {
      const x = this.#layout.x(at);
      const start = this.#layout.laneY(from);
      const end = this.#layout.laneY(to);
      const isChosen = no === chosen;
      const kind = type === 'notification' ? palette.warn : type === 'reply' ? palette.good : palette.accent;
      const colour = isChosen ? palette.chosen : problem || failed || hazards.length > 0 ? palette.bad : kind;
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
      const bar = this.#layout.stateBar(vmid);
      if (bar !== undefined) this.#bar(colour, start, end, bar, state);
    }
  }

  #parcels(): void {
    const { good, warn } = this.#palette;
    for (const parcel of this.#layout.parcels) {
      const { handle, kind, owner, start, end, mapped } = parcel;
      const bar = this.#layout.parcelBar(parcel);
      this.#bar(warn, start, end, bar, `#${handle} ${kind} of ${owner}`);
      // A line at the bottom of the bar shows when a VM has the parcel mapped.
      for (const span of mapped) {
        const x = this.#layout.x(span.start);
        this.#box(good, x, bar[0] + bar[1] - 4, Math.max(1, this.#layout.x(span.end) - x), 4);
      }
    }
  }

  /** A bar between two positions, with its text if there is room for it. */
  #bar(colour: string, start: number, end: number, [top, height]: Bar, text: string): void {
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

/** `950`, `12k`, `3.4M`: few characters in the gutter. */
function shortCount(count: number): string {
  if (count < 10_000) return String(count);
  return count < 1e6 ? `${Math.round(count / 1000)}k` : `${(count / 1e6).toFixed(1)}M`;
}
