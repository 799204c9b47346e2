import { transType, vmStatus } from '../../../../schemas/index.js';
import { enumName, vmidName } from '../../../capture/payload/index.js';
import { MessageType } from '../../../schema/index.js';
import type { Hazards } from '../hazards.js';
import { isFailed, isProblemAt, isUnanswered, nameAt } from '../message-facts.js';
import { type MessageIndex, recordTypes } from '../message-index.js';
import { Axis } from './axis.js';
import { alarmNames, type LaneAlarm, type LaneDensity, MessageKinds, WindowCounts } from './density.js';
import type { ParcelSpan, Parcels } from './parcels.js';
import type { StateSpan, VmStates } from './vm-states.js';

/** A window with up to this many messages returns each of them. */
const messagesMax = 300;
/** Above this many states in a window, states too short to be seen are thinned out. */
const spansMax = 2000;
/** Largest number of parcels in a window: the longest ones. */
const parcelsMax = 200;
/** Largest number of lanes. */
const lanesMax = 32;
/** Messages before a window that are searched for calls that end in it. */
const earlierMax = 20_000;

export interface LaneMessage {
  readonly no: number;
  readonly at: number;
  readonly from: number;
  readonly to: number;
  readonly type: string;
  readonly name: string;
  readonly problem: boolean;
  /** Whether it is a reply with an error. */
  readonly failed: boolean;
  readonly unanswered: boolean;
  /** Rules of `lint` that it breaks. */
  readonly hazards: readonly string[];
}

/** The time between a request and its reply. */
export interface LaneCall {
  readonly no: number;
  readonly vmid: number;
  readonly name: string;
  readonly start: number;
  readonly end: number;
}

export interface LaneState {
  readonly no: number;
  readonly vmid: number;
  readonly vm: string;
  readonly state: string;
  readonly start: number;
  readonly end: number;
}

export interface LaneParcel {
  readonly no: number;
  readonly handle: number;
  readonly kind: string;
  readonly owner: string;
  readonly start: number;
  readonly end: number;
  readonly mapped: readonly { readonly vm: string; readonly start: number; readonly end: number }[];
}

/** What to draw between two positions of the axis. */
export interface LanesWindow {
  /** RM first, then by VMID. Of many VMs those with the most messages. */
  readonly vms: readonly { readonly vmid: number; readonly label: string }[];
  readonly vmsLeftOut: number;
  /** First and last position of the whole capture. */
  readonly first: number;
  readonly last: number;
  /** Whether positions are nanoseconds. Otherwise they are message numbers. */
  readonly hasTimes: boolean;
  /** Messages in the window. */
  readonly total: number;
  /** Empty if there are too many. */
  readonly messages: readonly LaneMessage[];
  /** For each lane. RM's counts all messages. */
  readonly density: readonly LaneDensity[];
  readonly alarms: readonly LaneAlarm[];
  readonly calls: readonly LaneCall[];
  readonly states: readonly LaneState[];
  readonly parcels: readonly LaneParcel[];
  /** Number of parcels in the window that `parcels` leaves out. */
  readonly parcelsLeftOut: number;
}

/** The lanes of a capture. They hold what had been read when they were made. */
export class Lanes {
  readonly #axis: Axis;
  readonly #kinds: MessageKinds;
  readonly #vms: LanesWindow['vms'];
  readonly #vmsLeftOut: number;
  readonly #resets: readonly StateSpan[];
  /** For each place in the order of the axis: the latest end of the calls that began there or before. */
  readonly #reach: Float64Array;
  readonly #index: MessageIndex;
  readonly #states: VmStates;
  readonly #parcels: Parcels;
  readonly #hazards: Hazards;

  constructor(index: MessageIndex, states: VmStates, parcels: Parcels, hazards: Hazards) {
    this.#hazards = hazards;
    this.#index = index;
    this.#states = states;
    this.#parcels = parcels;
    this.#axis = new Axis(index);
    this.#kinds = new MessageKinds(index);
    const vmids = this.#busiest();
    this.#vms = vmids.slice(0, lanesMax).map((vmid) => ({ vmid, label: this.#vmName(vmid) }));
    this.#vms = [...this.#vms].sort((a, b) => this.#isRm(b.vmid) - this.#isRm(a.vmid) || a.vmid - b.vmid);
    this.#vmsLeftOut = vmids.length - this.#vms.length;
    this.#resets = states.spans.filter(({ state }) => state === vmStatus.values.RESETTING);
    this.#reach = this.#reaches();
  }

  /** @param parts number of parts of the window in which messages are counted if there are too many to return. */
  window(start: number, end: number, parts: number): LanesWindow {
    const axis = this.#axis;
    const from = axis.placeFrom(start);
    const to = axis.placeFrom(end + 1);
    const few = to - from <= messagesMax;
    const places = axis.order.subarray(from, to);
    const counts = this.#counts(places, start, end, parts);
    const inWindow = (span: { start: number; end: number }) => span.start <= end && span.end >= start;
    const parcels = this.#parcels.spans.filter((span) => inWindow(this.#positions(span)));
    const length = (span: ParcelSpan) => {
      const positions = this.#positions(span);
      return Math.min(end, positions.end) - Math.max(start, positions.start);
    };
    const longest =
      parcels.length <= parcelsMax
        ? parcels
        : parcels
            .map((span) => ({ span, length: length(span) }))
            .sort((a, b) => b.length - a.length)
            .slice(0, parcelsMax)
            .map(({ span }) => span)
            .sort((a, b) => a.start - b.start);
    return {
      vms: this.#vms,
      vmsLeftOut: this.#vmsLeftOut,
      first: axis.start,
      last: axis.end,
      hasTimes: axis.hasTimes,
      total: to - from,
      messages: few ? Array.from(places, (at) => this.#message(at)) : [],
      density: counts.density,
      // Most captures have no findings, and need no row for them.
      alarms: counts.alarms.filter(({ name, total }) => name !== 'hazards' || total > 0),
      calls: few ? this.#calls(from, to, start) : [],
      states: this.#statesIn(inWindow, (end - start) / parts),
      parcels: longest.map((span) => ({
        no: span.start + 1,
        handle: span.handle,
        kind: enumName(transType, span.kind) ?? String(span.kind),
        owner: this.#vmName(span.owner),
        ...this.#positions(span),
        mapped: span.mapped.map((part) => ({ vm: this.#vmName(part.vmid), ...this.#positions(part) })),
      })),
      parcelsLeftOut: parcels.length - longest.length,
    };
  }

  /** Number of messages in each of the equal parts of the capture's duration. */
  activity(parts: number): number[] {
    const { start, end, order } = this.#axis;
    const counts = new Array<number>(parts).fill(0);
    const duration = Math.max(1, end - start);
    for (const at of order) {
      const part = Math.min(parts - 1, Math.floor(((this.#axis.of(at) - start) / duration) * parts));
      counts[part] = (counts[part] as number) + 1;
    }
    return counts;
  }

  /** Time from the first message to the last. Undefined if the capture has no times. */
  get durationNs(): number | undefined {
    return this.#axis.hasTimes ? this.#axis.end - this.#axis.start : undefined;
  }

  #reaches(): Float64Array {
    const { order } = this.#axis;
    const reach = new Float64Array(order.length);
    let furthest = Number.NEGATIVE_INFINITY;
    for (let place = 0; place < order.length; place++) {
      furthest = Math.max(furthest, this.#callEnd(order[place] as number) ?? Number.NEGATIVE_INFINITY);
      reach[place] = furthest;
    }
    return reach;
  }

  /** Position of the reply to a request. Undefined for other messages and for unanswered requests. */
  #callEnd(at: number): number | undefined {
    const { type, partner } = this.#index.messages.columns;
    const reply = partner[at] as number;
    return type[at] === MessageType.request && reply > 0 ? this.#axis.of(reply - 1) : undefined;
  }

  #calls(from: number, to: number, start: number): LaneCall[] {
    const calls: LaneCall[] = [];
    let first = Math.max(0, from - earlierMax);
    while (first < from && (this.#reach[first] as number) < start) first++;
    for (let place = first; place < to; place++) {
      const at = this.#axis.order[place] as number;
      const end = this.#callEnd(at);
      if (end === undefined || end < start) continue;
      const vmid = this.#index.messages.columns.from[at] as number;
      calls.push({ no: at + 1, vmid, name: this.#name(at), start: this.#axis.of(at), end });
    }
    return calls;
  }

  #message(at: number): LaneMessage {
    const index = this.#index;
    const { type, from, to } = index.messages.columns;
    return {
      no: at + 1,
      at: this.#axis.of(at),
      from: from[at] as number,
      to: to[at] as number,
      type: recordTypes[type[at] as number] as string,
      name: this.#name(at),
      problem: isProblemAt(index, at),
      failed: isFailed(index, at),
      unanswered: isUnanswered(index, at),
      hazards: this.#hazards.of(at + 1).map(({ rule }) => rule),
    };
  }

  #isRm(vmid: number): number {
    return Number(vmid === this.#index.protocol.constants.VMID_RM);
  }

  /** All VMs, those with the most messages first. */
  #busiest(): number[] {
    const { from, to } = this.#index.messages.columns;
    const counts = new Uint32Array(0x10000);
    for (let at = 0; at < this.#index.count; at++) {
      counts[from[at] as number] = (counts[from[at] as number] as number) + 1;
      counts[to[at] as number] = (counts[to[at] as number] as number) + 1;
    }
    const vmids: number[] = [];
    for (const [vmid, count] of counts.entries()) if (count > 0) vmids.push(vmid);
    return vmids.sort((a, b) => (counts[b] as number) - (counts[a] as number));
  }

  #counts(places: Uint32Array, start: number, end: number, parts: number): WindowCounts {
    const { from, to } = this.#index.messages.columns;
    const { kinds, alarms, totals } = this.#kinds;
    const resets = alarmNames.indexOf('resets');
    const all = Uint32Array.from(totals);
    all[resets] = this.#resets.length;
    const hazards = alarmNames.indexOf('hazards');
    all[hazards] = this.#hazards.count;
    const vmids = this.#vms.map(({ vmid }) => vmid);
    const counts = new WindowCounts(vmids, all, start, end, parts);
    for (const at of places) {
      const part = counts.partOf(this.#axis.of(at));
      const [sender, receiver] = [from[at] as number, to[at] as number];
      const kind = kinds[at] as number;
      counts.message(sender, kind, part);
      if (receiver !== sender) counts.message(receiver, kind, part);
      const alarm = alarms[at] as number;
      if (alarm > 0) counts.alarm(alarm - 1, at + 1, part);
    }
    for (const { start: at } of this.#resets) {
      const position = this.#axis.of(at);
      if (position >= start && position <= end) counts.alarm(resets, at + 1, counts.partOf(position));
    }
    for (const no of this.#hazards.messages) {
      const position = this.#axis.of(no - 1);
      if (position >= start && position <= end) counts.alarm(hazards, no, counts.partOf(position));
    }
    return counts;
  }

  /** The states in a window. If there are many, only one of those that are too short to be seen is kept per part. */
  #statesIn(inWindow: (span: { start: number; end: number }) => boolean, part: number): LaneState[] {
    const shown: LaneState[] = [];
    const lastShort = new Map<number, number>();
    for (const span of this.#states.spans) {
      const positions = this.#positions(span);
      if (!inWindow(positions)) continue;
      const short = positions.end - positions.start < part;
      const place = Math.floor(positions.start / part);
      if (short && shown.length > spansMax && lastShort.get(span.vmid) === place) continue;
      if (short) lastShort.set(span.vmid, place);
      const state = enumName(vmStatus, span.state) ?? String(span.state);
      const vm = this.#vmName(span.vmid);
      shown.push({ no: span.start + 1, vmid: span.vmid, vm, state, ...positions });
    }
    return shown;
  }

  #positions(span: { readonly start: number; readonly end: number | undefined }): {
    start: number;
    end: number;
  } {
    const axis = this.#axis;
    return { start: axis.of(span.start), end: span.end === undefined ? axis.end : axis.of(span.end) };
  }

  /** `HLOS`, `RM`, `VM 128`. */
  #vmName(vmid: number): string {
    return vmidName(this.#index.protocol, vmid) ?? `VM ${vmid}`;
  }

  #name(at: number): string {
    return nameAt(this.#index, at) ?? 'malformed';
  }
}
