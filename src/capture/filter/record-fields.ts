import type { Protocol } from '../../schema/index.js';
import { keysOfFrames, keysOfRecords } from '../keys/index.js';
import { payloadFields } from '../payload/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import type { Fields, FilterNames } from './filter.js';

/** The NDJSON keys of a record, for filters. Only what a filter asks for is made. */
export function recordFields(protocol: Protocol, record: CaptureRecord): Fields {
  return (key, name) => keysOfRecords.value(record, protocol, key, name);
}

/** The same for a queue message on its own. */
export function frameFields(protocol: Protocol, frame: Frame): Fields {
  return (key) => keysOfFrames.value(frame, protocol, key);
}

/** The names that a filter may use. */
export function filterNames(protocol: Protocol, frames: boolean): FilterNames {
  const layouts = protocol.messages.flatMap((message) => {
    if (message.layout === 'unknown') return [];
    if (message.kind === 'notification') return [message.payload];
    return [message.request, message.reply, message.errorReply];
  });
  const payload = layouts.flatMap((type) => (type === undefined ? [] : [...payloadFields(type).keys()]));
  return { keys: (frames ? keysOfFrames : keysOfRecords).names, payload: new Set(payload) };
}
