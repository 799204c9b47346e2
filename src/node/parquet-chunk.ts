import { gzipSync } from 'node:zlib';
import type { ByteWriter as FileWriter, ParquetWriter } from 'hyparquet-writer';
import { writePageHeader } from 'hyparquet-writer/src/datapage.js';
import { ByteWriter } from '../base/byte-writer.js';
import {
  BooleanCells,
  type Cells,
  CodeCells,
  LongCells,
  putBooleans,
  putCodes,
  putDifferences,
  putLevels,
  putLongs,
  putWords,
  rangeOf,
  TextCells,
  WordCells,
} from '../tables/index.js';

type Chunk = ParquetWriter['row_groups'][number]['columns'][number];
type ChunkData = NonNullable<Chunk['meta_data']>;
type ParquetType = ChunkData['type'];
type Encoding = ChunkData['encodings'][number];

/** The values of a column in the encoding that is small and takes little time. */
interface Encoded {
  readonly type: ParquetType;
  readonly encoding: Encoding;
  readonly values: Uint8Array;
  /** The different values, as PLAIN has them, and how many they are. */
  readonly dictionary?: { readonly values: Uint8Array; readonly count: number };
}

const levels = new ByteWriter(1 << 10);
const scratch = new ByteWriter(1 << 16);
const dictionary = new ByteWriter(1 << 10);

/**
 * Writes a column of a row group. The library encodes 12 to 20 million cells per second, most of them one by one with a
 * bounds check each; a message has 60.
 *
 * @param path name of the column. @param isUnsigned whether integers of 64 bits have no sign.
 */
export function writeChunk(
  out: FileWriter,
  path: string,
  cells: Cells,
  rows: number,
  isUnsigned: boolean,
): Chunk {
  const start = out.offset;
  const { type, encoding, values, dictionary: different } = encoded(cells, isUnsigned);
  const codec: ChunkData['codec'] =
    type === 'BYTE_ARRAY' && different === undefined ? 'GZIP' : 'UNCOMPRESSED';
  if (different !== undefined) {
    writePageHeader(out, {
      type: 'DICTIONARY_PAGE',
      uncompressed_page_size: different.values.length,
      compressed_page_size: different.values.length,
      dictionary_page_header: { num_values: different.count, encoding: 'PLAIN' },
    });
    out.appendBytes(different.values);
  }
  const page = out.offset;
  levels.at = 0;
  putLevels(levels, cells.presence, rows);
  const stored = codec === 'GZIP' ? gzipSync(values, { level: 1 }) : values;
  writePageHeader(out, {
    type: 'DATA_PAGE_V2',
    uncompressed_page_size: levels.at + values.length,
    compressed_page_size: levels.at + stored.length,
    data_page_header_v2: {
      num_values: rows,
      num_nulls: rows - cells.count,
      num_rows: rows,
      encoding,
      definition_levels_byte_length: levels.at,
      repetition_levels_byte_length: 0,
      is_compressed: codec !== 'UNCOMPRESSED',
    },
  });
  out.appendBytes(levels.bytes.subarray(0, levels.at));
  out.appendBytes(stored);
  const size = out.offset - start;
  return {
    file_offset: BigInt(start),
    meta_data: {
      type,
      encodings: different === undefined ? [encoding] : ['PLAIN', encoding],
      path_in_schema: [path],
      codec,
      num_values: BigInt(rows),
      total_uncompressed_size: BigInt(size + values.length - stored.length),
      total_compressed_size: BigInt(size),
      data_page_offset: BigInt(page),
      ...(different !== undefined && { dictionary_page_offset: BigInt(start) }),
      statistics: { null_count: BigInt(rows - cells.count), ...rangeStatistics(cells, isUnsigned) },
    },
  };
}

/** Numbers and times by which engines leave out row groups. */
function rangeStatistics(cells: Cells, isUnsigned: boolean) {
  if (!(cells instanceof LongCells) || isUnsigned || cells.count === 0) return {};
  const [min_value, max_value] = rangeOf(cells);
  return { min_value, max_value };
}

function encoded(cells: Cells, isUnsigned: boolean): Encoded {
  const { count } = cells;
  scratch.at = 0;
  if (cells instanceof TextCells) {
    const { bytes, at } = cells.writer;
    return { type: 'BYTE_ARRAY', encoding: 'PLAIN', values: bytes.subarray(0, at) };
  }
  if (cells instanceof CodeCells) return codes(cells);
  let encoding: Encoding = 'PLAIN';
  let type: ParquetType = 'INT64';
  if (cells instanceof LongCells) {
    // Addresses differ by much.
    if (count > 0 && !isUnsigned && putDifferences(scratch, cells)) encoding = 'DELTA_BINARY_PACKED';
    else {
      scratch.at = 0;
      putLongs(scratch, cells);
    }
  } else if (cells instanceof WordCells) {
    type = 'INT32';
    putWords(scratch, cells.words, count);
  } else if (cells instanceof BooleanCells) {
    type = 'BOOLEAN';
    putBooleans(scratch, cells.values, count);
  }
  return { type, encoding, values: scratch.bytes.subarray(0, scratch.at) };
}

function codes(cells: CodeCells<number | string>): Encoded {
  const { texts, count } = cells;
  const type = 'BYTE_ARRAY';
  if (count === 0) return { type, encoding: 'PLAIN', values: new Uint8Array(0) };
  dictionary.at = 0;
  for (const text of texts) {
    dictionary.room(4);
    const start = dictionary.at;
    dictionary.at += 4;
    dictionary.text(text);
    dictionary.view.setUint32(start, dictionary.at - start - 4, true);
  }
  putCodes(scratch, cells.codes, count, texts.length);
  return {
    type,
    encoding: 'RLE_DICTIONARY',
    values: scratch.bytes.subarray(0, scratch.at),
    dictionary: { values: dictionary.bytes.subarray(0, dictionary.at), count: texts.length },
  };
}
