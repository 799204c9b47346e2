import { MessageType } from '../../../schema/index.js';
import { isFailed, isProblemAt, isUnanswered } from '../message-facts.js';
import { type MessageIndex, recordTypes } from '../message-index.js';

/** Kinds of messages in the lanes, from the bottom of a bar to its top. */
const laneKinds = ['request', 'reply', 'notification', 'other', 'error'] as const;
const [request, reply, notification, other, error] = [0, 1, 2, 3, 4];

/** What an eye must find at once, in the order of the rows. */
export const alarmNames = ['errors', 'no reply', 'broken', 'resets', 'hazards'] as const;
export type AlarmName = (typeof alarmNames)[number];

/** Number of messages of a VM in each of the equal parts of a window. */
export interface LaneDensity {
  readonly vmid: number;
  /** For each kind: requests, replies, notifications, others, errors. */
  readonly counts: readonly Uint32Array[];
  readonly sums: Uint32Array;
}

/** Error replies, requests without reply, broken messages, resets of VMs, or findings of `lint`, in each part of a window. */
export interface LaneAlarm {
  readonly name: AlarmName;
  /** In the whole capture. */
  readonly total: number;
  readonly counts: Uint32Array;
  /** `no` of the first message of each part that has one. */
  readonly first: Uint32Array;
}

/** Kind and alarm of each message, so that a window is counted without looking at the messages again. */
export class MessageKinds {
  /** An index of `laneKinds` for each message. */
  readonly kinds: Uint8Array;
  /** An index of `alarmNames` and 1, for each message; 0 for messages that need no attention. */
  readonly alarms: Uint8Array;
  /** Messages with each alarm in the whole capture. */
  readonly totals: Uint32Array = new Uint32Array(alarmNames.length);

  constructor(index: MessageIndex) {
    this.kinds = new Uint8Array(index.count);
    this.alarms = new Uint8Array(index.count);
    const { type } = index.messages.columns;
    for (let at = 0; at < index.count; at++) {
      const alarm = alarmOf(index, at);
      this.alarms[at] = alarm;
      if (alarm > 0) this.totals[alarm - 1] = (this.totals[alarm - 1] as number) + 1;
      this.kinds[at] = alarm > 0 ? error : (kindOfType[type[at] as number] ?? other);
    }
  }
}

const kindOfType: readonly number[] = recordTypes.map(
  (name) => ({ request, reply, notification })[name as 'request'] ?? other,
);

function alarmOf(index: MessageIndex, at: number): number {
  if (isProblemAt(index, at)) return 3;
  const type = index.messages.columns.type[at];
  if (type === MessageType.reply) return isFailed(index, at) ? 1 : 0;
  return type === MessageType.request && isUnanswered(index, at) ? 2 : 0;
}

/** Counts messages by VM, kind and alarm in the equal parts of a window. */
export class WindowCounts {
  readonly #lanes: ReadonlyMap<number, LaneDensity>;
  readonly #alarms: readonly LaneAlarm[];
  readonly #start: number;
  readonly #scale: number;
  readonly #parts: number;

  constructor(
    vmids: readonly number[],
    totals: ArrayLike<number>,
    start: number,
    end: number,
    parts: number,
  ) {
    this.#lanes = new Map(
      vmids.map((vmid) => {
        const counts = laneKinds.map(() => new Uint32Array(parts));
        return [vmid, { vmid, counts, sums: new Uint32Array(parts) }];
      }),
    );
    this.#alarms = alarmNames.map((name, at) => ({
      name,
      total: totals[at] as number,
      counts: new Uint32Array(parts),
      first: new Uint32Array(parts),
    }));
    this.#start = start;
    this.#scale = parts / Math.max(1, end - start);
    this.#parts = parts;
  }

  partOf(position: number): number {
    return Math.min(this.#parts - 1, Math.max(0, Math.floor((position - this.#start) * this.#scale)));
  }

  /** Counts a message in the lane of a VM. */
  message(vmid: number, kind: number, part: number): void {
    const lane = this.#lanes.get(vmid);
    if (lane === undefined) return;
    const counts = lane.counts[kind] as Uint32Array;
    counts[part] = (counts[part] as number) + 1;
    lane.sums[part] = (lane.sums[part] as number) + 1;
  }

  /** @param no of the message */
  alarm(alarm: number, no: number, part: number): void {
    const { counts, first } = this.#alarms[alarm] as LaneAlarm;
    if (counts[part] === 0) first[part] = no;
    counts[part] = (counts[part] as number) + 1;
  }

  get density(): readonly LaneDensity[] {
    return [...this.#lanes.values()];
  }

  /** Those that the capture has. */
  get alarms(): readonly LaneAlarm[] {
    return this.#alarms.filter(({ total }) => total > 0);
  }
}
