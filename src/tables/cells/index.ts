/** Columns in memory, and the encodings of them in Parquet files. */
export {
  BooleanCells,
  Cells,
  CodeCells,
  rowsMax,
  TextCells,
  WordCells,
} from './cells.js';
export { putDifferences } from './differences.js';
export {
  putBooleans,
  putCodes,
  putLevels,
  putLongs,
  putWords,
  rangeOf,
} from './encodings.js';
export { LongCells } from './long-cells.js';
export { CellMemory } from './memory.js';
