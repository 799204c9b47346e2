import { codecOf } from '../../codec/index.js';
import { type Message, MessageType, type Payload, type Protocol, payloadOf } from '../../schema/index.js';
import type { AnyType, Values } from '../../wire/index.js';
import type { CutPayloadWriter } from './cut.js';
import { cutPayloadWriter } from './cut-json.js';
import { cutLinesWriter } from './cut-lines.js';
import { replyDependsOnRequest } from './decode.js';
import type { PayloadWriter } from './struct-writer.js';
import { payloadWriter } from './wire-json.js';
import { linesWriter } from './wire-lines.js';

type Check = (view: DataView, start: number, end: number, request: Values | undefined) => boolean;

/** The generated functions of one layout. Each is made when it is called first. */
export class PayloadFunctions {
  /** Whether the payload decodes without an issue. */
  check: Check;
  writeJson: PayloadWriter;
  writeCutJson: CutPayloadWriter;
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
      this.writeJson = payloadWriter(layout);
      return this.writeJson(...payload);
    };
    this.writeCutJson = (...payload) => {
      this.writeCutJson = cutPayloadWriter(layout);
      return this.writeCutJson(...payload);
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

  constructor(
    readonly message: Message | undefined,
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
}

const slotCount = 256;

/** The functions of all messages by id. */
export class ProtocolFunctions {
  readonly #byId: ReadonlyMap<number, MessageFunctions>;
  readonly #unknown: MessageFunctions;
  readonly #latest: MessageFunctions[];

  constructor(protocol: Protocol) {
    this.#byId = new Map(
      protocol.messages.map((message) => [message.id, new MessageFunctions(message, protocol)]),
    );
    this.#unknown = new MessageFunctions(undefined, protocol);
    this.#latest = Array.from({ length: slotCount }, () => this.#unknown);
  }

  of(id: number): MessageFunctions {
    // A capture has few ids, which differ in their lowest byte. A map takes a tenth of the time of a dropped message.
    const slot = id & (slotCount - 1);
    const latest = this.#latest[slot] as MessageFunctions;
    if (latest.id === id) return latest;
    const functions = this.#byId.get(id) ?? this.#unknown;
    this.#latest[slot] = functions;
    return functions;
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
