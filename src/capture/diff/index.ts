/** Compares two sequences of records and prints what differs. */
export { type Difference, diffCaptures, diffEntries, diffWindow } from './diff.js';
export { Comparison, type DiffEntry } from './entry.js';
export { entryAssembler } from './entry-assembler.js';
export { fieldChanges } from './fields.js';
export { type FieldPath, parseFieldPath } from './ignore.js';
export { countsLine, DifferenceLines } from './lines.js';
export { DifferencePrinter, diffHeading, printCounts } from './print.js';
