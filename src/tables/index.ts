/** Captures as tables for query engines: columns follow from the declarations and from the table of record keys. */
export type { Cell, Column, ColumnType } from './column.js';
export { type Question, questions } from './questions.js';
export { type CallRow, callOf, lostCall, type Table, type Tables, tablesOf } from './tables.js';
