import type { ByteWriter } from '../../base/byte-writer.js';
import type { Issue } from '../../base/error.js';
import { jsonText } from '../../base/json.js';
import { issueText } from '../../base/sentence.js';
import {
  formatId,
  type Message,
  MessageType,
  messageChoice,
  messageNamed,
  messageTypeNames,
  type Payload,
  type Protocol,
} from '../../schema/index.js';
import {
  enumName,
  payloadFields,
  payloadFieldToJson,
  payloadFromJson,
  payloadSchema,
  payloadText,
  payloadToJson,
  refuse,
} from '../payload/index.js';
import type { CaptureRecord, RecordType } from '../records/index.js';
import { type KeyKind, list, orNull, text } from './kinds.js';
import {
  inner,
  leaf,
  type NamedValue,
  namesOnly,
  nodeOfLayouts,
  numbers,
  sizes,
  texts,
  valuesOf,
} from './notation.js';

const recordTypes = [...messageTypeNames, 'malformed', 'other'];

export const type: KeyKind<RecordType> = {
  repeats: recordTypes,
  toJson: (value) => value,
  fromJson(json, path) {
    return recordTypes.some((name) => name === json)
      ? (json as RecordType)
      : refuse(path, `${Object.keys(MessageType).join(', ')}, malformed or other`, json);
  },
  schema: () => ({ enum: recordTypes }),
  paths: () => leaf(namesOnly('type', recordTypes)),
};

/** Message ids: hex text with all digits. Lines may have any number instead. */
export const id: KeyKind<number> = {
  repeats: 'number',
  toJson: formatId,
  fromJson(json, path) {
    const isText = typeof json === 'string' && /^(0x[0-9a-fA-F]{1,8}|\d{1,10})$/.test(json);
    const value = isText ? Number(json) : json;
    const fits = typeof value === 'number' && Number.isInteger(value) && value >= 0 && value <= 0xffffffff;
    return fits ? value : refuse(path, '0x00000000..0xffffffff', json);
  },
  schema: () => ({ type: 'string', pattern: '^0x[0-9a-f]{8}$' }),
  paths: (protocol) =>
    leaf({ ...numbers, what: 'message', names: messageNames(protocol, ({ id }) => formatId(id)) }),
};

export const name: KeyKind<string> = {
  repeats: 'text',
  toJson: (value) => value,
  fromJson: (json, path, protocol) =>
    (typeof json === 'string' ? messageNamed(protocol, json)?.name : undefined) ??
    refuse(path, 'the name of a message', json, 'name', messageChoice(protocol)),
  schema: ({ messages }) => ({ enum: messages.map((message) => message.name) }),
  paths: (protocol) => leaf({ what: 'message', names: messageNames(protocol, ({ name }) => name) }),
};

/** The error word of a reply: its name, or the number when it has none. */
export const error: KeyKind<number> = {
  repeats: 'number',
  toJson: (value, protocol) => enumName(protocol.error, value) ?? value,
  fromJson(json, path, protocol) {
    const code = typeof json === 'string' ? payloadFromJson(protocol.error, json, path) : json;
    const fits = typeof code === 'number' && Number.isInteger(code) && code >= 0 && code <= 0xffffffff;
    return fits ? code : refuse(path, 'the name or number of an error', json);
  },
  schema: ({ error }) => payloadSchema(error),
  paths: ({ error }) => leaf(valuesOf(error)),
};

function messageNames(protocol: Protocol, textOf: (message: Message) => string): Map<string, NamedValue> {
  const named = ([name, message]: [string, Message]) =>
    [name, { text: textOf(message), number: message.id }] as const;
  return new Map(Array.from(protocol.byName, named));
}

function layoutsOf(message: Message): Payload[] {
  if (message.layout === 'unknown') return [];
  if (message.kind === 'notification') return [message.payload];
  return [message.request, message.reply, message.errorReply].filter((type) => type !== undefined);
}

/** One text for all packets, or one per packet. A line gives a list of either. */
export const comments: KeyKind<readonly (string | undefined)[]> = {
  toJson: ([first = null, ...others]) =>
    others.every((comment) => comment === undefined)
      ? first
      : [first, ...others.map((comment) => comment ?? null)],
  toWords: (texts) => texts.filter((text) => text !== undefined).join('; '),
  fromJson: (json, path, protocol) =>
    (Array.isArray(json) ? json : [json]).map((item) => orNull(text).fromJson(item, path, protocol)),
  schema: (protocol) => ({ anyOf: [text.schema(protocol), list(orNull(text)).schema(protocol)] }),
  paths: () => leaf(texts),
};

/** A line's payload can be read only by its message, so `fromJson` leaves it as it is. */
export const payload: KeyKind<Pick<CaptureRecord, 'layout' | 'payload' | 'complete'>, unknown> = {
  toJson(record, _, name) {
    const { layout } = record;
    // The page's records decode their payload when they are asked for it.
    if (layout === undefined || (name !== undefined && !payloadFields(layout).has(name))) return {};
    const { payload = {} } = record;
    return name === undefined ? payloadToJson(layout, payload) : payloadFieldToJson(layout, payload, name);
  },
  toText(record, protocol) {
    const { layout, complete } = record;
    return complete && layout !== undefined
      ? payloadText(layout)(record.payload)
      : jsonText(payload.toJson(record, protocol));
  },
  fromJson: (json) => json,
  schema: () => ({ type: 'object' }),
  paths: (protocol) => nodeOfLayouts(protocol, protocol.messages.flatMap(layoutsOf)),
};

/** Nothing needs the issues of a line: whoever decodes its bytes finds them again. */
export const issues: KeyKind<readonly Issue[], unknown> = {
  toWords: (list) => list.map(issueText).join('; '),
  toJson: (list) =>
    list.map(({ code, path, offset, expected, actual }) => ({
      code,
      path,
      offset,
      expected: plain(expected),
      actual: plain(actual),
    })),
  write(list, writer) {
    let start = '[{"code":';
    for (const { code, path, offset, expected, actual } of list) {
      writer.text(start);
      writer.json(code);
      writer.text(',"path":');
      writer.json(path);
      writer.text(',"offset":');
      writer.decimal(offset);
      writer.text(',"expected":');
      writePlain(expected, writer);
      writer.text(',"actual":');
      writePlain(actual, writer);
      start = '},{"code":';
    }
    writer.text(list.length === 0 ? '[]' : '}]');
  },
  fromJson: (json, path) => (Array.isArray(json) ? json : refuse(path, 'array', json)),
  schema() {
    const value = { anyOf: [{ type: 'string' }, { type: 'number' }] };
    const items = {
      type: 'object',
      properties: {
        code: { type: 'string' },
        path: { type: 'string', description: 'field path, empty when no field is concerned' },
        offset: { type: 'integer', minimum: 0 },
        expected: value,
        actual: value,
      },
      required: ['code', 'path', 'offset', 'expected', 'actual'],
      additionalProperties: false,
    };
    return { type: 'array', minItems: 1, items };
  },
  paths: () =>
    inner([
      ['code', leaf(texts)],
      ['path', leaf(texts)],
      ['offset', leaf(sizes)],
      ['expected', leaf(sizes, texts)],
      ['actual', leaf(sizes, texts)],
    ]),
};

function plain(value: number | bigint | string): number | string {
  return typeof value === 'bigint' ? `0x${value.toString(16)}` : value;
}

function writePlain(value: number | bigint | string, writer: ByteWriter): void {
  const text = plain(value);
  if (typeof text === 'string') writer.json(text);
  else writer.decimal(text);
}
