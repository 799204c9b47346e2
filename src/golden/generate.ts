import { UsageError, WireError } from '../base/error.js';
import { bareErrorReply, type MessagePart, partsOf } from '../export/parts.js';
import { type Message, messageChoice, messageNamed, messageWithId, type Protocol } from '../schema/index.js';
import type { Values } from '../wire/index.js';
import { type Evidence, withEvidence } from './evidence.js';
import { type Fixture, type FixtureFacts, fixtureOf } from './fixture.js';
import { type FixtureValue, formsOf } from './forms.js';
import { recordedFixtures } from './recorded.js';

/** An error code that has no name. */
const unnamedError = 0x7fffffff;

/**
 * All fixtures of a message: first those of request, reply and error replies or of the notification, then the recorded
 * ones. The same protocol and evidence give the same bytes.
 *
 * @throws WireError if the declared example does not fit its declaration.
 */
export function fixturesOf(protocol: Protocol, message: Message, evidence: Evidence): Fixture[] {
  const generated = partsOf(message).flatMap((part) =>
    part.part === 'error_reply' ? [] : formFixtures(protocol, part, 0, exampleOf(message, part.part)),
  );
  const errors = message.kind === 'call' ? errorFixtures(protocol, message) : [];
  return [
    ...[...generated, ...errors].map((fixture) => withEvidence(fixture, evidence)),
    ...recordedFixtures(protocol, message, evidence),
  ];
}

/**
 * The messages with these names, aliases or ids, in id order. Without names all messages.
 *
 * @throws UsageError for an unknown name.
 */
export function messagesNamed(protocol: Protocol, names: readonly string[]): readonly Message[] {
  if (names.length === 0) return protocol.messages;
  const wanted = new Set(
    names.map((name) => {
      const message = messageNamed(protocol, name) ?? messageWithId(protocol, name);
      if (message !== undefined) return message;
      throw new UsageError({
        code: 'unknown',
        path: '--message',
        expected: 'a message name or id',
        actual: name,
        choice: messageChoice(protocol),
      });
    }),
  );
  return protocol.messages.filter((message) => wanted.has(message));
}

function exampleOf(message: Message, part: MessagePart['part']): Values {
  if (message.layout === 'unknown') return {};
  if (message.kind === 'notification') return message.example.payload as Values;
  const { request, reply, errorReply } = message.example;
  return ((part === 'request' ? request : part === 'reply' ? reply : errorReply) ?? {}) as Values;
}

function formFixtures(protocol: Protocol, part: MessagePart, error: number, example: Values): Fixture[] {
  const prefix = part.selection === undefined ? '' : `${part.selection.name}_`;
  // If the request decides on the layout of a reply, the example fits only one of the layouts.
  const keys = new Set(part.layout.fieldsInOrder.map(({ name }) => name));
  const fits = Object.keys(example).every((key) => keys.has(key));
  return unique(formsOf(protocol, part, fits ? example : undefined)).map(({ form, value, refused }) => {
    const fixture = encoded(protocol, part, value, { form: `${prefix}${form}`, error });
    const why = refused ?? refusedForSize(part, fixture.payload.length);
    return why === undefined ? fixture : { ...fixture, refused: why };
  });
}

/** The error with which RM refuses a request for its size. RM's lower limit applies even if the fields allow less. */
function refusedForSize({ message, part }: MessagePart, size: number): string | undefined {
  const { min = 0, emptyPayload } = message.rm23?.length ?? {};
  if (part !== 'request' || size >= min) return undefined;
  return size === 0 && emptyPayload !== undefined ? emptyPayload : 'MSG_INVALID';
}

/** An error reply for each code and for an unnamed code, with the payload if the message declares one. */
function errorFixtures(protocol: Protocol, message: Message): Fixture[] {
  const declared = partsOf(message).find(({ part }) => part === 'error_reply');
  const part: MessagePart = declared ?? {
    message,
    part: 'error_reply',
    type: 'reply',
    layout: bareErrorReply,
    key: `${message.name.toLowerCase()}_error_reply`,
  };
  const example = exampleOf(message, 'error_reply');
  const codes = Object.entries(protocol.error.values).filter(([, code]) => code !== 0);
  const named = [...codes, ['unnamed', unnamedError] as const].map(([form, error]) =>
    encoded(protocol, part, example, { form, error }),
  );
  if (declared === undefined) return named;
  const invalid = protocol.error.values.ARGUMENT_INVALID as number;
  return [
    ...named,
    ...formFixtures(protocol, declared, invalid, example).filter(({ form }) => form !== 'typical'),
  ];
}

/** Leaves out the forms that have the value of an earlier one. The three forms that each part has are kept. */
function unique(forms: readonly FixtureValue[]): FixtureValue[] {
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

/** As {@link fixtureOf}, but errors begin with the name of the fixture. */
function encoded(protocol: Protocol, part: MessagePart, value: Values, facts: FixtureFacts): Fixture {
  try {
    return fixtureOf(protocol, part, value, facts);
  } catch (error) {
    if (!(error instanceof WireError)) throw error;
    throw new WireError(error, `${part.message.name}.${part.part}.${facts.form}: `);
  }
}
