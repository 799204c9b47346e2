import { type Choice, UsageError } from '../base/error.js';
import { nameLike } from '../base/nearest.js';
import type { EnumType, FlagsType, StructType } from '../wire/index.js';
import type { Family, Message, Payload } from './message.js';

/** Message types of the RPC header. */
export const MessageType = { continuation: 0, request: 1, reply: 2, notification: 3 } as const;
export type MessageTypeName = keyof typeof MessageType;
export const messageTypeNames: readonly MessageTypeName[] = [
  'continuation',
  'request',
  'reply',
  'notification',
];

/** The 8 bytes in front of every queue message. */
export interface Header {
  api_version: number;
  header_words: number;
  type: number;
  fragments: number;
  seq: number;
  msg_id: number;
}

/** Sizes and counts of the transport, in bytes unless the name says otherwise. */
export interface Limits {
  /** Largest queue message. */
  readonly queue_message: number;
  readonly header: number;
  /** Payload bytes of one queue message. */
  readonly content: number;
  /** Continuations of one message, a count. */
  readonly max_continuations: number;
  readonly max_payload: number;
  readonly max_reply_data: number;
  readonly linux_max_request: number;
  readonly mem_list_entries: number;
  readonly ipa_list_entries: number;
  readonly parcels_per_owner: number;
  readonly name_length: number;
  readonly crash_message: number;
}

export interface ProtocolDeclaration {
  readonly name: string;
  readonly header: StructType<Header>;
  /** The error word of replies. */
  readonly error: EnumType;
  readonly limits: Limits;
  /** Well-known values by name: VMIDs, the invalid handle. */
  readonly constants: Readonly<Record<string, number>>;
  /** Source label → description. */
  readonly labels: Readonly<Record<string, string>>;
  readonly families: readonly Family[];
  readonly enums: readonly EnumType[];
  readonly flags: readonly FlagsType[];
  readonly structs: readonly StructType<unknown>[];
  /** Error name → client → name of the errno that the client returns. */
  readonly errno: Readonly<Record<string, Readonly<Record<string, string>>>>;
}

/** The whole protocol as one value. The engine takes it as an argument and knows no message by name. */
export interface Protocol extends ProtocolDeclaration {
  /** All messages by rising id. */
  readonly messages: readonly Message[];
  readonly byId: ReadonlyMap<number, Message>;
  /** By name and by every alias. */
  readonly byName: ReadonlyMap<string, Message>;
  readonly familyOf: ReadonlyMap<Message, Family>;
}

/** Checks that ids, names and aliases are unique over all families. Throws UsageError if not. */
export function protocol(declaration: ProtocolDeclaration): Protocol {
  const byId = new Map<number, Message>();
  const byName = new Map<string, Message>();
  const familyOf = new Map<Message, Family>();
  const claim = <K>(map: Map<K, Message>, key: K, message: Message) => {
    const taken = map.get(key);
    if (taken !== undefined) {
      throw new UsageError({
        code: 'duplicate',
        path: message.name,
        expected: 'unique',
        actual: taken.name,
      });
    }
    map.set(key, message);
  };
  for (const family of declaration.families) {
    for (const message of family.messages) {
      claim(byId, message.id, message);
      for (const name of [message.name, ...(message.aliases ?? [])]) claim(byName, name, message);
      familyOf.set(message, family);
    }
  }
  const messages = [...byId.values()].sort((a, b) => a.id - b.id);
  return { ...declaration, messages, byId, byName, familyOf };
}

/** `0x56000004`: message ids are always written with eight lower-case digits. */
export function formatId(id: number): string {
  return `0x${id.toString(16).padStart(8, '0')}`;
}

/** The message with a name or alias, in any letter case. */
export function messageNamed({ byName }: Protocol, name: string): Message | undefined {
  return byName.get(name) ?? byName.get(nameLike(name, byName.keys()) ?? '');
}

/**
 * The message with an id. `1442840585` is decimal and `5600000a` hex, as dumps show it. `56000009` could be both: it is
 * read as hex if no message has that id in decimal.
 */
export function messageWithId({ byId }: Protocol, text: string): Message | undefined {
  return idsOf(text)
    .map((id) => byId.get(id))
    .find((found) => found !== undefined);
}

/** The numbers that a text may mean as an id, the most likely first. */
export function idsOf(text: string): number[] {
  if (/^0x[0-9a-f]+$/i.test(text)) return [Number(text)];
  const hex = /^[0-9a-f]{8}$/i.test(text) ? [Number.parseInt(text, 16)] : [];
  return /^\d+$/.test(text) ? [Number(text), ...hex] : hex;
}

/** All names and aliases of messages, as what a name of a message may be. */
export function messageChoice({ byName }: Protocol): Choice {
  return { what: 'message', names: [...byName.keys()] };
}

/**
 * The layout of a message's payload; of replies it is the layout behind the error word. Undefined if none is declared:
 * the id is unknown, the message has no such type, or it is an error reply with the error word only.
 */
export function payloadOf(message: Message | undefined, type: number, error = 0): Payload | undefined {
  if (message === undefined || message.layout === 'unknown') return undefined;
  if (message.kind === 'notification') return type === MessageType.notification ? message.payload : undefined;
  if (type === MessageType.request) return message.request;
  if (type === MessageType.reply) return error === 0 ? message.reply : message.errorReply;
  return undefined;
}
