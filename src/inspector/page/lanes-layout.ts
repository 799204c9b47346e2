import type { LaneMessage, LaneParcel, LanesWindow } from '../data/timeline/lanes.js';

/** Heights and widths in CSS pixels. */
export const gutter = 92;
export const axisHeight = 24;
const laneHeight = 44;
const barHeight = 18;
const alarmHeight = 16;
const titleHeight = 18;
/** Rows for the bars of states and of parcels. What needs more is left out, and counted. */
const stateRowsMax = 12;
const parcelRowsMax = 8;
/** A click up to this many pixels beside a message chooses it. */
const reach = 5;

/** The message that a click chooses, and the text about it. */
export interface Hit {
  readonly no: number | undefined;
  readonly text: string;
}

/** A bar in a row of its own or behind another one. */
export interface PlacedParcel extends LaneParcel {
  readonly row: number;
}

/**
 * Places in the drawing, in pixels: of rows from the top, of positions on the time axis from the left. What matters most
 * comes first: errors and resets, then VM states and parcels, then the lanes.
 */
export class LanesLayout {
  readonly alarmTop = axisHeight;
  readonly stateTop: number;
  readonly parcelTop: number;
  readonly laneTop: number;
  readonly height: number;
  /** Names of the VMs that have states to show. */
  readonly stateVms: ReadonlyMap<number, string>;
  /** VMs whose states are left out. */
  readonly statesLeftOut: number;
  readonly parcels: readonly PlacedParcel[];
  readonly parcelsLeftOut: number;
  readonly #stateRow: ReadonlyMap<number, number>;
  readonly #lane: ReadonlyMap<number, number>;

  constructor(
    readonly window: LanesWindow,
    readonly start: number,
    readonly end: number,
    readonly width: number,
  ) {
    const { vms, alarms, states } = window;
    this.#lane = new Map(vms.map(({ vmid }, index) => [vmid, index]));
    const named = new Map(states.map(({ vmid, vm }) => [vmid, vm]));
    this.stateVms = new Map([...named].sort(([a], [b]) => a - b).slice(0, stateRowsMax));
    this.statesLeftOut = named.size - this.stateVms.size;
    this.#stateRow = new Map([...this.stateVms.keys()].map((vmid, row) => [vmid, row]));
    this.parcels = this.#placed();
    this.parcelsLeftOut = window.parcelsLeftOut + window.parcels.length - this.parcels.length;
    this.stateTop = this.alarmTop + alarms.length * alarmHeight + 4;
    this.parcelTop = this.stateTop + sectionHeight(this.stateVms.size);
    const parcelRows = this.parcels.reduce((most, { row }) => Math.max(most, row + 1), 0);
    this.laneTop = this.parcelTop + sectionHeight(parcelRows);
    this.height = this.laneTop + titleHeight + vms.length * laneHeight + 6;
  }

  x(position: number): number {
    return gutter + ((position - this.start) / (this.end - this.start)) * (this.width - gutter);
  }

  position(x: number): number {
    return this.start + ((x - gutter) / (this.width - gutter)) * (this.end - this.start);
  }

  /** The middle of a VM's lane. */
  laneY(vmid: number): number {
    return this.laneTop + titleHeight + ((this.#lane.get(vmid) ?? 0) + 0.5) * laneHeight;
  }

  /** Top and height of a VM's histogram. */
  laneBox(vmid: number): readonly [top: number, height: number] {
    return [this.laneY(vmid) - laneHeight / 2 + 3, laneHeight - 6];
  }

  alarmBox(row: number): readonly [top: number, height: number] {
    return [this.alarmTop + row * alarmHeight + 2, alarmHeight - 3];
  }

  /** Top and height of a VM's bar of states. Undefined for a VM whose states are left out. */
  stateBar(vmid: number): readonly [top: number, height: number] | undefined {
    const row = this.#stateRow.get(vmid);
    return row === undefined ? undefined : [this.stateTop + titleHeight + row * barHeight, barHeight - 3];
  }

  parcelBar({ row }: PlacedParcel): readonly [top: number, height: number] {
    return [this.parcelTop + titleHeight + row * barHeight, barHeight - 3];
  }

  /** What is at a point. */
  hit(x: number, y: number): Hit | undefined {
    if (y >= this.laneTop) return this.#messageAt(x, y) ?? this.#callAt(x, y) ?? this.#countAt(x, y);
    return y < this.stateTop ? this.#alarmAt(x, y) : this.#barAt(x, y);
  }

  /** Puts each parcel into the first row in which it overlaps no other one. */
  #placed(): PlacedParcel[] {
    const ends: number[] = [];
    return this.window.parcels.flatMap((parcel) => {
      const left = this.x(parcel.start);
      let row = ends.findIndex((end) => end <= left);
      if (row < 0) row = ends.length;
      if (row >= parcelRowsMax) return [];
      ends[row] = Math.max(left + 3, this.x(parcel.end) + 1);
      return [{ ...parcel, row }];
    });
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

  #partAt(x: number, parts: number): number {
    return Math.min(parts - 1, Math.max(0, Math.floor(((x - gutter) / (this.width - gutter)) * parts)));
  }

  #countAt(x: number, y: number): Hit | undefined {
    const { vms, density, messages } = this.window;
    const lane = Math.floor((y - this.laneTop - titleHeight) / laneHeight);
    const [vm, own] = [vms[lane], density.find(({ vmid }) => vmid === vms[lane]?.vmid)];
    if (vm === undefined || own === undefined || messages.length > 0) return undefined;
    const part = this.#partAt(x, own.sums.length);
    const errors = own.counts.at(-1)?.[part] ?? 0;
    const text = `${vm.label}: ${own.sums[part]} messages here${errors > 0 ? `, ${errors} with errors` : ''}`;
    return { no: undefined, text };
  }

  #alarmAt(x: number, y: number): Hit | undefined {
    const alarm = this.window.alarms[Math.floor((y - this.alarmTop) / alarmHeight)];
    if (alarm === undefined) return undefined;
    // An alarm is a thin line, so that the nearest one counts.
    const here = this.#partAt(x, alarm.counts.length);
    for (let offset = 0; offset <= 2; offset++)
      for (const part of [here - offset, here + offset]) {
        const count = alarm.counts[part] ?? 0;
        if (count > 0)
          return {
            no: alarm.first[part],
            text: `${alarm.name}: ${count} here, from ${alarm.first[part]} on`,
          };
      }
    return { no: undefined, text: `${alarm.name}: ${alarm.total} in the whole capture` };
  }

  #barAt(x: number, y: number): Hit | undefined {
    const within = (
      { start, end }: { start: number; end: number },
      bar: readonly [number, number] | undefined,
    ) =>
      bar !== undefined &&
      y >= bar[0] &&
      y <= bar[0] + bar[1] &&
      x >= this.x(start) &&
      x <= Math.max(this.x(start) + 2, this.x(end));
    const state = this.window.states.find((span) => within(span, this.stateBar(span.vmid)));
    if (state !== undefined) return { no: state.no, text: `${state.vm} ${state.state}` };
    const parcel = this.parcels.find((span) => within(span, this.parcelBar(span)));
    if (parcel === undefined) return undefined;
    const mapped = [...new Set(parcel.mapped.map(({ vm }) => vm))].join(', ');
    const text = `parcel ${parcel.handle}, ${parcel.kind} by ${parcel.owner}${mapped === '' ? '' : `, mapped by ${mapped}`}`;
    return { no: parcel.no, text };
  }
}

function sectionHeight(rows: number): number {
  return rows === 0 ? 0 : titleHeight + rows * barHeight + 2;
}

/** `7 VM_ALLOC_VMID request, HLOS → RM`. */
export function messageText(message: LaneMessage, { vms }: LanesWindow): string {
  const label = (vmid: number) => vms.find((vm) => vm.vmid === vmid)?.label ?? `VM ${vmid}`;
  const { no, name, type, from, to, failed, unanswered, problem, hazards } = message;
  const remarks = [failed && 'error', unanswered && 'no reply', problem && 'issues', ...hazards].filter(
    Boolean,
  );
  return [`${no} ${name} ${type}, ${label(from)} → ${label(to)}`, ...remarks].join(', ');
}
