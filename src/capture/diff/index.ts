/** Compares two sequences of records and prints what differs. */
export { type Difference, diffCaptures, diffEntries, diffWindow } from './diff.js';
export { type DiffEntry, diffEntry, type FieldPath, parseFieldPath } from './entry.js';
export { fieldChanges } from './fields.js';
export { countsLine, differenceLine, diffHeading, printCounts, printDifference } from './print.js';
