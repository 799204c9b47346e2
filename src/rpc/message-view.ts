import { UsageError } from '../base/error.js';
import { codecOf, prefixedWrap, type Viewed } from '../codec/index.js';
import { type Message, MessageType, type Protocol, payloadOf } from '../schema/index.js';
import type { WholeType } from './message.js';

/** Bytes of the error word of replies. */
const ERROR_SIZE = 4;

/** Finds the messages of one kind among queue messages, and shows their payloads without decoding them. */
export class MessageView<P> {
  /**
   * The payload of the queue message at [start, end) of the bytes, as `View.at` shows it; undefined if it is not a whole message
   * of this kind: another message, an error reply, a part of a message (Reassembler puts these together), or none of RM.
   * Throws WireError for a payload that does not decode; offsets count from the first payload byte, in replies from
   * after the error word.
   */
  readonly at: (bytes: Uint8Array, start?: number, end?: number, request?: unknown) => Viewed<P> | undefined;

  /** Throws UsageError for a kind of which no layout is declared. */
  constructor(protocol: Protocol, message: Message, type: WholeType) {
    const layout = payloadOf(message, MessageType[type]);
    if (layout === undefined) {
      const expected = 'a kind with a declared layout';
      throw new UsageError({ code: 'kind', path: message.name, expected, actual: type });
    }
    this.at = prefixedWrap(layout, prefixOf(protocol, message, type)) as MessageView<P>['at'];
  }
}

/** What stands in front of the payload in each whole message of a kind: all of the header but its sequence number. */
function prefixOf({ header, limits }: Protocol, { id: msg_id }: Message, type: WholeType) {
  const fields = {
    api_version: 1,
    header_words: limits.header / 4,
    type: MessageType[type],
    fragments: 0,
    msg_id,
  };
  const [first, last] = [0, 0xffff].map((seq) => codecOf(header).toBytes({ ...fields, seq }));
  const bytes = new Map<number, number>();
  for (const [offset, byte] of (first ?? []).entries()) if (byte === last?.[offset]) bytes.set(offset, byte);
  const size = limits.header + (type === 'reply' ? ERROR_SIZE : 0);
  for (let offset = limits.header; offset < size; offset++) bytes.set(offset, 0);
  return { size, bytes };
}
