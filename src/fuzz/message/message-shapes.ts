import { type Message, MessageType, type Protocol, payloadOf } from '../../schema/index.js';
import { MessageShape } from './message-shape.js';

/** Shapes of everything that can be sent as a request. */
export class MessageShapes {
  readonly all: readonly MessageShape[];
  /** Stands for all ids that no message has. */
  readonly unknown: MessageShape;
  /** Ids of {@link unknown}: limits of the number range, and the neighbours of all known ids. */
  readonly unknownIds: readonly number[];
  readonly #byId: ReadonlyMap<number, MessageShape>;

  constructor(protocol: Protocol) {
    const known = protocol.messages.map(
      (message, index) => new MessageShape(index, message.name, message.id, message, requestOf(message)),
    );
    const { byId } = protocol;
    const neighbours = protocol.messages.flatMap(({ id }) => [id - 1, id + 1]);
    this.unknownIds = [...new Set([0, 0x7fffffff, 0x80000000, 0xffffffff, ...neighbours])].filter(
      (id) => !byId.has(id),
    );
    this.unknown = new MessageShape(known.length, '<unknown>', this.unknownIds[0] ?? 0, undefined, undefined);
    this.all = [...known, this.unknown];
    this.#byId = new Map(known.map((shape) => [shape.id, shape]));
  }

  /** The shape of a message; {@link unknown} for an id that no message has. */
  of(id: number): MessageShape {
    return this.#byId.get(id) ?? this.unknown;
  }
}

/** Notifications are sent as requests too: RM must refuse them. */
function requestOf(message: Message) {
  return payloadOf(message, message.kind === 'call' ? MessageType.request : MessageType.notification);
}
