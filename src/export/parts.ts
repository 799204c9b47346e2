import { enumName } from '../capture/payload/index.js';
import { empty, type Message, type MessageTypeName, type Payload, type Protocol } from '../schema/index.js';
import { EnumType, type StructType, VariantType } from '../wire/index.js';

export type PartName = 'request' | 'reply' | 'error_reply' | 'notification';

/** The request field that decides which layout a reply has. */
export interface Selection {
  readonly field: string;
  /** Value of the field. */
  readonly value: number;
  readonly name: string;
}

/** One layout that payloads of a message can have. */
export interface MessagePart {
  readonly message: Message;
  readonly part: PartName;
  /** Message type in the RPC header. */
  readonly type: Exclude<MessageTypeName, 'continuation'>;
  /** Layout of the payload, in replies of the payload behind the error word. */
  readonly layout: StructType;
  /** Present if the request decides between several layouts. */
  readonly selection?: Selection;
  /** Unique, and an identifier in all languages: `vm_start_request`, `vm_query_heap_memory_reply_mp`. */
  readonly key: string;
}

/** All layouts of a message, in the order request, reply, error reply. Empty if the layout is not public. */
export function partsOf(message: Message): MessagePart[] {
  if (message.layout === 'unknown') return [];
  if (message.kind === 'notification') return casesOf(message, 'notification', message.payload);
  const { request, reply, errorReply } = message;
  return [
    ...casesOf(message, 'request', request),
    ...casesOf(message, 'reply', reply, request),
    ...(errorReply === undefined ? [] : casesOf(message, 'error_reply', errorReply)),
  ];
}

/** The parts of all messages, by rising id. */
export function allParts({ messages }: Protocol): MessagePart[] {
  return messages.flatMap(partsOf);
}

/** Layout of the error replies of most messages, which have nothing behind the error word. */
export const bareErrorReply: StructType = empty as StructType<unknown> as StructType;

function casesOf(message: Message, part: PartName, payload: Payload, request?: Payload): MessagePart[] {
  const type = part === 'error_reply' ? 'reply' : part;
  const key = `${message.name.toLowerCase()}_${part}`;
  if (!(payload instanceof VariantType)) return [{ message, part, type, layout: payload as StructType, key }];
  const { field, cases } = payload;
  const selector = (request as StructType).fields.find(({ name }) => name === field)?.type;
  return [...cases].map(([value, layout]) => {
    const name = (selector instanceof EnumType ? enumName(selector, value) : undefined) ?? String(value);
    const selection = { field, value, name };
    return { message, part, type, layout, selection, key: `${key}_${name.toLowerCase()}` };
  });
}
