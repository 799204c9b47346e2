import { viewOf } from '../base/bytes.js';
import { defined } from '../base/defined.js';
import { formatHex } from '../base/hex.js';
import { enumName, payloadToJson, withErrorWord } from '../capture/payload/index.js';
import { codecOf } from '../codec/index.js';
import { fragment } from '../rpc/index.js';
import {
  type Call,
  empty,
  formatId,
  type Message,
  MessageType,
  type Notification,
  type Payload,
  type Protocol,
} from '../schema/index.js';
import { type StructType, VariantType } from '../wire/index.js';
import type {
  FamilyFacts,
  MessageFacts,
  MessageSummary,
  OtherManagerFacts,
  PartFacts,
  SizeFacts,
} from './facts.js';
import { rowFacts, sizeFacts, valueName } from './layout-facts.js';
import { payloadsOf, typeFacts, typesIn } from './type-facts.js';

/** How a manager answers a message, as `src/rm` tells it. */
export interface ManagerAnswer {
  readonly checks: readonly { readonly check: string; readonly error?: string }[];
  readonly assumed?: readonly { readonly text: string; readonly wouldTell: string }[];
  readonly layouts?: { readonly request: Payload; readonly reply: Payload };
}

/** The answers of each simulated manager, by name and message id. The first one is the recorded manager. */
export type ManagerAnswers = ReadonlyMap<string, ReadonlyMap<number, ManagerAnswer>>;

/** Sequence number of the examples. */
const exampleSeq = 1;

/** The table of all messages, by family. */
export function describeAll(protocol: Protocol): FamilyFacts[] {
  return protocol.families.map(({ name, title, doc, messages }) => ({
    name,
    title,
    doc,
    messages: messages.map((message) => summaryOf(protocol, message)),
  }));
}

function summaryOf(protocol: Protocol, message: Message): MessageSummary {
  const common = commonFacts(protocol, message);
  if (message.layout === 'unknown') return { ...common, request: null, reply: null };
  if (message.kind === 'notification') return { ...common, notification: payloadSize(message.payload) };
  const { request, reply, errorReply } = message;
  const errorSize = errorReply && payloadSize(errorReply);
  return defined({
    ...common,
    request: payloadSize(request),
    reply: payloadSize(reply),
    error_reply: errorSize,
  });
}

/** Everything that is declared about a message, with the bytes of its examples. */
export function describeMessage(
  protocol: Protocol,
  message: Message,
  managers?: ManagerAnswers,
): MessageFacts {
  const { length, sender, to } = message.rm23 ?? {};
  const { emptyPayload, ...rule } = length ?? {};
  return defined({
    ...commonFacts(protocol, message),
    family_title: protocol.familyOf.get(message)?.title ?? '',
    doc: message.doc,
    layout: message.layout,
    length: length && defined({ ...rule, empty_payload: emptyPayload }),
    sender,
    to,
    ...(message.kind === 'notification' || managers === undefined ? {} : answersOf(message, managers)),
    triggers: message.triggers ?? [],
    parts: partsOf(protocol, message),
    types: typesIn(payloadsOf(message))
      .filter((type) => type !== protocol.error)
      .map((type) => typeFacts(protocol, type)),
    notes: message.notes ?? [],
    dialects: message.dialects ?? [],
  });
}

function answersOf({ id }: Message, managers: ManagerAnswers) {
  const [[, recorded] = [], ...others] = managers;
  const answer = recorded?.get(id);
  const different = others.flatMap(([manager, answers]) => {
    const found = answers.get(id);
    return found?.assumed === undefined ? [] : [otherManager(manager, found)];
  });
  return {
    simulated: answer === undefined ? null : { checks: answer.checks },
    other_managers: different.length === 0 ? undefined : different,
  };
}

function otherManager(manager: string, { checks, assumed = [], layouts }: ManagerAnswer): OtherManagerFacts {
  const rowsOf = (type: Payload) => casesOf(type).flatMap(([, layout]) => rowFacts(layout));
  return defined({
    manager,
    checks,
    assumed: assumed.map(({ text, wouldTell }) => ({ assumption: text, would_tell: wouldTell })),
    request: layouts && rowsOf(layouts.request),
    reply: layouts && rowsOf(layouts.reply),
  });
}

function commonFacts(protocol: Protocol, message: Message) {
  return {
    id: formatId(message.id),
    name: message.name,
    aliases: message.aliases ?? [],
    kind: message.kind,
    family: protocol.familyOf.get(message)?.name ?? '',
    sources: message.sources,
    id_only_in: message.idOnlyIn ?? [],
    rm23: message.implementedByRm23,
  };
}

function payloadSize(type: Payload): SizeFacts {
  const sizes = casesOf(type).map(([, layout]) => sizeFacts(layout));
  const [first] = sizes;
  if (first !== undefined && sizes.length === 1) return first;
  return { size: null, size_min: Math.min(...sizes.map(({ size_min }) => size_min)), may_be_empty: false };
}

function casesOf(type: Payload): [number | undefined, StructType][] {
  return type instanceof VariantType ? [...type.cases] : [[undefined, type]];
}

function partsOf(protocol: Protocol, message: Message): PartFacts[] {
  if (message.layout === 'unknown') return [];
  if (message.kind === 'notification') return [notificationPart(protocol, message)];
  const { request, reply, errorReply, presentWhen, replyNote, example } = message;
  const exampleAs = (type: number, layout: Payload, input: unknown, error?: number, asked?: unknown) =>
    exampleOf(protocol, message.id, type, layout, input, error, asked);
  const requestExample = exampleAs(MessageType.request, request, example.request);
  const replyExample = exampleAs(MessageType.reply, reply, example.reply, 0, requestExample.value);
  // The recordings have ARGUMENT_INVALID with each declared error reply. RM answers UNIMPLEMENTED without a handler.
  const code = protocol.error.values[message.implementedByRm23 ? 'ARGUMENT_INVALID' : 'UNIMPLEMENTED'] ?? 1;
  const errorLayout = errorReply ?? empty;
  const errorExample = exampleAs(MessageType.reply, errorLayout, example.errorReply ?? {}, code);
  return [
    { part: 'request', ...payloadSize(request), layouts: layoutsOf(request), example: requestExample.facts },
    defined({
      part: 'reply' as const,
      ...payloadSize(reply),
      present_when: presentWhen,
      note: replyNote,
      layouts: layoutsOf(reply, message),
      example: replyExample.facts,
    }),
    {
      part: 'error_reply',
      ...payloadSize(errorLayout),
      layouts: layoutsOf(errorLayout),
      example: errorExample.facts,
    },
  ];
}

function notificationPart(protocol: Protocol, { id, payload, example }: Notification): PartFacts {
  const { facts } = exampleOf(protocol, id, MessageType.notification, payload, example.payload);
  return { part: 'notification', ...payloadSize(payload), layouts: layoutsOf(payload), example: facts };
}

function layoutsOf(type: Payload, message?: Call): PartFacts['layouts'] {
  return casesOf(type).map(([value, layout]) => {
    const rows = rowFacts(layout);
    if (value === undefined || !(type instanceof VariantType)) return { rows };
    const equals = valueName(message?.request as StructType, type.field, value);
    return { when: { field: type.field, equals }, rows };
  });
}

/** An example as value, JSON and bytes. `error` is the error word of replies, `request` the request of a reply. */
function exampleOf(
  protocol: Protocol,
  id: number,
  type: number,
  layout: Payload,
  input: unknown,
  error?: number,
  request?: unknown,
) {
  const codec = codecOf(layout);
  const bytes = codec.toBytes(input);
  // Decoding adds the length fields, which the declared example leaves out.
  const value: unknown = codec.decode(viewOf(bytes), 0, bytes.length, request);
  const frames = fragment(protocol, { type, seq: exampleSeq, msg_id: id }, withErrorWord(bytes, error));
  const facts = defined({
    error: error === undefined ? undefined : enumName(protocol.error, error),
    payload: payloadToJson(layout, value),
    payload_bytes: formatHex(bytes),
    frames: frames.map((frame) => formatHex(frame)),
  });
  return { facts, value };
}
