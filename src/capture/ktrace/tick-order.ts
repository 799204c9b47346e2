import { MessageType, type Protocol } from '../../schema/index.js';
import type { Judged } from './judge.js';
import { plausibilityOf } from './plausible.js';

/** Messages of one tick that are held back at most. */
const HELD_MAX = 4096;

type Item = Judged & { kind: 'message' };

/** A message of the tick, with what its order depends on. */
interface Entry {
  readonly item: Item;
  /** Undefined: another queue's. */
  readonly type: number | undefined;
  /** Sequence number and ID, which a reply has from its request, and a continuation from its first packet. */
  readonly call: string;
  readonly id: number;
}

/**
 * Orders the messages that a coarse clock gives the same time. Traces merge the processors by time, so the order of
 * text is that of each processor, and tells nothing of two (README of the recorded traces). What is known besides:
 * a reply follows its request; a thread that waits for a reply sends no other request; and a notification follows a
 * request that may cause it, and precedes one that may not.
 */
export class TickOrder {
  readonly #protocol: Protocol;
  readonly #sink: (item: Judged) => void;
  #held: Item[] = [];
  /** Calls that wait for their reply, by the thread that made them. */
  readonly #waiting = new Map<string, string>();

  constructor(protocol: Protocol, sink: (item: Judged) => void) {
    this.#protocol = protocol;
    this.#sink = sink;
  }

  push(item: Judged): void {
    const tick = item.kind === 'message' ? item.message.tick : undefined;
    const last = this.#held[0]?.message.tick;
    if (last !== undefined && (tick?.count !== last.count || this.#held.length >= HELD_MAX)) this.release();
    if (item.kind === 'message' && tick !== undefined) this.#held.push(item);
    else this.#sink(item);
  }

  /** The tick is over, or nothing follows. */
  release(): void {
    const held = this.#held;
    if (held.length === 0) return;
    this.#held = [];
    const lanes = new Map<number, Entry[]>();
    for (const item of held) {
      const cpu = item.message.tick?.cpu ?? 0;
      const lane = lanes.get(cpu) ?? [];
      lane.push(this.#entry(item));
      lanes.set(cpu, lane);
    }
    this.#merge([...lanes.values()]);
  }

  #entry(item: Item): Entry {
    const { header } = plausibilityOf(this.#protocol, item.message);
    if (item.isRm !== true || header === undefined) return { item, type: undefined, call: '', id: 0 };
    const { type, seq, msg_id: id } = header;
    return { item, type, call: `${seq} ${id}`, id };
  }

  #merge(lanes: readonly Entry[][]): void {
    const heads = lanes.map(() => 0);
    /** Requests of this tick, and packets of replies, that have not been passed on. */
    const requests = countOfCalls(lanes, ({ type }) => type === MessageType.request);
    const replies = countOfCalls(lanes, isOfReply);
    const mayCome = ({ type, call, item }: Entry) => {
      if (type === MessageType.reply) return !requests.has(call);
      return type !== MessageType.request || !replies.has(this.#waiting.get(item.message.task) ?? '');
    };
    for (;;) {
      const first = lanes.flatMap((lane, index) => lane[heads[index] as number] ?? []);
      if (first.length === 0) return;
      const able = first.filter(mayCome);
      const next = this.#first(able.length > 0 ? able : first);
      const lane = lanes.findIndex((entries, index) => entries[heads[index] as number] === next);
      heads[lane] = (heads[lane] as number) + 1;
      this.#pass(next, requests, replies);
    }
  }

  /** Of messages that may all come next. */
  #first(able: readonly Entry[]): Entry {
    const [first] = able as [Entry];
    const other = able.find(({ type }) => type === undefined);
    if (other !== undefined) return other;
    const notification = able.find(({ type }) => type === MessageType.notification);
    const request = able.find(({ type }) => type === MessageType.request);
    if (notification === undefined || request === undefined) return first;
    return this.#mayCause(request, notification) ? request : notification;
  }

  #mayCause(request: Entry, notification: Entry): boolean {
    const { byId } = this.#protocol;
    const name = byId.get(notification.id)?.name;
    return name !== undefined && byId.get(request.id)?.triggers?.includes(name) === true;
  }

  #pass(entry: Entry, requests: Map<string, number>, replies: Map<string, number>): void {
    const { item, type, call } = entry;
    const { task } = item.message;
    if (type === MessageType.request) {
      countDown(requests, call);
      if (this.#waiting.size > HELD_MAX) this.#waiting.clear();
      this.#waiting.set(task, call);
    } else if (isOfReply(entry)) countDown(replies, call);
    this.#sink(item);
  }
}

function isOfReply({ type, item }: Entry): boolean {
  return type === MessageType.reply || (type === MessageType.continuation && item.message.direction === 'rx');
}

function countOfCalls(
  lanes: readonly (readonly Entry[])[],
  isCounted: (entry: Entry) => boolean,
): Map<string, number> {
  const counts = new Map<string, number>();
  for (const lane of lanes)
    for (const entry of lane) if (isCounted(entry)) counts.set(entry.call, (counts.get(entry.call) ?? 0) + 1);
  return counts;
}

function countDown(counts: Map<string, number>, call: string): void {
  const left = (counts.get(call) ?? 0) - 1;
  if (left > 0) counts.set(call, left);
  else counts.delete(call);
}
