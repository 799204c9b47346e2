import type { Issue } from '../../base/error.js';
import { Reassembler, type ReassemblySink, rmRules } from '../../rpc/index.js';
import { type Header, MessageType, type MessageTypeName, messageTypeNames } from '../../schema/index.js';
import { clockTimeOf, type Packet, PacketTime } from '../packets/index.js';
import type { MessageFunctions, ProtocolFunctions } from '../payload/index.js';
import { Conversation, type WaitingRequests } from './conversation.js';
import type { LazyRecord } from './lazy-record.js';
import { PART_SIZE } from './limits.js';
import type { Holder, MessagesInProgress } from './messages-in-progress.js';
import type { AssemblerOptions } from './options.js';
import type { CaptureRecord, RecordPacket, RecordType } from './record.js';
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
  /** The record that whole messages are until it is kept. */
  readonly lazy: LazyRecord;
  readonly functions: ProtocolFunctions;
}

/** What one VM sends to another: their message in progress, and the requests that wait for a reply. */
export class Stream implements ReassemblySink, Holder {
  readonly conversation: Conversation;
  readonly #reassembler: Reassembler;
  #opposite: Stream | undefined;
  #parts: RecordPacket[] = [];
  #packet!: Packet;
  /** Why the message in progress is given up, where that is not what the queue messages say. */
  #reason: readonly Issue[] = noIssues;
  /** When it took its latest packet, counted in packets of the capture. */
  usedAt = 0;
  held = 0;
  older: Holder | undefined;
  newer: Holder | undefined;
  readonly #owner: StreamOwner;
  // What each packet needs of the owner.
  readonly #lazy: LazyRecord;
  readonly #functions: ProtocolFunctions;
  readonly #isFramed: boolean;
  readonly #headerSize: number;
  readonly #content: number;
  readonly #wants: AssemblerOptions['wants'];
  readonly #wantsProblems: AssemblerOptions['wantsProblems'];
  /** Passes a record on as the options say. */
  readonly #deliver: ((record: LazyRecord) => void) | undefined;

  constructor(
    owner: StreamOwner,
    readonly from: number,
    readonly to: number,
  ) {
    this.#owner = owner;
    this.#lazy = owner.lazy;
    this.#functions = owner.functions;
    const { protocol, rules, record, wants, wantsProblems, frame, reuses = false } = owner.options;
    this.#isFramed = frame !== undefined;
    this.#headerSize = protocol.limits.header;
    this.#content = protocol.limits.content;
    this.#wants = wants;
    this.#wantsProblems = wantsProblems;
    this.#deliver = record && (reuses ? record : (lazy) => record(lazy.plain()));
    this.conversation = new Conversation(from, to);
    // The given rules are a client's, for what it receives. RM receives by its own rules.
    const own = to === protocol.constants.VMID_RM ? rmRules : rules;
    const expects = (seq: number, id: number) =>
      owner.waiting.find(this.#partner().conversation, seq, id) >= 0;
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
    return { from, to, usedAt, progress: this.#reassembler.state, parts: [...this.#parts] };
  }

  /** A request of this stream waits for its reply. */
  load({ no, id, seq, frame, time, payload }: WaitingState): void {
    const clockTime = new PacketTime();
    clockTime.ns = time;
    this.#owner.waiting.open(this.conversation, no, id, seq, frame, clockTime, payload);
  }

  receive(packet: Packet): void {
    this.#packet = packet;
    if (packet.queue !== undefined) this.#otherQueue();
    else this.#reassembler.receive(packet.view, packet.start, packet.end);
  }

  /** A message is in progress. */
  get isInMessage(): boolean {
    return this.#reassembler.isInMessage;
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
    this.#owner.waiting.endOf(this.conversation);
    if (this.#opposite !== undefined) this.#opposite.#opposite = undefined;
    this.#opposite = undefined;
  }

  message(header: Header, view: DataView, start: number, end: number, own: Header): void {
    const owner = this.#owner;
    const { type, msg_id: id } = header;
    const isWhole = header.fragments === 0;
    if (this.#isFramed) this.#frame(own, isWhole ? 0 : this.#parts.length);
    const functions = this.#functions.of(id);
    if (
      !this.#isWanted(messageTypeNames[type] as MessageTypeName, id) &&
      !(type === MessageType.request && functions.replyDependsOnRequest)
    ) {
      this.#follow(header);
      return;
    }
    const lazy = this.#lazy;
    if (isWhole) this.#single(lazy);
    else lazy.several([...this.#finish(), this.#current(own)]);
    lazy.begin(header, functions, view, start, end);
    if (!lazy.isPlain) lazy.packetIssues = this.#issuesOf(lazy.packets, noIssues);
    // To open another stream may close idle ones, whose records come, and are numbered, before this one.
    const partner = type === MessageType.reply ? this.#partner() : undefined;
    lazy.no = owner.next();
    lazy.from = this.from;
    lazy.to = this.to;
    if (type === MessageType.request) this.#request(lazy, functions);
    if (partner !== undefined) lazy.answers(owner.waiting, partner.conversation);
    this.#deliver?.(lazy);
  }

  #isWanted(type: RecordType, id: number | undefined): boolean {
    if (this.#deliver === undefined) return false;
    if (this.#wants === undefined || this.#wantsProblems?.() === true) return true;
    return this.#wants(type, id);
  }

  /** A message of which nobody takes a record: what it means for the packets that follow. */
  #follow({ type, fragments, seq, msg_id: id }: Header): void {
    const packets = fragments > 0 ? this.#finish() : undefined;
    const partner = type === MessageType.reply ? this.#partner() : undefined;
    const no = this.#owner.next();
    const { waiting } = this.#owner;
    if (partner !== undefined) {
      const request = waiting.find(partner.conversation, seq, id);
      if (request >= 0) waiting.close(request);
    } else if (type === MessageType.request) {
      const first = packets?.[0] ?? this.#packet;
      waiting.open(this.conversation, no, id, seq, first.frame, clockTimeOf(first));
    }
  }

  /** The message came in this packet. */
  #single(lazy: LazyRecord): void {
    const packet = this.#packet;
    const { lost, wholeSize, clock, comment } = packet;
    const size = packet.end - packet.start - this.#headerSize;
    const isWhole = lost === undefined && wholeSize === undefined;
    const isPlain = isWhole && clock === undefined && comment === undefined && size <= this.#content;
    lazy.single(packet, size, isWhole ? noIssues : gapsOf(packet), isPlain);
  }

  /** Notes a request that waits for a reply from now on, unless it repeats one. */
  #request(record: LazyRecord, { replyDependsOnRequest }: MessageFunctions): void {
    const { no, id, seq, frame } = record;
    const { waiting } = this.#owner;
    const payload = replyDependsOnRequest ? record.payload : undefined;
    const repeated = waiting.open(this.conversation, no, id, seq, frame, record.clockTime, payload);
    if (repeated >= 0) record.duplicateOf = waiting.noOf(repeated);
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
    this.#other(header, type, packets, true, view, 0, size, this.#reason);
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
      this.#other(header, 'continuation', undefined, false, view, start, end, noIssues);
    } else {
      const type = messageTypeNames[header.type] as MessageTypeName;
      this.#other(header, type, undefined, true, view, payload, end, noIssues);
    }
  }

  malformed(issue: Issue): void {
    this.#frame(undefined, undefined, issue);
    const { view, start, end } = this.#packet;
    this.#other(undefined, 'malformed', undefined, false, view, start, end, [issue]);
  }

  #otherQueue(): void {
    this.#frame(undefined, undefined);
    const { view, start, end } = this.#packet;
    this.#other(undefined, 'other', undefined, false, view, start, end, noIssues);
  }

  /**
   * A record of something that is no whole message.
   *
   * @param parts its packets; undefined: the latest one. @param view holds its bytes, which are [start, end).
   */
  #other(
    header: Header | undefined,
    type: RecordType,
    parts: readonly RecordPacket[] | undefined,
    incomplete: boolean,
    view: DataView,
    start: number,
    end: number,
    issues: readonly Issue[],
  ): void {
    const { protocol, record } = this.#owner.options;
    const no = this.#owner.next();
    if (record === undefined || !this.#isWanted(type, header?.msg_id)) return;
    const packets = parts ?? [this.#current(header)];
    const raw = copy(view, start, end);
    // All keys by name: V8 gives each object that begins as a copy of another a class of its own.
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
      error: undefined,
      layout: undefined,
      payload: undefined,
      complete: false,
      rest: undefined,
      issues: this.#issuesOf(packets, issues, header !== undefined),
      raw,
      bytes: raw,
    };
    record(other);
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
    const size = this.#packet.end - this.#packet.start - this.#headerSize;
    const own = header && { ...header };
    return { frame, time, clock, comment, size, gaps: gapsOf(this.#packet), header: own };
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
