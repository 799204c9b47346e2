import type { ByteWriter } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import { trailingIssue } from '../../codec/index.js';
import type { HeaderReader } from '../../rpc/index.js';
import {
  type Header,
  type Message,
  MessageType,
  type MessageTypeName,
  messageTypeNames,
  type Payload,
} from '../../schema/index.js';
import { type Values, VariantType } from '../../wire/index.js';
import { clockTimeOf, type Packet, type PacketTime } from '../packets/index.js';
import {
  type CutPayloadWriter,
  type DecodedPayload,
  decodedSizeMax,
  decodePayload,
  errorWordSize,
  type MessageFunctions,
  meaningOf,
  type PayloadFunctions,
} from '../payload/index.js';
import type { Conversation, WaitingRequests } from './conversation.js';
import { KeptMessage } from './kept-message.js';
import { KeptRecord } from './kept-record.js';
import type { CaptureRecord, PayloadPlace, RecordPacket } from './record.js';
import { SinglePacket } from './single-packet.js';

const none: readonly Issue[] = [];

type Place = { -readonly [K in keyof PayloadPlace]: PayloadPlace[K] };

/** What is known of a payload without decoding it. Of one with `found` issues these are known, of an `unsound` one not. */
const Soundness = { unknown: 0, sound: 1, found: 2, unsound: 3 } as const;

/**
 * The record of the whole message that has come last. Its payload lies in the packet: it is printed from its bytes, and
 * decoded only for who asks for values. Valid until the next message.
 */
export class LazyRecord implements CaptureRecord {
  no = 0;
  packets: readonly RecordPacket[] = [];
  from = 0;
  to = 0;
  readonly queue = undefined;
  type: MessageTypeName = 'request';
  seq = 0;
  // Above the small integers of V8, so that such an id later does not change what V8 has compiled.
  id = 2 ** 31;
  message: Message | undefined;
  announced = 0;
  readonly incomplete = false;
  request: number | undefined;
  duplicateOf: number | undefined;
  size = 0;
  error: number | undefined;
  isPlain = false;

  readonly #single: SinglePacket;
  readonly #singles: readonly RecordPacket[];
  #functions: PayloadFunctions | undefined;
  #code = 0;
  /** NaN: not known. */
  #latency = Number.NaN;
  #view!: DataView;
  #start = 0;
  #fields = 0;
  #end = 0;
  /** Value of the request that a reply answers. */
  #asked: Values | undefined;
  /** Issues of the packets, which come before those of the payload. */
  #issues: readonly Issue[] = none;
  #soundness: number = Soundness.unknown;
  /** What is wrong with the payload, and where the fields end that decode, if it is known. */
  #found: Issue[] = [];
  #restStart = 0;
  readonly #place: Place = { view: new DataView(new ArrayBuffer(0)), start: 0, end: 0, request: undefined };
  #decoded: DecodedPayload | undefined;
  readonly #keepsBytes: boolean;

  constructor(reader: HeaderReader, keepsBytes: boolean) {
    this.#single = new SinglePacket(reader);
    this.#singles = [this.#single];
    this.#keepsBytes = keepsBytes;
  }

  /** The message came in one packet, of which there is nothing else to say if `isPlain`. */
  single(packet: Packet, size: number, gaps: readonly Issue[], isPlain: boolean): void {
    const single = this.#single;
    single.packet = packet;
    single.size = size;
    single.gaps = gaps;
    this.packets = this.#singles;
    this.isPlain = isPlain;
  }

  several(packets: readonly RecordPacket[]): void {
    this.packets = packets;
    this.isPlain = false;
  }

  /** Number of the first packet. */
  get frame(): number {
    return this.packets === this.#singles
      ? this.#single.packet.frame
      : (this.packets[0] as RecordPacket).frame;
  }

  /** The time of the first packet. */
  get clockTime(): PacketTime {
    return clockTimeOf(
      this.packets === this.#singles ? this.#single.packet : (this.packets[0] as RecordPacket),
    );
  }

  /** Takes a message with the payload [start, end). Its `no`, its VMs, and what it is linked to are set apart. */
  begin(header: Header, functions: MessageFunctions, view: DataView, start: number, end: number): void {
    const { type } = header;
    this.type = messageTypeNames[type] as MessageTypeName;
    this.seq = header.seq;
    this.id = header.msg_id;
    this.announced = header.fragments;
    this.message = functions.message;
    this.size = end - start;
    this.request = undefined;
    this.#latency = Number.NaN;
    this.duplicateOf = undefined;
    this.#code = type;
    this.#view = view;
    this.#start = start;
    this.#end = end;
    this.#asked = undefined;
    this.#issues = none;
    this.#soundness = Soundness.unknown;
    this.#decoded = undefined;
    if (type !== MessageType.reply) {
      this.error = undefined;
      this.#fields = start;
      this.#functions = functions.of(type, undefined);
    } else if (end - start >= errorWordSize) {
      this.error = view.getUint32(start, true);
      this.#fields = start + errorWordSize;
      this.#functions = functions.of(type, this.error);
    } else {
      this.error = undefined;
      this.#fields = start;
      this.#functions = undefined;
      this.#soundness = Soundness.unsound;
    }
    if (end - this.#fields > decodedSizeMax) {
      this.#functions = undefined;
      this.#soundness = Soundness.unsound;
    }
  }

  /** This reply may answer a request of the conversation, which then waits no longer. */
  answers(waiting: WaitingRequests, conversation: Conversation): void {
    const request = waiting.find(conversation, this.seq, this.id);
    if (request < 0) return;
    this.#asked = waiting.payloadOf(request);
    this.request = waiting.noOf(request);
    this.#latency = waiting.latency(request, this.clockTime);
    waiting.close(request);
  }

  get latencyNs(): number | undefined {
    return Number.isNaN(this.#latency) ? undefined : this.#latency;
  }

  /** Value of the request that this reply answers, where the layout of the reply depends on it. */
  get asked(): Values | undefined {
    return this.#asked;
  }

  /** Issues of the packets, which come before those of the payload. */
  set packetIssues(issues: readonly Issue[]) {
    this.#issues = issues;
  }

  get packetIssues(): readonly Issue[] {
    return this.#issues;
  }

  get layout(): Payload | undefined {
    return this.#functions?.layout;
  }
  get payload(): Values | undefined {
    return this.#all.payload;
  }
  get complete(): boolean {
    if (this.#functions === undefined) return false;
    return this.#isSoundPayload || (this.#meaning ?? this.#all).complete;
  }
  get rest(): Uint8Array | undefined {
    if (this.#isSoundPayload) return undefined;
    const meaning = this.#meaning;
    if (meaning === undefined) return this.#all.rest;
    return meaning.hasRest && this.#restStart < this.#end ? this.#copy(this.#restStart) : undefined;
  }
  get issues(): readonly Issue[] {
    const issues = this.#isSoundPayload ? none : this.#payloadIssues;
    return this.#issues.length === 0 ? issues : [...this.#issues, ...issues];
  }
  get raw(): Uint8Array | undefined {
    if (this.#isSoundPayload) return undefined;
    const meaning = this.#meaning;
    if (meaning === undefined) return this.#all.raw;
    return meaning.isExpressed ? undefined : this.#copy(this.#start);
  }
  get bytes(): Uint8Array | undefined {
    if (!this.#keepsBytes) return undefined;
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + this.#start, this.size);
  }
  get isSound(): boolean {
    return this.#isSoundPayload && this.#issues.length === 0;
  }
  get hasIssues(): boolean {
    if (this.#issues.length > 0) return true;
    if (this.#isSoundPayload) return false;
    const layout = this.layout;
    // Bytes without a layout are no issue, and neither is a layout that nobody knows without the request.
    const isClear = layout !== undefined && !(layout instanceof VariantType && this.#asked === undefined);
    return isClear || this.#payloadIssues.length > 0;
  }

  get place(): PayloadPlace | undefined {
    if (!this.#isSoundPayload && !this.#isOnlyLonger) return undefined;
    if (this.#functions === undefined) return undefined;
    const place = this.#place;
    place.view = this.#view;
    place.start = this.#fields;
    place.end = this.#end;
    place.request = this.#asked;
    return place;
  }

  writePayload(writer: ByteWriter): boolean {
    const functions = this.#functions;
    if (functions === undefined) return false;
    // Who has asked for the issues of an earlier message may still hold them.
    if (this.#found.length > 0) this.#found = [];
    const found = this.#found;
    this.#restStart = functions.writeJson(this.#view, this.#fields, this.#end, this.#asked, writer, found);
    this.#soundness = found.length === 0 ? Soundness.sound : Soundness.found;
    return true;
  }

  writeFields(writer: ByteWriter): boolean {
    const functions = this.#functions;
    if (functions === undefined) return true;
    if (this.#soundness === Soundness.unsound) return false;
    const before = writer.at;
    const end = functions.writeLines(this.#view, this.#fields, this.#end, this.#asked, writer);
    if (end >= 0) return this.#endsAt(end);
    writer.at = before;
    // Also sound payloads may be left to the slow way.
    return this.#soundness !== Soundness.sound && this.#isCut(functions.writeCutLines, writer);
  }

  /** All fields have been written. */
  #endsAt(end: number): true {
    if (end === this.#end) this.#soundness = Soundness.sound;
    else this.#finds(trailingIssue(end - this.#fields, this.#end - this.#fields), end);
    return true;
  }

  /** This alone is wrong with the payload. */
  #finds(issue: Issue, restStart: number): void {
    this.#found = [issue];
    this.#restStart = restStart;
    this.#soundness = Soundness.found;
  }

  /** Writes a payload that is cut; false, and nothing written, if it is not. */
  #isCut(write: CutPayloadWriter, writer: ByteWriter): boolean {
    const before = writer.at;
    const cut = { code: 'truncated', path: '', offset: 0, expected: 0, actual: 0 };
    const isCut = write(this.#view, this.#fields, this.#end, this.#asked, writer, cut);
    if (isCut) this.#finds(cut, this.#end);
    else writer.at = before;
    return isCut;
  }

  /** Copies the payload's bytes. Calling `set` of an array takes as long as this loop. */
  copyPayload(target: DataView, at: number): void {
    const view = this.#view;
    const apart = at - this.#start;
    const end = this.#end;
    let from = this.#start;
    for (; from + 4 <= end; from += 4) target.setInt32(from + apart, view.getInt32(from, true), true);
    for (; from < end; from++) target.setUint8(from + apart, view.getUint8(from));
  }

  /** The same, for longer than until the next message. It is decoded when somebody asks for its fields. */
  kept(): KeptRecord {
    return new KeptRecord(this, this.#copy(this.#start), this.#asked, this.#issues);
  }

  /** As {@link kept}, without its packets. @param latest as `contentsOf` takes it. */
  contents(latest: Uint8Array): KeptMessage {
    const isAlone = this.packets === this.#singles;
    const bytes = isAlone ? latest : this.#copy(this.#start);
    return new KeptMessage(this, bytes, bytes.length - this.size, this.#asked, this.#issues);
  }

  /** As {@link kept}, with a digest in place of bytes that nobody looks at. They are digested once. */
  keptShort(digest: (bytes: Uint8Array) => Uint8Array): KeptRecord {
    const { raw, rest, ...decoded } = this.#all;
    const bytes = digest(raw ?? rest ?? this.#copy(this.#start));
    const short = { ...decoded, raw: raw && bytes, rest: rest && bytes };
    return new KeptRecord(this, bytes, this.#asked, this.#issues, short);
  }

  /** The same as an object that stays. */
  plain(): CaptureRecord {
    const decoded = this.#all;
    const raw = this.#own(decoded.raw);
    return {
      no: this.no,
      packets: this.packets === this.#singles ? [this.#single.kept()] : this.packets,
      from: this.from,
      to: this.to,
      queue: undefined,
      type: this.type,
      seq: this.seq,
      id: this.id,
      message: this.message,
      announced: this.announced,
      incomplete: false,
      error: decoded.error,
      request: this.request,
      latencyNs: this.latencyNs,
      duplicateOf: this.duplicateOf,
      layout: decoded.layout,
      payload: decoded.payload,
      complete: decoded.complete,
      rest: this.#own(decoded.rest),
      issues: this.#issues.length === 0 ? decoded.issues : [...this.#issues, ...decoded.issues],
      raw,
      size: this.size,
      bytes: this.#keepsBytes ? (raw ?? this.#copy(this.#start)) : undefined,
    };
  }

  get #isSoundPayload(): boolean {
    if (this.#soundness === Soundness.unknown) this.#soundness = this.#check();
    return this.#soundness === Soundness.sound;
  }

  #check(): number {
    const functions = this.#functions;
    const isSound =
      functions === undefined
        ? this.#fields === this.#end
        : functions.check(this.#view, this.#fields, this.#end, this.#asked);
    return isSound ? Soundness.sound : Soundness.unsound;
  }

  get #payloadIssues(): readonly Issue[] {
    return this.#meaning?.told ?? this.#all.issues;
  }

  /** What the issues of the payload mean, if they are known. */
  get #meaning(): ReturnType<typeof meaningOf> | undefined {
    const { layout } = this;
    if (this.#soundness !== Soundness.found || layout === undefined) return undefined;
    return meaningOf(layout, this.#found, this.#asked);
  }

  /** All fields are there, and the payload has more bytes. */
  get #isOnlyLonger(): boolean {
    return this.#soundness === Soundness.found && this.#found.every(({ code }) => code === 'trailing');
  }

  get #all(): DecodedPayload {
    this.#decoded ??= decodePayload(
      this.message,
      this.#code,
      this.#view,
      this.#start,
      this.#end,
      this.#asked,
    );
    return this.#decoded;
  }

  /** Bytes that do not change when the next packet comes. */
  #own(bytes: Uint8Array | undefined): Uint8Array | undefined {
    return bytes?.buffer === this.#view.buffer ? bytes.slice() : bytes;
  }

  #copy(start: number): Uint8Array {
    const { buffer, byteOffset } = this.#view;
    return new Uint8Array(buffer, byteOffset + start, this.#end - start).slice();
  }
}
