/** Prints records, queue messages and the summary of a capture as text. */
export { duration, type PrintOptions, type PrintStyle, printFrame, printRecord } from './print.js';
export { isProblem, problemText, Summary, type SummaryItem, type SummaryJson } from './summary.js';
