import type { Protocol } from '../../schema/index.js';
import { inner, keysOfFrames, keysOfRecords, type PathNode, recordKeys } from '../keys/index.js';
import type { CaptureRecord, Frame } from '../records/index.js';
import type { Fields } from './filter.js';

/** The NDJSON keys of a record, for filters. Only what a filter asks for is made. */
export function recordFields(protocol: Protocol, record: CaptureRecord): Fields {
  return (key, name) => keysOfRecords.value(record, protocol, key, name);
}

/** As {@link recordFields}, of the record that `take` was given last: for filters that look at all records of a capture. */
export class LatestFields {
  #record: CaptureRecord | undefined;
  readonly #fields: Fields;

  constructor(protocol: Protocol) {
    this.#fields = (key, name) => keysOfRecords.value(this.#record as CaptureRecord, protocol, key, name);
  }

  take(record: CaptureRecord): Fields {
    this.#record = record;
    return this.#fields;
  }
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
