import { type HeaderReader, headerReader, ReusedHeader } from '../../rpc/index.js';
import { type Header, MessageType, type MessageTypeName, messageTypeNames } from '../../schema/index.js';
import { clockTimeOf, type Packet } from '../packets/index.js';
import type { MessageFunctions, ProtocolFunctions } from '../payload/index.js';
import type { WaitingRequests } from './conversation.js';
import type { AssemblerOptions } from './options.js';
import type { Stream } from './stream.js';

/** What is done with the messages of an id and a type. */
const Way = { unknown: 0, record: 1, follow: 2, count: 3 } as const;

const typeCount = messageTypeNames.length;

/** The options on which it depends who needs records. */
type PlainOptions = Pick<
  AssemblerOptions,
  'protocol' | 'record' | 'wants' | 'wantsProblems' | 'frame' | 'plain'
>;

/** What the streams of a capture share, as far as plain messages need it. */
interface PlainOwner {
  readonly waiting: WaitingRequests;
  readonly functions: ProtocolFunctions;
  /** The next record's number. */
  next(): number;
}

/**
 * The short way for plain messages that nobody needs as records. A plain message is in one packet, which was captured whole
 * and has no comment and no clock of its own, and its stream has no message in progress. Nine of ten messages are plain.
 * Later messages and counts are the same as if the message had been a record.
 */
export class PlainMessages {
  readonly #owner: PlainOwner;
  readonly #options: PlainOptions;
  readonly #reader: HeaderReader;
  readonly #header: Header = new ReusedHeader();
  readonly #content: number;
  /** By message and type. */
  readonly #ways: Uint8Array;

  constructor(owner: PlainOwner, options: PlainOptions) {
    this.#owner = owner;
    this.#options = options;
    this.#reader = headerReader(options.protocol);
    this.#content = options.protocol.limits.content;
    this.#ways = new Uint8Array(typeCount * owner.functions.count);
  }

  /** Whether any message can go this way. */
  static areFor({ record, wants, frame, plain }: PlainOptions): boolean {
    return frame === undefined && (record === undefined || wants !== undefined || plain !== undefined);
  }

  /** Takes the next packet of a stream. @returns false, and nothing is done, if it cannot go this way. */
  take(packet: Packet, stream: Stream): boolean {
    if (stream.isInMessage || !isPlain(packet)) return false;
    const { view, start, end } = packet;
    const reader = this.#reader;
    const payload = start + reader.size;
    if (end - payload > this.#content || reader.fault(view, start, end) !== undefined) return false;
    const header = this.#header;
    reader.readInto(header, view, start);
    const { type, msg_id: id } = header;
    if (header.fragments !== 0) return false;
    const functions = this.#owner.functions.of(id);
    const place = functions.index * typeCount + type;
    if (this.#ways[place] === Way.unknown) this.#ways[place] = this.#wayOf(functions, type);
    const way = this.#ways[place] as number;
    if (way === Way.record) return false;
    const mustBeSound = way === Way.count || this.#options.wantsProblems?.() === true;
    if (mustBeSound && !functions.isSound(type, view, payload, end)) return false;
    // To find the stream of the other direction may close idle ones.
    if (type === MessageType.reply && stream.opposite === undefined) return false;
    const no = this.#owner.next();
    if (type === MessageType.reply) this.#reply(packet, stream.opposite as Stream, no, functions, way);
    else {
      if (type === MessageType.request)
        this.#owner.waiting.open(stream.conversation, no, id, header.seq, packet.frame, clockTimeOf(packet));
      if (way === Way.count) this.#options.plain?.(no, functions, type);
    }
    return true;
  }

  /** A reply, of which the header has been read. @param asking the stream of the requests. */
  #reply(
    packet: Packet,
    { conversation }: Stream,
    no: number,
    functions: MessageFunctions,
    way: number,
  ): void {
    const { waiting } = this.#owner;
    const request = waiting.find(conversation, this.#header.seq, functions.id);
    if (way === Way.count) {
      const error = packet.view.getUint32(packet.start + this.#reader.size, true);
      if (request < 0) this.#options.plain?.(no, functions, MessageType.reply, error);
      else {
        const latency = waiting.latency(request, clockTimeOf(packet));
        this.#options.plain?.(no, functions, MessageType.reply, error, waiting.noOf(request), latency);
      }
    }
    if (request >= 0) waiting.close(request);
  }

  #wayOf({ message, replyDependsOnRequest }: MessageFunctions, type: number): number {
    const { record, wants, plain } = this.#options;
    // Of ids that the protocol does not have some may be wanted. A request may say how its reply is to be decoded.
    if (message === undefined || replyDependsOnRequest || type === MessageType.continuation)
      return Way.record;
    if (record === undefined) return Way.follow;
    if (wants !== undefined && !wants(messageTypeNames[type] as MessageTypeName, message.id))
      return Way.follow;
    return plain === undefined ? Way.record : Way.count;
  }
}

/** Whether the message was captured whole and there is nothing more to say of its packet. */
function isPlain({ queue, clock, comment, wholeSize, lost }: Packet): boolean {
  return (
    queue === undefined &&
    clock === undefined &&
    comment === undefined &&
    wholeSize === undefined &&
    lost === undefined
  );
}
