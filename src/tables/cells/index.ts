/** Columns in memory, and the encodings of them in Parquet files. */
export {
  BooleanCells,
  Cells,
  CodeCells,
  LongCells,
  rowsMax,
  TextCells,
  WordCells,
} from './cells.js';
export {
  putBooleans,
  putCodes,
  putDifferences,
  putLevels,
  putLongs,
  putWords,
  rangeOf,
} from './encodings.js';
export { CellMemory } from './memory.js';
