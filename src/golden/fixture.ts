import { type Json, payloadToJson } from '../capture/payload/index.js';
import { codecOf } from '../codec/index.js';
import type { Part } from '../export/parts.js';
import { fragment } from '../rpc/index.js';
import { MessageType, type Protocol } from '../schema/index.js';
import type { StructType, Values } from '../wire/index.js';

/** Where the bytes of a fixture come from, best first: `own` means that nobody but our encoder has made them. */
export const provenances = ['recorded', 'client', 'layout', 'own'] as const;
export type Provenance = (typeof provenances)[number];

/** A named example of a message, as value and as bytes. */
export interface Fixture {
  /** `VM_START.request.typical`: message, part, form. */
  readonly name: string;
  readonly part: Part;
  readonly form: string;
  readonly seq: number;
  /** Error word of replies. */
  readonly error?: number;
  /** As NDJSON shows it. */
  readonly value: Json;
  /** The error with which RM refuses it, where it must. */
  readonly refused?: string;
  /** Recorded ones: why the bytes do not fit their declaration, which has changed then. */
  readonly fault?: string;
  /** All payload bytes, a reply's error word included. */
  readonly payload: Uint8Array;
  /** Queue messages: header and at most 232 payload bytes each. */
  readonly frames: readonly Uint8Array[];
  readonly provenance: Provenance;
  /** Which recording or client the bytes come from. */
  readonly source?: string;
}

/** What a fixture is made of, beside its value. */
export interface FixtureFacts {
  readonly form: string;
  readonly error?: number;
  readonly refused?: string;
}

/** Sequence number of fixtures that no recording gives one. */
const usualSeq = 1;

/** The fixture of a value: encoded, framed, and decoded again for its notation. Throws WireError if it does not fit. */
export function fixtureOf(protocol: Protocol, part: Part, value: Values, facts: FixtureFacts): Fixture {
  const fields = codecOf(part.layout).toBytes(value);
  const isReply = part.type === 'reply';
  const payload = new Uint8Array(fields.length + (isReply ? 4 : 0));
  const error = facts.error ?? 0;
  if (isReply) new DataView(payload.buffer).setUint32(0, error, true);
  payload.set(fields, payload.length - fields.length);
  const header = { type: MessageType[part.type], seq: usualSeq, msg_id: part.message.id };
  return {
    name: `${part.message.name}.${part.part}.${facts.form}`,
    part,
    form: facts.form,
    seq: usualSeq,
    ...(isReply ? { error } : {}),
    value: notationOf(part.layout, fields),
    ...(facts.refused === undefined ? {} : { refused: facts.refused }),
    payload,
    frames: fragment(protocol, header, payload),
    provenance: 'own',
  };
}

/** The value of payload bytes behind the error word, with the lengths that encoding fills in. */
function notationOf(layout: StructType, fields: Uint8Array): Json {
  const view = new DataView(fields.buffer, fields.byteOffset, fields.length);
  const codec = codecOf(layout);
  // Lists above RM's maximum decode too.
  return payloadToJson(
    layout,
    codec.tryDecode(view, 0, fields.length) ?? codec.decode(view, 0, fields.length),
  );
}
