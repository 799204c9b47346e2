import { UsageError } from '../base/error.js';
import { parseHex } from '../base/hex.js';
import { bareErrorReply, type Part, partsOf } from '../export/parts.js';
import { decodeMessage } from '../rpc/index.js';
import { type Message, MessageType, type Protocol, payloadOf } from '../schema/index.js';
import type { Values } from '../wire/index.js';
import { type Evidence, type RecordedMessage, withEvidence } from './evidence.js';
import { type Fixture, fixtureOf, notationOf } from './fixture.js';
import { type Form, formsOf } from './forms.js';

/** An error code without a name. */
const unnamedError = 0x7fffffff;

/**
 * All fixtures of a message: request, reply and error replies or notification, then those that were recorded. The same
 * protocol and evidence give the same bytes. Throws WireError when recorded bytes do not fit their declaration.
 */
export function fixturesOf(protocol: Protocol, message: Message, evidence: Evidence): Fixture[] {
  const generated = partsOf(message).flatMap((part) =>
    part.part === 'error_reply' ? [] : formFixtures(protocol, part, 0, exampleOf(message, part.part)),
  );
  const errors = message.kind === 'call' ? errorFixtures(protocol, message) : [];
  const recorded = evidence.recorded
    .map((item) => ({ item, frames: item.frames.map((frame) => parseHex(frame) as Uint8Array) }))
    .filter(({ frames }) => idOf(frames[0] as Uint8Array) === message.id)
    .map(({ item, frames }) => recordedFixture(protocol, message, item, frames));
  return numbered([
    ...[...generated, ...errors].map((fixture) => withEvidence(fixture, evidence)),
    ...recorded,
  ]);
}

/** Messages by name, alias or id text, in id order; all without names. Throws UsageError for a name that is none. */
export function messagesNamed(protocol: Protocol, names: readonly string[]): readonly Message[] {
  if (names.length === 0) return protocol.messages;
  const wanted = new Set(
    names.map((name) => {
      const message = protocol.byName.get(name.toUpperCase()) ?? protocol.byId.get(Number(name));
      if (message !== undefined) return message;
      throw new UsageError({
        code: 'unknown',
        path: '--message',
        expected: 'a message name or id',
        actual: name,
      });
    }),
  );
  return protocol.messages.filter((message) => wanted.has(message));
}

function exampleOf(message: Message, part: Part['part']): Values {
  if (message.layout === 'unknown') return {};
  if (message.kind === 'notification') return message.example.payload as Values;
  const { request, reply, errorReply } = message.example;
  return ((part === 'request' ? request : part === 'reply' ? reply : errorReply) ?? {}) as Values;
}

function formFixtures(protocol: Protocol, part: Part, error: number, example: Values): Fixture[] {
  const prefix = part.selection === undefined ? '' : `${part.selection.name}_`;
  // A reply that the request decides has one example, of one of its layouts.
  const fits = Object.keys(example).every((key) => keysOf(part).has(key));
  return unique(formsOf(protocol, part, fits ? example : undefined)).map(({ form, value, refused }) => {
    const fixture = fixtureOf(protocol, part, value, { form: `${prefix}${form}`, error });
    const why = refused ?? refusedForSize(part, fixture.payload.length);
    return why === undefined ? fixture : { ...fixture, refused: why };
  });
}

function keysOf({ layout }: Part): ReadonlySet<string> {
  return new Set(
    layout.fields.flatMap(({ name, type }) => [
      name,
      ...('options' in type ? ((type.options as { second?: { name: string }[] }).second ?? []) : []).map(
        (word) => word.name,
      ),
    ]),
  );
}

/** RM's own lower bound counts even where the fields would allow less. */
function refusedForSize({ message, part }: Part, size: number): string | undefined {
  const { min = 0, emptyPayload } = message.rm23?.length ?? {};
  if (part !== 'request' || size >= min) return undefined;
  return size === 0 && emptyPayload !== undefined ? emptyPayload : 'MSG_INVALID';
}

/** An error reply for every code and one without a name; with payload where the message has one then. */
function errorFixtures(protocol: Protocol, message: Message): Fixture[] {
  const declared = partsOf(message).find(({ part }) => part === 'error_reply');
  const part: Part = declared ?? {
    message,
    part: 'error_reply',
    type: 'reply',
    layout: bareErrorReply,
    key: `${message.name.toLowerCase()}_error_reply`,
  };
  const example = exampleOf(message, 'error_reply');
  const codes = Object.entries(protocol.error.values).filter(([, code]) => code !== 0);
  const named = [...codes, ['unnamed', unnamedError] as const].map(([form, error]) =>
    fixtureOf(protocol, part, example, { form, error }),
  );
  if (declared === undefined) return named;
  const invalid = protocol.error.values.ARGUMENT_INVALID as number;
  return [
    ...named,
    ...formFixtures(protocol, declared, invalid, example).filter(({ form }) => form !== 'typical'),
  ];
}

/** Without those whose value an earlier one has; the three that every part has stay. */
function unique(forms: readonly Form[]): Form[] {
  const seen = new Set<string>();
  const names = new Set<string>();
  return forms.filter(({ form, value }) => {
    const key = JSON.stringify(value, (_key, item) => (typeof item === 'bigint' ? `${item}n` : item));
    const fresh = !seen.has(key) && !names.has(form);
    seen.add(key);
    names.add(form);
    return fresh || /(^|_)(smallest|typical|largest)$/.test(form);
  });
}

function idOf(frame: Uint8Array): number {
  return new DataView(frame.buffer, frame.byteOffset).getUint32(4, true);
}

function recordedFixture(
  protocol: Protocol,
  message: Message,
  { provenance, source, selection }: RecordedMessage,
  frames: readonly Uint8Array[],
): Fixture {
  const requests = partsOf(message).find(({ selection: choice }) => choice?.value === selection)?.selection;
  const request = requests && { [requests.field]: requests.value };
  const decoded = decodeMessage(protocol, frames, { message, ...(request && { request }) });
  const { type, seq, error, bytes } = decoded;
  const name = type === 'reply' && error !== 0 ? 'error_reply' : type;
  const part = partsOf(message).find((item) => item.part === name && item.selection === requests);
  const layout = payloadOf(message, MessageType[type], error) === undefined ? bareErrorReply : part?.layout;
  const payload = new Uint8Array((type === 'reply' ? 4 : 0) + bytes.length);
  if (error !== undefined) new DataView(payload.buffer).setUint32(0, error, true);
  payload.set(bytes, payload.length - bytes.length);
  const key = `${message.name.toLowerCase()}_${name}`;
  const found = part ?? { message, part: name, type, layout: layout ?? bareErrorReply, key };
  return {
    name: '',
    part: found,
    form: provenance,
    seq,
    ...(error === undefined ? {} : { error }),
    value: notationOf(found.layout, bytes),
    payload,
    frames,
    provenance,
    source,
  };
}

/** Recorded fixtures have no form of their own, so they are counted: `recorded_1`. */
function numbered(fixtures: readonly Fixture[]): Fixture[] {
  const counts = new Map<string, number>();
  return fixtures.map((fixture) => {
    if (fixture.name !== '') return fixture;
    const prefix = `${fixture.part.message.name}.${fixture.part.part}.${fixture.form}`;
    const count = (counts.get(prefix) ?? 0) + 1;
    counts.set(prefix, count);
    return { ...fixture, form: `${fixture.form}_${count}`, name: `${prefix}_${count}` };
  });
}
