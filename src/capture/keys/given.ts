import type { Protocol } from '../../schema/index.js';
import { refuse } from '../payload/index.js';
import { type RecordKey, type RecordKeyName, recordKeyRows, type recordKeys } from './table.js';

/** The values that a line gives, read by the kinds of its keys. */
export type GivenKeys = {
  readonly [Name in RecordKeyName]?: ReturnType<(typeof recordKeys)[Name]['kind']['fromJson']>;
};

/** Keys that lines of recordings have, and lines of captures do not. */
const recordingKeys: ReadonlySet<string> = new Set(['scenario', 'op']);

const rows: ReadonlyMap<string, RecordKey> = new Map(recordKeyRows);

/** Whether lines of captures or recordings have such a key. */
export function isLineKey(name: string): boolean {
  return rows.has(name) || recordingKeys.has(name);
}

/** Reads the keys of a parsed line. Throws WireError with the path of an unknown key, or of a value of another kind. */
export function givenKeys(protocol: Protocol, line: Readonly<Record<string, unknown>>): GivenKeys {
  const given: Record<string, unknown> = {};
  for (const name of Object.keys(line)) {
    const row = rows.get(name);
    if (row === undefined && recordingKeys.has(name))
      return refuse(name, 'a capture: replay and simulate read recordings and findings', name, 'unknown_key');
    if (row === undefined)
      return refuse(name, 'a key of decode --json', name, 'unknown_key', {
        what: 'key',
        names: [...rows.keys()],
      });
    if (line[name] !== undefined) given[name] = row.kind.fromJson(line[name], name, protocol);
  }
  return given;
}
