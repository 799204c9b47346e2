import { type Message, MessageType, type Protocol, payloadOf } from '../../schema/index.js';
import { Form } from './form.js';

/** Forms of everything that can be sent as a request, by message. */
export class Forms {
  readonly all: readonly Form[];
  /** Ids that no message has. */
  readonly unknown: Form;
  /** What {@link unknown} is sent as: edges of the number range, and the neighbours of all ids that are known. */
  readonly unknownIds: readonly number[];
  readonly #byId: ReadonlyMap<number, Form>;

  constructor(protocol: Protocol) {
    const known = protocol.messages.map(
      (message, index) => new Form(index, message.name, message.id, message, requestOf(message)),
    );
    const { byId } = protocol;
    const neighbours = protocol.messages.flatMap(({ id }) => [id - 1, id + 1]);
    this.unknownIds = [...new Set([0, 0x7fffffff, 0x80000000, 0xffffffff, ...neighbours])].filter(
      (id) => !byId.has(id),
    );
    this.unknown = new Form(known.length, '<unknown>', this.unknownIds[0] ?? 0, undefined, undefined);
    this.all = [...known, this.unknown];
    this.#byId = new Map(known.map((form) => [form.id, form]));
  }

  /** The form of a message, that of unknown ids for an id without one. */
  of(id: number): Form {
    return this.#byId.get(id) ?? this.unknown;
  }
}

/** Notifications are no requests: RM must refuse them, whatever they hold. */
function requestOf(message: Message) {
  return payloadOf(message, message.kind === 'call' ? MessageType.request : MessageType.notification);
}
