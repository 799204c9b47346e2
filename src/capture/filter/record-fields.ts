import type { Protocol } from '../../schema/index.js';
import {
  inner,
  keysOfFrames,
  keysOfRecords,
  type PathNode,
  type RecordKey,
  type RecordKeyName,
  recordKeys,
} from '../keys/index.js';
import {
  type CaptureRecord,
  type Frame,
  placeOfType,
  type RecordType,
  recordTypes,
} from '../records/index.js';
import type { Fields, FilterTerm } from './filter.js';

/** The NDJSON keys of a record, for filters. Only what a filter asks for is made. */
export function recordFields(protocol: Protocol, record: CaptureRecord): Fields {
  return (key, name) => keysOfRecords.value(record, protocol, key, name);
}

/** Ids whose result is remembered. */
const slotCount = 256;
/** Stands for no id, which no id is. */
const NO_ID = -2;

/**
 * A filter for all records of a capture. What the id and the type of a record decide is remembered, since a capture has
 * few of them.
 */
export class RecordFilter {
  readonly #ofId: readonly FilterTerm[];
  readonly #others: readonly FilterTerm[];
  /** By type and a hash of the id. */
  readonly #ids = new Float64Array(recordTypes.length * slotCount).fill(-1);
  readonly #results = new Uint8Array(recordTypes.length * slotCount);
  readonly #protocol: Protocol;
  #record: CaptureRecord | undefined;
  readonly #fields: Fields = (key, name) =>
    keysOfRecords.value(this.#record as CaptureRecord, this.#protocol, key, name);

  constructor(protocol: Protocol, terms: readonly FilterTerm[]) {
    const isOfId = ({ keys }: FilterTerm) => [...keys].every(followsFromId);
    this.#ofId = terms.filter(isOfId);
    this.#others = terms.filter((term) => !isOfId(term));
    this.#protocol = protocol;
  }

  matches(record: CaptureRecord): boolean {
    if (!this.mayMatch(record.type, record.id)) return false;
    return this.#others.length === 0 || this.#passes(this.#others, record);
  }

  /** False if no message of this type and id matches. */
  mayMatch(type: RecordType, id: number | undefined): boolean {
    if (this.#ofId.length === 0) return true;
    const key = id ?? NO_ID;
    // Ids of the two families differ in their highest byte.
    const slot = placeOfType(type) * slotCount + ((key ^ (key >>> 20)) & (slotCount - 1));
    if (this.#ids[slot] !== key) {
      this.#ids[slot] = key;
      this.#results[slot] = this.#passesId(type, id) ? 1 : 0;
    }
    return this.#results[slot] === 1;
  }

  #passesId(type: RecordType, id: number | undefined): boolean {
    const message = id === undefined ? undefined : this.#protocol.byId.get(id);
    return this.#passes(this.#ofId, { type, id, message } as CaptureRecord);
  }

  #passes(terms: readonly FilterTerm[], record: CaptureRecord): boolean {
    this.#record = record;
    return terms.every(({ test }) => test(this.#fields));
  }
}

/** Whether all records of the same id and type have the same value. */
function followsFromId(key: string): boolean {
  return key === 'id' || key === 'type' || (recordKeys[key as RecordKeyName] as RecordKey).follows === 'id';
}

/** The same for a queue message on its own. */
export function frameFields(protocol: Protocol, frame: Frame): Fields {
  return (key) => keysOfFrames.value(frame, protocol, key);
}

/** The names and values that a filter may use, by the kinds of the keys. `keys` are the names of the first level. */
export interface FilterNames extends PathNode {
  readonly keys: ReadonlySet<string>;
}

export function filterNames(protocol: Protocol, frames: boolean): FilterNames {
  const { names: keys } = frames ? keysOfFrames : keysOfRecords;
  const { notations, parts } = inner(
    Array.from(keys, (name) => {
      const { kind, doc } = recordKeys[name];
      return [name, { ...kind.paths(protocol), doc }] as const;
    }),
  );
  return { notations, parts, keys };
}
