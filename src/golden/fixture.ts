import { viewOf } from '../base/bytes.js';
import { defined } from '../base/defined.js';
import { type Json, payloadToJson, withErrorWord } from '../capture/payload/index.js';
import { codecOf } from '../codec/index.js';
import type { MessagePart } from '../export/parts.js';
import { fragment } from '../rpc/index.js';
import { MessageType, type Protocol } from '../schema/index.js';
import type { StructType, Values } from '../wire/index.js';

/** Where the bytes of a fixture come from, best source first. `own`: only our encoder has made them. */
export const provenances = ['recorded', 'client', 'layout', 'own'] as const;
export type Provenance = (typeof provenances)[number];

/** A named example of a message, as value and as bytes. */
export interface Fixture {
  /** `VM_START.request.typical`: message, part, form. */
  readonly name: string;
  readonly part: MessagePart;
  readonly form: string;
  readonly seq: number;
  /** Error word of replies. */
  readonly error?: number;
  /** In the notation of NDJSON. */
  readonly value: Json;
  /** The error with which RM refuses it, if it does. */
  readonly refused?: string;
  /** For recorded messages that no longer fit their declaration: the reason. */
  readonly fault?: string;
  /** All payload bytes, a reply's error word included. */
  readonly payload: Uint8Array;
  /** Queue messages: header and at most 232 payload bytes each. */
  readonly frames: readonly Uint8Array[];
  readonly provenance: Provenance;
  /** Which recording or client the bytes come from. */
  readonly source?: string;
}

/** What a fixture is made from, besides its value. */
export interface FixtureFacts {
  readonly form: string;
  readonly error?: number;
  readonly refused?: string;
}

/** Sequence number of fixtures that were not recorded. */
const generatedSeq = 1;

/** The fixture of a value: its payload, frames and NDJSON notation. @throws WireError if the value does not fit. */
export function fixtureOf(
  protocol: Protocol,
  part: MessagePart,
  value: Values,
  facts: FixtureFacts,
): Fixture {
  const fields = codecOf(part.layout).toBytes(value);
  const error = part.type === 'reply' ? (facts.error ?? 0) : undefined;
  const payload = withErrorWord(fields, error);
  const header = { type: MessageType[part.type], seq: generatedSeq, msg_id: part.message.id };
  return defined({
    name: `${part.message.name}.${part.part}.${facts.form}`,
    part,
    form: facts.form,
    seq: generatedSeq,
    error,
    value: notationOf(part.layout, fields),
    refused: facts.refused,
    payload,
    frames: fragment(protocol, header, payload),
    provenance: 'own' as const,
  });
}

/** The notation of encoded fields, including the length fields that encoding fills in. */
function notationOf(layout: StructType, fields: Uint8Array): Json {
  const view = viewOf(fields);
  const codec = codecOf(layout);
  // Unlike `decode`, `tryDecode` accepts lists above RM's maximum.
  return payloadToJson(
    layout,
    codec.tryDecode(view, 0, fields.length) ?? codec.decode(view, 0, fields.length),
  );
}
