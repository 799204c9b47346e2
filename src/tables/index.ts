/** Captures as tables for query engines: columns follow from the declarations and from the table of record keys. */
export { type Call, callOf, lostCall } from './calls.js';
export * from './cells/index.js';
export { type Column, type ColumnType, plainCells, type RowPutter, type Table } from './column.js';
export { type Question, questions } from './questions.js';
export { type Tables, tablesOf } from './tables.js';
export { timeOfFrame, timeOfRecord } from './times.js';
