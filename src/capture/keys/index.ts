/** The keys of NDJSON lines as one table, from which their writers and readers, filters, diff and schema follow. */
export { payloadFromWords } from './assignments.js';
export { type GivenKeys, givenKeys, isLineKey } from './given.js';
export {
  type JsonObject,
  keysOfContents,
  keysOfFrames,
  keysOfRecords,
  type LineKeys,
  type ValueWriter,
} from './line-keys.js';
export { inner, type Notation, type PathNode } from './notation.js';
export { frameType, type RecordKey, type RecordKeyName, recordKeyRows, recordKeys } from './table.js';
