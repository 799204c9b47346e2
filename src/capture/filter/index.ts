/** Parses filter expressions and evaluates them on records and queue messages. */

export { Columns, separatorNamed } from './columns.js';
export { type Completion, type CompletionItem, completionsOf } from './complete.js';
export { type Fields, type Filter, type FilterTerm, parseFilter, parseTerms } from './filter.js';
export { type FilterNames, filterNames, frameFields, RecordFilter, recordFields } from './record-fields.js';
