import type { Issue } from '../../base/error.js';
import { Reassembler, type ReassemblySink, rmRules } from '../../rpc/index.js';
import {
  type Header,
  type Message,
  MessageType,
  type MessageTypeName,
  messageTypeNames,
} from '../../schema/index.js';
import type { Values } from '../../wire/index.js';
import { type Packet, PacketTime } from '../packets/index.js';
import { decodedSizeMax, decodePayload, nothingDecoded, replyDependsOnRequest } from '../payload/index.js';
import { Conversation, WaitingRequest, type WaitingRequests } from './conversation.js';
import { PART_SIZE } from './limits.js';
import type { MessagesInProgress } from './messages-in-progress.js';
import type { AssemblerOptions } from './options.js';
import type { CaptureRecord, RecordPacket, RecordType } from './record.js';
import type { ReusedRecord } from './reused-record.js';
import type { StreamState, WaitingState } from './state.js';

const noIssues: readonly Issue[] = [];
/** What the streams of one capture share. */
export interface StreamOwner {
  readonly options: AssemblerOptions;
  readonly waiting: WaitingRequests;
  readonly inProgress: MessagesInProgress;
  /** The next record's number. */
  next(): number;
  /** What `from` sends to `to`. */
  stream(from: number, to: number): Stream;
  /** The record that all whole messages are, if records are used again. */
  readonly reused: ReusedRecord | undefined;
}

/** What one VM sends to another: their message in progress, and the requests that wait for a reply. */
export class Stream implements ReassemblySink {
  readonly conversation: Conversation;
  readonly #reassembler: Reassembler;
  #opposite: Stream | undefined;
  #parts: RecordPacket[] = [];
  #packet!: Packet;
  /** Why the message in progress is given up, where that is not what the queue messages say. */
  #reason: readonly Issue[] = noIssues;
  /** When it took its latest packet, counted in packets of the capture. */
  usedAt = 0;
  readonly #owner: StreamOwner;

  constructor(
    owner: StreamOwner,
    readonly from: number,
    readonly to: number,
  ) {
    this.#owner = owner;
    const { protocol, rules } = owner.options;
    this.conversation = new Conversation(owner.waiting);
    // The given rules are a client's, for what it receives. RM receives by its own rules.
    const own = to === protocol.constants.VMID_RM ? rmRules : rules;
    const expects = (seq: number, id: number) => this.#partner().conversation.repeats(seq, id) !== undefined;
    this.#reassembler = new Reassembler(protocol, this, own, expects);
  }

  /** A stream that goes on where another has come to, without its requests: {@link load} adds these. */
  static from(owner: StreamOwner, { from, to, usedAt, progress, parts }: StreamState): Stream {
    const stream = new Stream(owner, from, to);
    stream.usedAt = usedAt;
    stream.#reassembler.load(progress);
    stream.#parts = [...parts];
    return stream;
  }

  get state(): StreamState {
    const { from, to, usedAt } = this;
    return { from, to, usedAt, progress: this.#reassembler.state, parts: this.#parts };
  }

  /** A request of this stream waits for its reply. */
  load({
    no,
    id,
    name,
    seq,
    frame,
    time,
    payload,
  }: Omit<WaitingState, 'stream'> & { readonly name: string }): void {
    const request = new WaitingRequest(
      this.conversation,
      no,
      id,
      name,
      seq,
      this.from,
      this.to,
      frame,
      payload,
    );
    request.clockTime.ns = time;
    this.conversation.open(request);
  }

  receive(packet: Packet): void {
    this.#packet = packet;
    if (packet.queue !== undefined) this.#otherQueue();
    else this.#reassembler.receive(packet.view, packet.start, packet.end);
  }

  /** Nothing more comes: gives up the message in progress. */
  end(): void {
    this.#reassembler.abandon();
  }

  giveUp(issue: Issue): void {
    this.#reason = [issue];
    this.end();
    this.#reason = noIssues;
  }

  /** Gives up all that it holds, and is no one's partner any more. */
  close(issue: Issue): void {
    this.giveUp(issue);
    this.conversation.end();
    if (this.#opposite !== undefined) this.#opposite.#opposite = undefined;
    this.#opposite = undefined;
  }

  message(header: Header, view: DataView, start: number, end: number, own: Header): void {
    const whole = header.fragments === 0;
    this.#frame(own, whole ? 0 : this.#parts.length);
    const { protocol, record, undecoded = false, keepBytes = false } = this.#owner.options;
    const { reused } = this.#owner;
    const packets = whole
      ? (reused?.single(this.#packet, own, this.#sizeOf(), gapsOf(this.#packet)) ?? [this.#current(own)])
      : [...this.#finish(), this.#current(own)];
    const first = packets[0] as RecordPacket;
    const { type, seq, msg_id: id, fragments } = header;
    const message = protocol.byId.get(id);
    const answered = type === MessageType.reply ? this.#partner().conversation.close(seq, id) : undefined;
    const no = this.#owner.next();
    const clockTime = first.clockTime ?? timeOf(first.time);
    const latencyNs = answered && clockTime.since(answered.clockTime);
    const repeated = type === MessageType.request ? this.conversation.repeats(seq, id) : undefined;
    const opens = type === MessageType.request && repeated === undefined;
    if (record === undefined) {
      // Nobody takes records: only what later ones depend on is decoded.
      const payload =
        opens && replyDependsOnRequest(message)
          ? decodePayload(message, type, view, start, end, undefined).payload
          : undefined;
      if (opens) this.#open(no, header, message, first.frame, payload, clockTime);
      return;
    }
    if (reused !== undefined) {
      reused.begin(header, message, view, start, end, answered?.payload, this.#issuesOf(packets, noIssues));
      reused.no = no;
      reused.packets = packets;
      reused.from = this.from;
      reused.to = this.to;
      reused.request = answered?.no;
      reused.latencyNs = latencyNs;
      reused.duplicateOf = repeated?.no;
      const payload = opens && replyDependsOnRequest(message) ? reused.payload : undefined;
      if (opens) this.#open(no, header, message, first.frame, payload, clockTime);
      record(reused, answered?.payload);
      return;
    }
    const later = undecoded && end - start <= decodedSizeMax;
    const decoded = later
      ? nothingDecoded
      : decodePayload(message, type, view, start, end, answered?.payload);
    const made: CaptureRecord = {
      no,
      packets,
      from: this.from,
      to: this.to,
      queue: undefined,
      type: messageTypeNames[type] as MessageTypeName,
      seq,
      id,
      message,
      announced: fragments,
      incomplete: false,
      error: decoded.error,
      request: answered?.no,
      latencyNs,
      duplicateOf: repeated?.no,
      layout: decoded.layout,
      payload: decoded.payload,
      complete: decoded.complete,
      rest: decoded.rest,
      issues: this.#issuesOf(packets, decoded.issues),
      raw: decoded.raw,
      size: end - start,
      bytes: later || keepBytes ? (decoded.raw ?? copy(view, start, end)) : undefined,
    };
    if (opens) {
      const payload = replyDependsOnRequest(message)
        ? (later ? decodePayload(message, type, view, start, end, undefined) : decoded).payload
        : undefined;
      this.#open(no, header, message, first.frame, payload, clockTime);
    }
    record(made, answered?.payload);
  }

  /** The request waits for a reply from now on. */
  #open(
    no: number,
    { msg_id, seq }: Header,
    message: Message | undefined,
    frame: number,
    payload: Values | undefined,
    clockTime: PacketTime,
  ): void {
    const request = new WaitingRequest(
      this.conversation,
      no,
      msg_id,
      message?.name ?? '',
      seq,
      this.from,
      this.to,
      frame,
      payload,
    );
    request.clockTime.copy(clockTime);
    this.conversation.open(request);
  }

  part(header: Header): void {
    this.#frame(header, this.#parts.length);
    const part = this.#current(header);
    this.#parts.push(part);
    this.#owner.inProgress.add(this, part.size + PART_SIZE);
  }

  abandoned(header: Header, view: DataView, size: number): void {
    const packets = this.#finish();
    const type = messageTypeNames[header.type] as MessageTypeName;
    this.#other(header, type, packets, true, copy(view, 0, size), this.#reason);
  }

  /** The packets of the message in progress, which is none any more. */
  #finish(): RecordPacket[] {
    const packets = this.#parts;
    this.#parts = [];
    this.#owner.inProgress.release(this);
    return packets;
  }

  stray(header: Header): void {
    this.#frame(header, undefined);
    const { view, start, end } = this.#packet;
    const payload = start + this.#owner.options.protocol.limits.header;
    if (header.type === MessageType.continuation) {
      this.#other(header, 'continuation', [this.#current(header)], false, copy(view, start, end), noIssues);
    } else {
      const type = messageTypeNames[header.type] as MessageTypeName;
      this.#other(header, type, [this.#current(header)], true, copy(view, payload, end), noIssues);
    }
  }

  malformed(issue: Issue): void {
    this.#frame(undefined, undefined, issue);
    const { view, start, end } = this.#packet;
    this.#other(undefined, 'malformed', [this.#current(undefined)], false, copy(view, start, end), [issue]);
  }

  #otherQueue(): void {
    this.#frame(undefined, undefined);
    const { view, start, end } = this.#packet;
    this.#other(undefined, 'other', [this.#current(undefined)], false, copy(view, start, end), noIssues);
  }

  /** A record of something that is no whole message. */
  #other(
    header: Header | undefined,
    type: RecordType,
    packets: readonly RecordPacket[],
    incomplete: boolean,
    raw: Uint8Array,
    issues: readonly Issue[],
  ): void {
    const { protocol, record } = this.#owner.options;
    const no = this.#owner.next();
    if (record === undefined) return;
    const other: CaptureRecord = {
      no,
      packets,
      from: this.from,
      to: this.to,
      queue: type === 'other' ? this.#packet.queue : undefined,
      type,
      seq: header?.seq,
      id: header?.msg_id,
      message: header && protocol.byId.get(header.msg_id),
      announced: header?.fragments ?? 0,
      incomplete,
      request: undefined,
      latencyNs: undefined,
      duplicateOf: undefined,
      size: raw.length,
      ...nothingDecoded,
      issues: this.#issuesOf(packets, issues, header !== undefined),
      raw,
      bytes: raw,
    };
    record(other, undefined);
  }

  #frame(header: Header | undefined, index: number | undefined, issue?: Issue): void {
    const { frame, protocol } = this.#owner.options;
    if (frame === undefined) return;
    const { from, to } = this;
    const packet = this.#packet;
    const issues = issue === undefined ? noIssues : [issue];
    const size = packet.end - packet.start - protocol.limits.header;
    const nothing = { time: undefined, clock: undefined, comment: undefined };
    const first = { frame: packet.frame, ...nothing, size, gaps: gapsOf(packet), header };
    frame({ packet, from, to, header, index, issues: this.#issuesOf([first], issues, header !== undefined) });
  }

  /**
   * A queue message above 240 bytes cannot have been on one of RM's queues, but is decoded all the same (cli.md). In a
   * message of several packets the record's sizes tell; the recorded manager answers such requests with OK.
   */
  #issuesOf(packets: readonly RecordPacket[], issues: readonly Issue[], hasHeader = true): readonly Issue[] {
    const { content, queue_message: expected, header } = this.#owner.options.protocol.limits;
    const first = packets[0];
    const isWithGaps =
      packets.length === 1 ? first?.gaps !== noIssues : packets.some(({ gaps }) => gaps.length > 0);
    const all = isWithGaps ? [...packets.flatMap(({ gaps }) => gaps), ...issues] : issues;
    if (!hasHeader || first === undefined || packets.length > 1 || first.size <= content) return all;
    return [{ code: 'size', path: '', offset: expected, expected, actual: first.size + header }, ...all];
  }

  #current(header: Header | undefined): RecordPacket {
    const { frame, time, clock, comment } = this.#packet;
    return { frame, time, clock, comment, size: this.#sizeOf(), gaps: gapsOf(this.#packet), header };
  }

  /** Payload bytes of the packet. */
  #sizeOf(): number {
    return this.#packet.end - this.#packet.start - this.#owner.options.protocol.limits.header;
  }

  /** What the receiver sends back, if it is known. */
  get opposite(): Stream | undefined {
    return this.#opposite;
  }

  #partner(): Stream {
    if (this.#opposite === undefined) {
      this.#opposite = this.#owner.stream(this.to, this.from);
      this.#opposite.#opposite = this;
    }
    return this.#opposite;
  }
}

/** What the capture lacks of a packet, or lost before it: almost always nothing. */
function gapsOf({ lost, wholeSize, start, end }: Packet): readonly Issue[] {
  if (lost === undefined && wholeSize === undefined) return noIssues;
  const gaps: Issue[] = [];
  if (lost !== undefined)
    gaps.push({ code: 'lost', path: '', offset: 0, expected: 0, actual: lost.count ?? 'some events' });
  if (wholeSize !== undefined && wholeSize > end - start)
    gaps.push({ code: 'cut', path: '', offset: end - start, expected: wholeSize, actual: end - start });
  return gaps;
}

function copy(view: DataView, start: number, end: number): Uint8Array {
  return new Uint8Array(view.buffer, view.byteOffset + start, end - start).slice();
}

function timeOf(ns: bigint | undefined): PacketTime {
  const time = new PacketTime();
  time.ns = ns;
  return time;
}
