import type { LaneMessage, LanesWindow } from '../data/timeline/lanes.js';

/** Heights and widths in CSS pixels. */
export const gutter = 76;
export const axisHeight = 24;
const laneHeight = 46;
const barHeight = 18;
const titleHeight = 22;
/** A click up to this many pixels beside a message chooses it. */
const reach = 5;

/** The message that a click chooses, and the text about it. */
export interface Hit {
  readonly no: number;
  readonly text: string;
}

/** Places in the drawing, in pixels: of lanes and bars from the top, of positions on the time axis from the left. */
export class LanesLayout {
  readonly laneTop = axisHeight;
  readonly stateTop: number;
  readonly parcelTop: number;
  readonly height: number;
  /** Names of the VMs that have states to show. */
  readonly stateVms: ReadonlyMap<number, string>;
  readonly #stateRow: ReadonlyMap<number, number>;
  readonly #lane: ReadonlyMap<number, number>;

  constructor(
    readonly window: LanesWindow,
    readonly start: number,
    readonly end: number,
    readonly width: number,
  ) {
    const { vms, states, parcels } = window;
    this.#lane = new Map(vms.map(({ vmid }, index) => [vmid, index]));
    const named = new Map(states.map(({ vmid, vm }) => [vmid, vm]));
    this.stateVms = new Map([...named].sort(([a], [b]) => a - b));
    this.#stateRow = new Map([...this.stateVms.keys()].map((vmid, row) => [vmid, row]));
    this.stateTop = this.laneTop + vms.length * laneHeight;
    const stateHeight = this.stateVms.size === 0 ? 0 : titleHeight + this.stateVms.size * barHeight;
    this.parcelTop = this.stateTop + stateHeight;
    const parcelHeight = parcels.length === 0 ? 0 : titleHeight + parcels.length * barHeight;
    this.height = this.parcelTop + parcelHeight + 6;
  }

  x(position: number): number {
    return gutter + ((position - this.start) / (this.end - this.start)) * (this.width - gutter);
  }

  position(x: number): number {
    return this.start + ((x - gutter) / (this.width - gutter)) * (this.end - this.start);
  }

  /** The middle of a VM's lane. */
  laneY(vmid: number): number {
    return this.laneTop + ((this.#lane.get(vmid) ?? 0) + 0.5) * laneHeight;
  }

  /** Top and height of a VM's bar of states. */
  stateBar(vmid: number): readonly [top: number, height: number] {
    return [this.stateTop + titleHeight + (this.#stateRow.get(vmid) ?? 0) * barHeight, barHeight - 3];
  }

  parcelBar(index: number): readonly [top: number, height: number] {
    return [this.parcelTop + titleHeight + index * barHeight, barHeight - 3];
  }

  /** Finds the nearest message at a point or, without one, the call, state or parcel there. */
  hit(x: number, y: number): Hit | undefined {
    return y < this.stateTop ? (this.#messageAt(x, y) ?? this.#callAt(x, y)) : this.#barAt(x, y);
  }

  #messageAt(x: number, y: number): Hit | undefined {
    const near = this.window.messages
      .map((message) => ({ message, distance: Math.abs(this.x(message.at) - x) }))
      .filter(({ message, distance }) => distance <= reach && this.#spans(message, y))
      .sort((a, b) => a.distance - b.distance)[0];
    return near && { no: near.message.no, text: messageText(near.message, this.window) };
  }

  #spans({ from, to }: LaneMessage, y: number): boolean {
    const ends = [this.laneY(from), this.laneY(to)];
    return y >= Math.min(...ends) - reach && y <= Math.max(...ends) + reach;
  }

  #callAt(x: number, y: number): Hit | undefined {
    const call = this.window.calls.find(
      ({ vmid, start, end }) =>
        Math.abs(this.laneY(vmid) - y) <= 2 * reach && x >= this.x(start) && x <= this.x(end),
    );
    return call && { no: call.no, text: `${call.no} ${call.name}, open` };
  }

  #barAt(x: number, y: number): Hit | undefined {
    const within = (
      { start, end }: { start: number; end: number },
      [top, height]: readonly [number, number],
    ) => y >= top && y <= top + height && x >= this.x(start) && x <= Math.max(this.x(start) + 2, this.x(end));
    const state = this.window.states.find((span) => within(span, this.stateBar(span.vmid)));
    if (state !== undefined) return { no: state.no, text: `${state.vm} ${state.state}` };
    const parcel = this.window.parcels.find((span, index) => within(span, this.parcelBar(index)));
    if (parcel === undefined) return undefined;
    const mapped = [...new Set(parcel.mapped.map(({ vm }) => vm))].join(', ');
    const text = `parcel ${parcel.handle}, ${parcel.kind} by ${parcel.owner}${mapped === '' ? '' : `, mapped by ${mapped}`}`;
    return { no: parcel.no, text };
  }
}

/** `7 VM_ALLOC_VMID request, HLOS → RM`. */
export function messageText(message: LaneMessage, { vms }: LanesWindow): string {
  const label = (vmid: number) => vms.find((vm) => vm.vmid === vmid)?.label;
  const { no, name, type, from, to, failed, unanswered, problem } = message;
  const remarks = [failed && 'error', unanswered && 'no reply', problem && 'issues'].filter(Boolean);
  return [`${no} ${name} ${type}, ${label(from)} → ${label(to)}`, ...remarks].join(', ');
}
