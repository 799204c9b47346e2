/** Prints records, queue messages and the summary of a capture as text. */
export { fieldLines } from './field-lines.js';
export { aboutOf, infoOf, StatesBefore } from './info.js';
export { LinePrinter } from './line-printer.js';
export type { PrintOptions, PrintStyle } from './options.js';
export { writeFrame, writeRecord } from './print.js';
export { RecordWriter } from './record-writer.js';
export { isProblem, Summary } from './summary.js';
export type { SummaryItem, SummaryJson } from './summary-json.js';
export { TrafficCounter, type TrafficRow, trafficHead, trafficLine } from './traffic-rows.js';
