/** Parses filter expressions and evaluates them on records and queue messages. */

export { Columns, separatorNamed } from './columns.js';
export { type Completion, type CompletionItem, completionsOf } from './complete.js';
export { type Fields, type Filter, parseFilter } from './filter.js';
export { type FilterNames, filterNames, frameFields, LatestFields, recordFields } from './record-fields.js';
