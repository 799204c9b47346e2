/** Parses filter expressions and evaluates them on records and queue messages. */
export { type Fields, type Filter, parseFilter } from './filter.js';
export { filterNames, frameFields, recordFields } from './record-fields.js';
