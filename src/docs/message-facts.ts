import { formatHex } from '../base/hex.js';
import { enumName, errorWordSize, payloadToJson } from '../capture/payload/index.js';
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
import type { FamilyFacts, MessageFacts, MessageSummary, PartFacts, SizeFacts } from './facts.js';
import { rowFacts, sizeFacts, valueName } from './layout-facts.js';
import { payloadsOf, typeFacts, typesIn } from './type-facts.js';

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
  return {
    ...common,
    request: payloadSize(request),
    reply: payloadSize(reply),
    ...(errorReply === undefined ? {} : { error_reply: payloadSize(errorReply) }),
  };
}

/** Everything that is declared about a message, with the bytes of its examples. */
export function describeMessage(protocol: Protocol, message: Message): MessageFacts {
  const { length, sender, to } = message.rm23 ?? {};
  const { emptyPayload, ...rule } = length ?? {};
  const family = protocol.familyOf.get(message);
  return {
    ...commonFacts(protocol, message),
    family_title: family?.title ?? '',
    doc: message.doc,
    layout: message.layout,
    ...(length === undefined
      ? {}
      : { length: { ...rule, ...(emptyPayload === undefined ? {} : { empty_payload: emptyPayload }) } }),
    ...(sender === undefined ? {} : { sender }),
    ...(to === undefined ? {} : { to }),
    triggers: message.triggers ?? [],
    parts: partsOf(protocol, message),
    types: typesIn(payloadsOf(message))
      .filter((type) => type !== protocol.error)
      .map((type) => typeFacts(protocol, type)),
    notes: message.notes ?? [],
    dialects: message.dialects ?? [],
  };
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
  const requestExample = exampleOf(protocol, message.id, MessageType.request, request, example.request);
  const replyExample = exampleOf(
    protocol,
    message.id,
    MessageType.reply,
    reply,
    example.reply,
    0,
    requestExample.value,
  );
  // The recordings have ARGUMENT_INVALID with each declared error reply. RM answers UNIMPLEMENTED without a handler.
  const code = protocol.error.values[message.implementedByRm23 ? 'ARGUMENT_INVALID' : 'UNIMPLEMENTED'] ?? 1;
  const errorLayout = errorReply ?? empty;
  const errorValue = example.errorReply ?? {};
  const errorExample = exampleOf(protocol, message.id, MessageType.reply, errorLayout, errorValue, code);
  return [
    { part: 'request', ...payloadSize(request), layouts: layoutsOf(request), example: requestExample.facts },
    {
      part: 'reply',
      ...payloadSize(reply),
      ...(presentWhen === undefined ? {} : { present_when: presentWhen }),
      ...(replyNote === undefined ? {} : { note: replyNote }),
      layouts: layoutsOf(reply, message),
      example: replyExample.facts,
    },
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
  const view = new DataView(bytes.buffer, bytes.byteOffset, bytes.length);
  // Decoding adds the length fields, which the declared example leaves out.
  const value: unknown = codec.decode(view, 0, bytes.length, request);
  const payload = new Uint8Array((error === undefined ? 0 : errorWordSize) + bytes.length);
  if (error !== undefined) new DataView(payload.buffer).setUint32(0, error, true);
  payload.set(bytes, payload.length - bytes.length);
  const frames = fragment(protocol, { type, seq: exampleSeq, msg_id: id }, payload);
  const name = error === undefined ? undefined : enumName(protocol.error, error);
  const facts = {
    ...(name === undefined ? {} : { error: name }),
    payload: payloadToJson(layout, value),
    payload_bytes: formatHex(bytes),
    frames: frames.map((frame) => formatHex(frame)),
  };
  return { facts, value };
}
