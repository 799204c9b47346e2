import { formatTime } from '../../base/time.js';
import type { Fields } from '../../capture/filter/index.js';
import { payloadFields, payloadNames, recordFields } from '../../capture/filter/index.js';
import { enumName, type Json } from '../../capture/payload/index.js';
import { formatId, MessageType, payloadOf } from '../../schema/index.js';
import { Flag, type MessageIndex, recordTypes } from './message-index.js';

/** Keys that a record has only with one of these flags. */
const needs: Readonly<Record<string, number>> = {
  frames: Flag.several,
  sizes: Flag.several,
  times: Flag.several,
  comment: Flag.comment,
  seq: Flag.header,
  id: Flag.header,
  name: Flag.header,
  incomplete: Flag.incomplete,
  announced: Flag.incomplete,
  error: Flag.error,
  duplicate_of: Flag.duplicate,
  rest: Flag.rest,
  issues: Flag.issues,
  raw: Flag.raw,
};

/**
 * One message at a time as filters see it: the same values as its NDJSON has. What stands in a column is taken from there,
 * a payload is decoded only if it is asked for, and the whole record only for what few messages have.
 */
export class MessageFields {
  #at = 0;
  readonly #index: MessageIndex;

  constructor(index: MessageIndex) {
    this.#index = index;
  }

  /** The fields of a message; valid until the next call. */
  of(at: number): Fields {
    this.#at = at;
    return this.#fields;
  }

  readonly #fields: Fields = (key, name) => {
    const at = this.#at;
    const index = this.#index;
    const need = needs[key];
    if (need !== undefined && !index.has(at, need)) return undefined;
    const { columns } = index.messages;
    switch (key) {
      case 'no':
        return at + 1;
      case 'from':
        return columns.from[at] as number;
      case 'to':
        return columns.to[at] as number;
      case 'type':
        return recordTypes[columns.type[at] as number] as string;
      case 'seq':
        return columns.seq[at] as number;
      case 'id':
        return formatId(columns.id[at] as number);
      case 'name':
        return index.messageOf(at)?.name;
      case 'error':
        return errorOf(index, at);
      case 'incomplete':
        return true;
      case 'duplicate_of':
        return index.duplicateOf(at);
      case 'frame':
        return index.first(at).frame;
      case 'time':
        return timeOf(index, at);
      case 'fragments': {
        const count = index.packetCountOf(at);
        return count > 1 ? count - 1 : undefined;
      }
      case 'request':
        return columns.type[at] === MessageType.reply ? columns.partner[at] || undefined : undefined;
      case 'latency_ns':
        return Number.isNaN(columns.latencyNs[at]) ? undefined : columns.latencyNs[at];
      case 'payload': {
        if (name !== undefined && !this.#mayHave(at, name)) return undefined;
        const decoded = index.payload(at);
        return decoded && payloadFields(decoded, name);
      }
      default:
        return recordFields(index.protocol, index.record(at))(key);
    }
  };

  /** Whether the layout of a message's payload has a field: most messages need not be decoded to tell. */
  #mayHave(at: number, name: string): boolean {
    const { type, error } = this.#index.messages.columns;
    const layout = payloadOf(this.#index.messageOf(at), type[at] as number, error[at]);
    return layout !== undefined && payloadNames(layout).has(name);
  }
}

/** A reply's error word as NDJSON has it: the name, or the number of one without a name. */
export function errorOf(index: MessageIndex, at: number): Json | undefined {
  if (!index.has(at, Flag.error)) return undefined;
  const error = index.messages.columns.error[at] as number;
  return enumName(index.protocol.error, error) ?? error;
}

function timeOf(index: MessageIndex, at: number): string | undefined {
  const { time } = index.first(at);
  return time === undefined ? undefined : formatTime(time);
}
