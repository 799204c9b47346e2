import { headerReader, seqOf, typeOf, wholeBitsOf } from '../../rpc/index.js';
import { MessageType, type MessageTypeName, messageTypeNames } from '../../schema/index.js';
import type { Packet, PacketTime } from '../packets/index.js';
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
  readonly #functions: ProtocolFunctions;
  readonly #options: PlainOptions;
  readonly #wantsProblems: AssemblerOptions['wantsProblems'];
  readonly #headerSize: number;
  readonly #wholeBits: number;
  readonly #content: number;
  /** By message and type. */
  readonly #ways: Uint8Array;

  constructor(owner: PlainOwner, options: PlainOptions) {
    const { size, wholeBits } = headerReader(options.protocol);
    this.#owner = owner;
    this.#functions = owner.functions;
    this.#options = options;
    this.#wantsProblems = options.wantsProblems;
    this.#headerSize = size;
    this.#wholeBits = wholeBits;
    this.#content = options.protocol.limits.content;
    this.#ways = new Uint8Array(typeCount * owner.functions.count);
  }

  /** Whether any message can go this way. */
  static areFor({ record, wants, frame, plain }: PlainOptions): boolean {
    return frame === undefined && (record === undefined || wants !== undefined || plain !== undefined);
  }

  /**
   * Takes the queue message [start, end) of a stream, of which {@link isPlain} holds.
   *
   * @returns false, and nothing is done, if it cannot go this way.
   */
  take(stream: Stream, view: DataView, start: number, end: number, frame: number, time: PacketTime): boolean {
    if (stream.isInMessage) return false;
    const payload = start + this.#headerSize;
    if (payload > end || end - payload > this.#content) return false;
    const word = view.getInt32(start, true);
    if (wholeBitsOf(word) !== this.#wholeBits) return false;
    const id = view.getInt32(start + 4, true);
    const type = typeOf(word);
    const index = this.#functions.indexOf(id);
    const place = index * typeCount + type;
    let way = this.#ways[place] as number;
    if (way === Way.unknown) {
      way = this.#wayOf(this.#functions.at(index), type);
      this.#ways[place] = way;
    }
    if (way === Way.record) return false;
    const mustBeSound = way === Way.count || this.#wantsProblems?.() === true;
    if (mustBeSound && !this.#functions.at(index).isSound(type, view, payload, end)) return false;
    const { waiting } = this.#owner;
    if (type === MessageType.reply) {
      // To find the stream of the other direction may close idle ones.
      if (stream.opposite === undefined) return false;
      const no = this.#owner.next();
      const request = waiting.find(stream.opposite.conversation, seqOf(word), id);
      if (way === Way.count) this.#countReply(view.getUint32(payload, true), time, no, index, request);
      if (request >= 0) waiting.close(request);
    } else {
      const no = this.#owner.next();
      if (type === MessageType.request)
        waiting.open(stream.conversation, no, id, seqOf(word), frame, time, undefined);
      if (way === Way.count) this.#options.plain?.(no, this.#functions.at(index), type, 0, 0, Number.NaN);
    }
    return true;
  }

  /** @param request that the reply answers; negative: none. */
  #countReply(error: number, time: PacketTime, no: number, index: number, request: number): void {
    const functions = this.#functions.at(index);
    if (request < 0) this.#options.plain?.(no, functions, MessageType.reply, error, 0, Number.NaN);
    else {
      const { waiting } = this.#owner;
      const latency = waiting.latency(request, time);
      this.#options.plain?.(no, functions, MessageType.reply, error, waiting.noOf(request), latency);
    }
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
export function isPlain({ queue, clock, comment, wholeSize, lost }: Packet): boolean {
  return (
    queue === undefined &&
    clock === undefined &&
    comment === undefined &&
    wholeSize === undefined &&
    lost === undefined
  );
}
