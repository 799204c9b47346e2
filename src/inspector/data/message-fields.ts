import { type Fields, recordFields } from '../../capture/filter/index.js';
import type { DecodedPayload } from '../../capture/payload/index.js';
import type { CaptureRecord, RecordPacket } from '../../capture/records/index.js';
import { type HeaderReader, headerReader } from '../../rpc/index.js';
import { MessageType, payloadOf } from '../../schema/index.js';
import { Flag, type MessageIndex, recordTypes } from './message-index.js';

const noIssues: CaptureRecord['issues'] = [];

/**
 * One message of an index at a time, as the record that was read. What the index has in columns comes from there, the
 * payload is decoded when it is asked for, and the whole record is made again only for what few messages have.
 */
export class IndexedRecord implements CaptureRecord {
  #at = 0;
  #whole: CaptureRecord | undefined;
  #payload: DecodedPayload | undefined;
  readonly #index: MessageIndex;
  readonly #header: HeaderReader;

  constructor(index: MessageIndex) {
    this.#index = index;
    this.#header = headerReader(index.protocol);
  }

  /** From now on this is message `at`, counted from 0. */
  moveTo(at: number): void {
    this.#at = at;
    this.#whole = undefined;
    this.#payload = undefined;
  }

  get no() {
    return this.#at + 1;
  }
  get packets(): readonly RecordPacket[] {
    if (this.#index.has(this.#at, Flag.several)) return this.#record.packets;
    return this.#index.packets(this.#at).map(({ frame, time, clock, comment, view, start, end }) => ({
      frame,
      time,
      clock,
      comment,
      gaps: noIssues,
      size: end - start - this.#header.size,
      header: this.#index.has(this.#at, Flag.header) ? this.#header.read(view, start) : undefined,
    }));
  }
  get from() {
    return this.#columns.from[this.#at] as number;
  }
  get to() {
    return this.#columns.to[this.#at] as number;
  }
  get queue() {
    return this.type === 'other' ? this.#record.queue : undefined;
  }
  get type() {
    return recordTypes[this.#columns.type[this.#at] as number] as CaptureRecord['type'];
  }
  get seq() {
    return this.#columnIf(Flag.header, 'seq');
  }
  get id() {
    return this.#columnIf(Flag.header, 'id');
  }
  get message() {
    return this.#index.messageOf(this.#at);
  }
  get announced() {
    return this.incomplete ? this.#record.announced : this.#index.packetCountOf(this.#at) - 1;
  }
  get incomplete() {
    return this.#index.has(this.#at, Flag.incomplete);
  }
  get error() {
    return this.#columnIf(Flag.error, 'error');
  }
  get request() {
    const no = this.#columns.partner[this.#at] as number;
    return this.#columns.type[this.#at] === MessageType.reply && no > 0 ? no : undefined;
  }
  get latencyNs() {
    const ns = this.#columns.latencyNs[this.#at];
    return Number.isNaN(ns) ? undefined : ns;
  }
  get duplicateOf() {
    return this.#index.duplicateOf(this.#at);
  }
  get layout() {
    const type = this.#columns.type[this.#at] as number;
    // A reply that is too short for its error word has no layout.
    if (this.incomplete || (type === MessageType.reply && this.error === undefined)) return undefined;
    return payloadOf(this.message, type, this.error);
  }
  get payload() {
    return this.#decoded?.payload;
  }
  get complete() {
    return this.#decoded?.complete ?? false;
  }
  get rest() {
    return this.#index.has(this.#at, Flag.rest) ? this.#record.rest : undefined;
  }
  get issues() {
    return this.#index.has(this.#at, Flag.issues) ? this.#record.issues : noIssues;
  }
  get raw() {
    return this.#index.has(this.#at, Flag.raw) ? this.#record.raw : undefined;
  }
  get size() {
    return this.#columns.size[this.#at] as number;
  }
  get bytes() {
    return this.#record.bytes;
  }

  get #columns() {
    return this.#index.messages.columns;
  }

  get #record(): CaptureRecord {
    this.#whole ??= this.#index.record(this.#at);
    return this.#whole;
  }

  get #decoded(): DecodedPayload | undefined {
    this.#payload ??= this.#index.payload(this.#at);
    return this.#payload;
  }

  #columnIf(flag: number, name: 'seq' | 'id' | 'error'): number | undefined {
    return this.#index.has(this.#at, flag) ? this.#columns[name][this.#at] : undefined;
  }
}

/** One message at a time as filters see it: the same values as in its NDJSON line. */
export class MessageFields {
  readonly #record: IndexedRecord;
  readonly #fields: Fields;

  constructor(index: MessageIndex) {
    this.#record = new IndexedRecord(index);
    this.#fields = recordFields(index.protocol, this.#record);
  }

  /** The fields of a message; valid until the next call. */
  of(at: number): Fields {
    this.#record.moveTo(at);
    return this.#fields;
  }
}
