/** Prints records, queue messages and the summary of a capture as text. */
export {
  type PrintOptions,
  type PrintStyle,
  printRecord,
  writeFrame,
  writeRecord,
} from './print.js';
export { isProblem, problemText, Summary, type SummaryItem, type SummaryJson } from './summary.js';
