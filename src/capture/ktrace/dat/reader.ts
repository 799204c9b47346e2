import type { Protocol } from '../../../schema/index.js';
import {
  type CaptureReader,
  type Clock,
  clocks,
  GrowingBuffer,
  type PacketSink,
  type WarningSink,
} from '../../packets/index.js';
import { type ProbeArgument, type Role, Roles, rolesOf } from '../argument-roles.js';
import { directionOf } from '../event-line.js';
import { type Direction, QUEUE_MESSAGE_MAX, type TraceItem } from '../message.js';
import { TraceMessages, type TraceOptions } from '../messages.js';
import { type DatFile, readDat } from './file.js';
import type { EventField, EventFormat } from './format.js';
import { type RingItem, ringItems } from './ring-buffer.js';

/** Clocks of the kernel whose times are nanoseconds, by what they are called there (Documentation/trace/ftrace.rst). */
const CLOCKS: Readonly<Record<string, Clock | 'utc'>> = {
  local: 'local',
  global: 'local',
  perf: 'local',
  mono: 'mono',
  mono_raw: 'mono',
  boot: 'boot',
  tai: 'utc',
};

/**
 * Reads a trace.dat of trace-cmd, which has its parts anywhere: nothing is known before its end, so the file is held
 * in memory. It has the bytes that the text of `trace-cmd report` lacks.
 */
export class TraceDatReader implements CaptureReader {
  readonly #bytes = new GrowingBuffer(1 << 16);
  readonly #messages: TraceMessages;

  constructor(protocol: Protocol, options: TraceOptions, sink: PacketSink, warn: WarningSink) {
    this.#messages = new TraceMessages(protocol, options, sink, warn);
  }

  push(chunk: Uint8Array): void {
    this.#bytes.append(chunk, 0, chunk.length);
  }

  end(): void {
    const data = this.#bytes.data.subarray(0, this.#bytes.length);
    const file = readDat(data);
    for (const item of inOrder(file)) {
      const traced = item.kind === 'lost' ? { kind: 'lost' as const, count: item.count } : itemOf(file, item);
      if (traced !== undefined) this.#messages.item(traced);
    }
    this.#messages.end(data.length);
  }
}

/** The records of all processors by time. */
function* inOrder({ buffers, pageSize, longSize, little }: DatFile): Generator<RingItem> {
  const heads = buffers.map((pages) => {
    const items = ringItems(pages, pageSize, longSize, little);
    return { items, next: items.next() };
  });
  for (;;) {
    let first: (typeof heads)[number] | undefined;
    for (const head of heads) {
      if (head.next.done) continue;
      if (first === undefined || head.next.value.ns < (first.next.value as RingItem).ns) first = head;
    }
    if (first === undefined || first.next.done) return;
    yield first.next.value;
    first.next = first.items.next();
  }
}

function itemOf(file: DatFile, { data, ns }: RingItem & { kind: 'record' }): TraceItem | undefined {
  const view = new DataView(data.buffer, data.byteOffset, data.byteLength);
  if (data.length < 8) return undefined;
  const format = file.formats.get(view.getUint16(0, file.little));
  const direction = format && directionOf(format.name);
  if (format === undefined || direction === undefined) return undefined;
  const number = (field: EventField | undefined) => numberOf(view, field, file.little);
  const task = String(number(format.fields.get('common_pid')) ?? '');
  const fields = fieldsOf(format, direction, number);
  const queue = number(fields.queue);
  const named = queue === undefined ? undefined : `0x${BigInt.asUintN(64, queue).toString(16)}`;
  const result = number(fields.result);
  const size = number(fields.size);
  if (size === undefined) {
    const buffer = number(format.fields.get('buf'));
    const length = number(format.fields.get('lenp'));
    if (direction === 'rx' && named !== undefined && buffer !== undefined)
      return { kind: 'receiving', task, queue: named, buffers: `${buffer} ${length ?? ''}` };
    return direction === 'tx' && result !== undefined
      ? { kind: 'sent', task, result: Number(result) }
      : undefined;
  }
  if (direction === 'rx' && result !== undefined && result !== 0n) return undefined;
  const announced = Math.min(Math.max(0, Number(size)), QUEUE_MESSAGE_MAX);
  const bytes = bytesOf(data, fields.data, announced);
  if (bytes === undefined) return undefined;
  const clock = CLOCKS[file.clock];
  const known = clocks.find((name) => name === clock);
  const time = clock === undefined ? undefined : { ns, clock: known };
  const isRmOnly = named === undefined && direction === 'rx' && !format.fields.has('__probe_ret_ip');
  return { kind: 'message', direction, queue: named, isRmOnly, size: announced, bytes, time, task };
}

/** The fields of an event by what they tell. */
interface MessageFields {
  readonly queue: EventField | undefined;
  readonly size: EventField | undefined;
  readonly result: EventField | undefined;
  /** One after the other. */
  readonly data: readonly EventField[];
}

type NumberOf = (field: EventField | undefined) => bigint | undefined;

/** What the fields of each format tell whose names are not those of the scripts of `capture`. */
const learnt = new WeakMap<EventFormat, MessageFields>();

function fieldsOf(format: EventFormat, direction: Direction, number: NumberOf): MessageFields {
  const known = learnt.get(format);
  if (known !== undefined) return known;
  const { fields } = format;
  const named = {
    queue: fields.get('capid') ?? fields.get('desc'),
    size: fields.get('size') ?? fields.get('len'),
    result: fields.get('ret'),
    data: dataOf(format),
  };
  const own = [...fields.values()].filter(({ name }) => !/^(?:common_|__probe_)/.test(name));
  const isNamed = named.size !== undefined && named.data.length > 0;
  const roles = isNamed
    ? 'nothing'
    : rolesOf(
        own.map((field) => argumentOf(field, number)),
        direction,
      );
  if (!(roles instanceof Roles)) {
    if (isNamed) learnt.set(format, named);
    return named;
  }
  const withRole = (role: Role) =>
    own.filter(({ name }) => {
      const bytes = Uint8Array.from(name, (char) => char.charCodeAt(0));
      return roles.of(bytes, 0, bytes.length) === role;
    });
  const found = {
    queue: withRole('queue')[0],
    size: withRole('size')[0],
    result: withRole('result')[0],
    data: withRole('data'),
  };
  learnt.set(format, found);
  return found;
}

/** An array is known by its first word. */
function argumentOf(field: EventField, number: NumberOf): ProbeArgument {
  const { name, elements, size } = field;
  const first = elements === undefined ? field : { ...field, size: size / Math.max(1, elements) };
  return { name, elements, value: number(first) };
}

/** The array `data`, or the scalars or arrays `d0`, `d1`, … */
function dataOf({ fields }: EventFormat): EventField[] {
  const array = fields.get('data');
  if (array !== undefined) return [array];
  const all: EventField[] = [];
  for (let field = fields.get('d0'); field !== undefined; field = fields.get(`d${all.length}`))
    all.push(field);
  return all;
}

function numberOf(view: DataView, field: EventField | undefined, little: boolean): bigint | undefined {
  if (field === undefined || field.offset + field.size > view.byteLength) return undefined;
  const { offset, size, isSigned } = field;
  if (size === 8) return isSigned ? view.getBigInt64(offset, little) : view.getBigUint64(offset, little);
  if (size === 4) return BigInt(isSigned ? view.getInt32(offset, little) : view.getUint32(offset, little));
  if (size === 2) return BigInt(view.getUint16(offset, little));
  return size === 1 ? BigInt(view.getUint8(offset)) : undefined;
}

/** Memory as it was fetched. */
function bytesOf(data: Uint8Array, fields: readonly EventField[], size: number): Uint8Array | undefined {
  const bytes = new Uint8Array(size);
  let count = 0;
  for (const field of fields) {
    const end = Math.min(field.offset + field.size, data.length, field.offset + size - count);
    for (let at = field.offset; at < end; at++) bytes[count++] = data[at] as number;
  }
  return count === 0 && size > 0 ? undefined : bytes.subarray(0, count);
}
