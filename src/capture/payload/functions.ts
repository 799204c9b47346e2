import { codecOf } from '../../codec/index.js';
import { type Message, MessageType, type Payload, type Protocol, payloadOf } from '../../schema/index.js';
import type { AnyType, Values } from '../../wire/index.js';
import type { CutPayloadWriter } from './cut.js';
import { cutLinesWriter } from './cut-lines.js';
import { errorWordSize, replyDependsOnRequest } from './decode.js';
import { type JsonWriter, jsonWriter } from './json-writer.js';
import type { PayloadWriter } from './struct-writer.js';
import { linesWriter } from './wire-lines.js';

type Check = (view: DataView, start: number, end: number, request: Values | undefined) => boolean;

/** The functions of one layout. Each is made when it is called first. */
export class PayloadFunctions {
  /** Whether the payload decodes without an issue. */
  check: Check;
  writeJson: JsonWriter;
  /** A line for each field. */
  writeLines: PayloadWriter;
  writeCutLines: CutPayloadWriter;

  constructor(
    readonly layout: Payload,
    protocol: Protocol,
  ) {
    this.check = (...payload) => {
      this.check = codecOf<AnyType>(layout).checker;
      return this.check(...payload);
    };
    this.writeJson = (...payload) => {
      this.writeJson = jsonWriter(layout);
      return this.writeJson(...payload);
    };
    this.writeLines = (...payload) => {
      this.writeLines = linesWriter(protocol, layout);
      return this.writeLines(...payload);
    };
    this.writeCutLines = (...payload) => {
      this.writeCutLines = cutLinesWriter(protocol, layout);
      return this.writeCutLines(...payload);
    };
  }
}

/** What is looked up of a message once. */
export class MessageFunctions {
  /** Of the message; -1 without one. */
  readonly id: number;
  readonly replyDependsOnRequest: boolean;
  /** By type; of replies those without an error. */
  readonly #byType: readonly (PayloadFunctions | undefined)[];
  readonly #errorReply: PayloadFunctions | undefined;

  /** @param index place of the message in the protocol, for tables; behind the last one without a message. */
  constructor(
    readonly message: Message | undefined,
    readonly index: number,
    protocol: Protocol,
  ) {
    const functions = (layout: Payload | undefined) => layout && new PayloadFunctions(layout, protocol);
    this.id = message?.id ?? -1;
    this.replyDependsOnRequest = replyDependsOnRequest(message);
    this.#byType = Object.values(MessageType).map((type) => functions(payloadOf(message, type, 0)));
    this.#errorReply = functions(payloadOf(message, MessageType.reply, 1));
  }

  /** @param error the error word of a reply. */
  of(type: number, error: number | undefined): PayloadFunctions | undefined {
    return error === undefined || error === 0 ? this.#byType[type] : this.#errorReply;
  }

  /** Whether the payload [start, end) decodes without an issue, where this does not depend on a request. */
  isSound(type: number, view: DataView, start: number, end: number): boolean {
    if (type !== MessageType.reply) return isSound(this.of(type, undefined), view, start, end);
    const fields = start + errorWordSize;
    return fields <= end && isSound(this.of(type, view.getUint32(start, true)), view, fields, end);
  }
}

function isSound(
  functions: PayloadFunctions | undefined,
  view: DataView,
  start: number,
  end: number,
): boolean {
  return functions === undefined ? start === end : functions.check(view, start, end, undefined);
}

/** 2^32 divided by the golden ratio (Knuth, The Art of Computer Programming, 6.4). */
const hashFactor = 0x9e3779b1;
/** Places for each message, so that few have to look further than the first. */
const placesPerMessage = 4;
/** A place without a message. */
const NONE = -1;

/** The functions of all messages by id. */
export class ProtocolFunctions {
  /** Number of messages, and one for all ids that the protocol does not have. */
  readonly count: number;
  /** By the index of the message. */
  readonly #all: readonly MessageFunctions[];
  /** Indices of messages by the hash of the id, or behind the place of that. */
  readonly #indices: Int32Array;
  /** Their ids. To look in a map takes a tenth of the time of a dropped message. */
  readonly #ids: Int32Array;

  constructor(protocol: Protocol) {
    const { messages } = protocol;
    this.#all = [...messages, undefined].map(
      (message, index) => new MessageFunctions(message, index, protocol),
    );
    this.count = this.#all.length;
    const bits = Math.ceil(Math.log2(placesPerMessage * this.count));
    this.#indices = new Int32Array(2 ** bits).fill(NONE);
    this.#ids = new Int32Array(2 ** bits);
    for (const [index, { id }] of messages.entries()) {
      const place = this.#placeOf(id | 0);
      this.#indices[place] = index;
      this.#ids[place] = id;
    }
  }

  of(id: number): MessageFunctions {
    return this.at(this.indexOf(id | 0));
  }

  /** @param index see {@link indexOf}. */
  at(index: number): MessageFunctions {
    return this.#all[index] as MessageFunctions;
  }

  /** Place of the message in the protocol; behind the last one for an id that it does not have. @param id as a signed word. */
  indexOf(id: number): number {
    const index = this.#indices[this.#placeOf(id)] as number;
    return index === NONE ? this.count - 1 : index;
  }

  /** The place of the id, or the free one where it would be. */
  #placeOf(id: number): number {
    const ids = this.#ids;
    // A shift by a constant, because for V8 the other ones give numbers that are no small integers.
    let place = (Math.imul(id, hashFactor) >>> 16) & (ids.length - 1);
    while (ids[place] !== id && this.#indices[place] !== NONE) place = (place + 1) & (ids.length - 1);
    return place;
  }
}

const made = new WeakMap<Protocol, ProtocolFunctions>();

/** The functions of a protocol, which are made once: what decodes few messages would spend its time on that. */
export function functionsOf(protocol: Protocol): ProtocolFunctions {
  let functions = made.get(protocol);
  if (functions === undefined) {
    functions = new ProtocolFunctions(protocol);
    made.set(protocol, functions);
  }
  return functions;
}
