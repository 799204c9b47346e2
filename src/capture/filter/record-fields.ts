import type { Payload, Protocol } from '../../schema/index.js';
import { frameLine, recordLine } from '../ndjson/index.js';
import { type Json, payloadFieldToJson, payloadToJson } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import type { Fields, FilterNames } from './filter.js';

type JsonObject = { [key: string]: Json };

/** A record's NDJSON keys for filters; those that filters mostly ask for are not printed and parsed again. */
export function recordFields(protocol: Protocol, record: CaptureRecord): Fields {
  let all: JsonObject | undefined;
  return (key, name) => {
    switch (key) {
      case 'from':
        return record.from;
      case 'to':
        return record.to;
      case 'type':
        return record.type;
      case 'name':
        return record.message?.name;
      case 'seq':
        return record.seq;
      case 'payload':
        return payloadFields(record, name);
      default:
        all ??= JSON.parse(recordLine(protocol, record)) as JsonObject;
        return all[key];
    }
  };
}

/** The payload as JSON, or only the field that is asked for. */
export function payloadFields(
  { layout, payload }: Pick<CaptureRecord, 'layout' | 'payload'>,
  name: string | undefined,
): Json | undefined {
  if (layout === undefined || payload === undefined) return undefined;
  return name === undefined ? payloadToJson(layout, payload) : payloadFieldToJson(layout, payload, name);
}

/** The same for a queue message on its own. */
export function frameFields(protocol: Protocol, frame: Frame): Fields {
  const all = JSON.parse(frameLine(protocol, frame)) as JsonObject;
  return (key) => all[key];
}

const recordKeys =
  'no frame frames sizes time times comment from to type seq id name fragments incomplete announced error request ' +
  'duplicate_of latency_ns payload rest issues raw';
const frameKeys = 'frame time comment from to type seq id name fragments index size issues raw';

const namesMade = new WeakMap<Payload, ReadonlySet<string>>();

/** The keys that a payload of this layout may have in NDJSON. */
export function payloadNames(type: Payload): ReadonlySet<string> {
  let names = namesMade.get(type);
  if (names === undefined) {
    names = new Set(type.layouts.flatMap(({ fieldsInOrder }) => fieldsInOrder.map(({ name }) => name)));
    namesMade.set(type, names);
  }
  return names;
}

/** The names that a filter may use. */
export function filterNames(protocol: Protocol, frames: boolean): FilterNames {
  const layouts = protocol.messages.flatMap((message) => {
    if (message.layout === 'unknown') return [];
    if (message.kind === 'notification') return [message.payload];
    return [message.request, message.reply, message.errorReply];
  });
  const payload = new Set(layouts.flatMap((type) => (type === undefined ? [] : [...payloadNames(type)])));
  return { keys: new Set((frames ? frameKeys : recordKeys).split(' ')), payload };
}
