/** Columns in memory, and the encodings of them in Parquet files. */
export {
  BooleanCells,
  CellMemory,
  Cells,
  CodeCells,
  LongCells,
  Presence,
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
